"""In whatever way copy and archive part, the copy is in the end what the archive shows; on real servers.

More ways: killed processes and engines (`test_keeping_in_step.py`, `tests/faults/test_index_filled.py`),
copies of others and spoilt ones (`test_whose_copy.py`), poison (`test_search_fence.py`), documents altered
behind the archive's back (`test_index_check.py`).
"""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from pydantic import SecretStr

from archive.models import Ad
from archive.models.runs import RunKind
from archive.privacy.redactions import redact_field
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from search.copies.comparing import check_copy
from search.copies.status import index_status
from search.copies.sync import rebuild_index
from search.embedded import EmbeddedSearch
from search.meilisearch import MeilisearchSearch
from search.port import SearchEngine, SearchUnavailableError
from tests.migrated import init_fresh
from tests.search.conftest import SearchArchive, make_ad, refs_of
from tests.search.proxied import Proxy, run_proxy
from tests.search.test_index_check import assert_in_step
from tests.search.test_keeping_in_step import KilledError, kill


def assert_followed(archive: SearchArchive, search: SearchEngine) -> None:
    """The copy is what the archive shows, says so, and every sync from now on has nothing to do."""
    status = index_status(archive.engine, search, archive.now)
    assert (status.faults, status.lag_changes, status.documents) == ([], 0, status.ads)
    assert_in_step(archive, search)
    assert archive.sync(search).changes == 0


@pytest.fixture
def proxied(served: MeilisearchSearch) -> Iterator[tuple[MeilisearchSearch, Proxy]]:
    """The server behind a proxy."""
    server = served._server
    with run_proxy(server.url) as proxy:
        settings = Settings(
            meilisearch_url=proxy.url,
            meilisearch_key=SecretStr(server._key.get_secret_value()),
            meilisearch_index=served._uid,
        )
        yield MeilisearchSearch(settings), proxy


# Settings and shape


def test_a_copy_made_with_other_settings_is_made_anew_without_a_number_that_anyone_raises(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"))
    with monkeypatch.context() as patch:
        patch.setattr(search, "shape", "of before")
        search_archive.sync(search)
    with pytest.raises(SearchUnavailableError, match="paidforby index sync"):
        search_archive.ask(search, "harbour")
    assert search_archive.sync(search).rebuilt
    assert_followed(search_archive, search)


# Killed between two steps of the server


@pytest.mark.parametrize("step", ["swap_indexes", "put_document", "move_document", "send"])
def test_killed_before_any_step_on_the_server_the_next_sync_sends_too_much_and_never_too_little(
    served: MeilisearchSearch, search_archive: SearchArchive, monkeypatch, step
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(served)
    search_archive.add(make_ad("a", "lighthouse"), make_ad("c", "pier"))
    sync = partial(search_archive.sync, served)
    rebuild = partial(rebuild_index, search_archive.engine, served, search_archive.now)
    fill = sync if step in {"move_document", "send"} else rebuild
    with monkeypatch.context() as patch:
        patch.setattr(served._server, step, kill)
        with pytest.raises(KilledError):
            fill()
    search_archive.now += 2 * served.lease_time
    search_archive.sync(served)
    assert_followed(search_archive, served)


def test_numbers_of_an_ad_that_was_deleted_meanwhile_leave_no_remnant(
    served: MeilisearchSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(served)
    list_present = served.list_present

    def delete_after_looking(ad_ids: object) -> set[int]:
        present = list_present(ad_ids)
        served.take_out(["example_3Aa"], None)
        return present

    monkeypatch.setattr(served, "list_present", delete_after_looking)
    numbers = {"currency": "NOK", "spend_lower_minor": 100}
    search_archive.add(make_ad("a", "harbour", **numbers), make_ad("b", "harbour", **numbers))
    search_archive.sync(served)
    monkeypatch.undo()
    found = check_copy(search_archive.engine, served, search_archive.now)
    assert found.missing == 0
    assert_followed(search_archive, served)
    assert search_archive.ask(served, filters=[("currency", "NOK")]).total == 2


# The engine's side is lost, or an older one is put back


@pytest.mark.parametrize("lost", [("",), ("_about",), ("", "_about")])
def test_whatever_of_the_server_is_lost_is_filled_again(
    served: MeilisearchSearch, search_archive: SearchArchive, lost
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    for name in lost:
        served._server.drop_index(f"{served._uid}{name}")
    with pytest.raises(SearchUnavailableError, match="paidforby index sync"):
        search_archive.ask(served, "harbour")
    assert search_archive.sync(served).rebuilt
    assert_followed(search_archive, served)


def test_a_mark_of_another_archive_whose_index_was_dropped_is_in_nobodys_way(
    served: MeilisearchSearch, search_archive: SearchArchive, tmp_path, monkeypatch
):
    other = SearchArchive(init_fresh(Settings(home=tmp_path / "other"), []))
    other.add(make_ad("invented", "harbour"))
    other.sync(served)
    served._server.drop_index(served._uid)
    search_archive.add(make_ad("a", "harbour"))
    with monkeypatch.context() as patch:
        patch.setattr(served._server, "put_document", kill)
        with pytest.raises(KilledError):
            search_archive.sync(served)
    search_archive.now += 2 * served.lease_time
    assert search_archive.sync(served).rebuilt
    assert_followed(search_archive, served)


@pytest.mark.parametrize("is_rebuilt", [False, True])
def test_an_older_volume_of_the_engine_is_brought_up_to_date_or_made_anew(
    search_archive: SearchArchive, tmp_path, is_rebuilt
):
    volume, kept = tmp_path / "copy.sqlite3", tmp_path / "kept.sqlite3"
    search = EmbeddedSearch(search_archive.engine, create_archive_engine(f"sqlite:///{volume}"))
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"), sweep=True)
    search_archive.sync(search)
    search._store.dispose()
    shutil.copy(volume, kept)
    search_archive.add(make_ad("a", "lighthouse"), make_ad("c", "pier"), sweep=True)
    if is_rebuilt:
        rebuild_index(search_archive.engine, search, search_archive.now)
    search_archive.sync(search)
    search._store.dispose()
    for file in tmp_path.glob("copy.sqlite3*"):
        file.unlink()
    shutil.copy(kept, volume)
    assert search_archive.sync(search).rebuilt == is_rebuilt
    assert_followed(search_archive, search)


# The archive's side: an older one is put back, its clock is behind, something is withheld


@pytest.mark.parametrize("changes_since", [0, 1, 2])
def test_an_archive_put_back_to_before_the_copy_is_not_taken_for_the_one_the_copy_followed(
    outside: SearchEngine, search_archive: SearchArchive, tmp_path, changes_since
):
    database, kept = tmp_path / "archive.sqlite3", tmp_path / "kept.archive"
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(outside)
    search_archive.engine.dispose()
    shutil.copy(database, kept)
    search_archive.add(make_ad("lost1", "harbour"), make_ad("lost2", "harbour"))
    search_archive.sync(outside)
    search_archive.engine.dispose()
    for file in tmp_path.glob("archive.sqlite3*"):
        file.unlink()
    shutil.copy(kept, database)
    # As many changes as were lost, with their numbers: ads of these numbers are others now.
    search_archive.now += timedelta(minutes=1)
    for number in range(changes_since):
        search_archive.add(make_ad(f"new{number}", "harbour"))

    with pytest.raises(SearchUnavailableError, match="paidforby index sync"):
        search_archive.ask(outside, "harbour")
    assert search_archive.sync(outside).rebuilt
    assert_followed(search_archive, outside)
    assert "lost1" not in refs_of(search_archive.ask(outside, "harbour"))


def test_changes_of_a_clock_that_is_behind_are_followed_all_the_same(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    search_archive.now -= timedelta(days=2)
    search_archive.kind = RunKind.IMPORT
    search_archive.add(make_ad("b", "harbour"))
    search_archive.sync(search)
    assert_followed(search_archive, search)


def test_what_is_withheld_while_the_engine_is_away_is_gone_once_it_is_back(
    proxied: tuple[MeilisearchSearch, Proxy], search_archive: SearchArchive
):
    search, proxy = proxied
    search_archive.add(make_ad("a", "harbour", payer_name="Ann Example"))
    search_archive.sync(search)
    proxy.refuse = lambda *_: 503
    with write(search_archive.engine) as session:
        redact_field(
            session, session.get_one(Ad, 1), "payer_name", "art. 17", "Bo", search_archive.now
        )
    with pytest.raises(SearchUnavailableError):
        search_archive.sync(search)
    proxy.refuse = lambda *_: 0
    assert search_archive.sync(search).documents == 1
    assert search_archive.ask(search, "Example").total == 0
    assert_followed(search_archive, search)


# What stands before the server refuses


@pytest.mark.parametrize("path", ["documents", "tasks", "multi-search", "fetch"])
def test_a_server_that_answers_503_in_the_midst_of_it_costs_nothing_but_time(
    proxied: tuple[MeilisearchSearch, Proxy], search_archive: SearchArchive, path
):
    search, proxy = proxied
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    search_archive.add(make_ad("a", "harbour", impressions_lower=5), make_ad("b", "pier"))
    proxy.refuse = lambda _, asked, __: 503 if path in asked else 0
    with pytest.raises(SearchUnavailableError, match=r"refuses|does not answer"):
        search_archive.sync(search)
    proxy.refuse = lambda *_: 0
    search_archive.sync(search)
    assert_followed(search_archive, search)


def test_a_body_that_is_too_large_is_sent_in_halves_and_only_what_is_too_large_alone_is_put_aside(
    proxied: tuple[MeilisearchSearch, Proxy], search_archive: SearchArchive
):
    search, proxy = proxied
    search_archive.sync(search)
    long = " ".join(f"word{n}" for n in range(1_000))
    search_archive.add(*(make_ad(f"a{n}", "harbour") for n in range(8)), make_ad("long", long))
    proxy.refuse = lambda _, __, size: 413 if size > 3_000 else 0
    report = search_archive.sync(search)
    assert [row.id for row in report.rejected] == ["example:long"]
    assert search_archive.ask(search, "harbour").total == 8
    proxy.refuse = lambda *_: 0
    search_archive.add(make_ad("long", "short"))
    search_archive.sync(search)
    assert_followed(search_archive, search)
