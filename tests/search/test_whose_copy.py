"""A copy says whose it is and is counted: foreign, short and spoilt ones are named, and ours repaired."""

import shutil

import pytest
from sqlmodel import col, delete

from archive.models import ConsumerPosition
from archive.store.database import create_archive_engine, write
from archive.store.identity import claim_archive_id
from config.settings import Settings
from search.copies.checking import check_search
from search.copies.status import index_status
from search.copies.sync import rebuild_index, sync_index
from search.embedded import EmbeddedSearch
from search.meilisearch import MeilisearchSearch
from search.port import Batch, ForeignCopyError, SearchEngine, SearchUnavailableError
from tests.migrated import init_fresh
from tests.search.conftest import SearchArchive, make_ad, refs_of


@pytest.fixture
def other_archive(tmp_path) -> SearchArchive:
    """Another archive, with an ad of its own."""
    other = SearchArchive(init_fresh(Settings(home=tmp_path / "other"), []))
    other.add(make_ad("invented", "harbour"))
    return other


def list_faults(archive: SearchArchive, search: SearchEngine) -> list[str]:
    return index_status(archive.engine, search, archive.now).faults


def lose_documents(archive: SearchArchive, search: SearchEngine, *ids: int) -> None:
    """Take documents out behind the archive's back."""
    if search.keeps_in_archive:
        with write(archive.engine) as session:
            search.write_batch(Batch(deleted=list(ids)), session)
    else:
        search.write_batch(Batch(deleted=list(ids)), None)


def test_the_copy_of_another_archive_is_refused_by_name_and_left_as_it_is(
    outside: SearchEngine, search_archive: SearchArchive, other_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(outside)
    with write(search_archive.engine) as session:
        whose = claim_archive_id(session)

    for fill in (sync_index, rebuild_index):
        with pytest.raises(ForeignCopyError, match=f"another archive .*{whose}.*PAIDFORBY_"):
            fill(other_archive.engine, outside, other_archive.now)
    with pytest.raises(ForeignCopyError, match=whose):
        other_archive.ask(outside, "harbour")
    assert whose in list_faults(other_archive, outside)[0]
    assert whose in check_search(other_archive.engine, outside, other_archive.now).bad[0]
    assert refs_of(search_archive.ask(outside, "harbour")) == ["a", "b"]
    assert list_faults(search_archive, outside) == []


def test_documents_that_nobody_put_a_name_to_are_not_taken_over(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    served._server.make_index(served._uid)
    served._server.put_document(served._uid, {"key": "x_3A1", "ad_id": 1, "source": "somebody"})
    with pytest.raises(ForeignCopyError, match="1 ad that this one did not send"):
        search_archive.sync(served)


def test_a_copy_that_lost_ads_is_named_with_both_counts_and_filled_again(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(*(make_ad(f"a{n}", "harbour") for n in range(5)))
    search_archive.sync(search)
    lose_documents(search_archive, search, 1, 2)

    assert list_faults(search_archive, search) == ["Search holds 3 ads, the archive 5."]
    assert search_archive.sync(search).rebuilt
    assert search_archive.ask(search, "harbour").total == 5
    assert list_faults(search_archive, search) == []
    assert not search_archive.sync(search).rebuilt


def test_numbers_are_never_sent_of_an_ad_that_is_not_there(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    numbers = {"currency": "NOK", "spend_lower_minor": 50}
    search_archive.add(make_ad("a", "harbour", **numbers), make_ad("b", "harbour", **numbers))
    search_archive.sync(search)
    lose_documents(search_archive, search, 1)
    sent: list[Batch] = []
    write_batch = search.write_batch
    monkeypatch.setattr(
        search, "write_batch", lambda *given: sent.append(given[0]) or write_batch(*given)
    )
    numbers["spend_lower_minor"] = 100
    search_archive.add(make_ad("a", "harbour", **numbers), make_ad("b", "harbour", **numbers))

    assert not search_archive.sync(search).rebuilt
    assert [([d.ad_id for d in b.documents], [d.ad_id for d in b.moved]) for b in sent] == [
        ([1], [2])
    ]
    assert search_archive.ask(search, filters=[("currency", "NOK")]).total == 2


def test_a_remnant_of_an_ad_is_no_hit_and_counts_for_none(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    served._server.put_document(served._uid, {"key": "b_3A1", "currency": "NOK", "state": "seen"})
    found = search_archive.ask(served, include="unlabelled", filters=[("currency", "NOK")])
    assert (found.total, found.hits) == (0, [])
    assert list_faults(search_archive, served) == []


def test_an_index_that_lost_its_settings_is_our_fault_and_repaired(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    server = served._server
    server._require_success(server._client().index(served._uid).reset_filterable_attributes())

    with pytest.raises(SearchUnavailableError, match="lost its settings"):
        search_archive.ask(served, "harbour")
    assert list_faults(search_archive, served) == ["Search has lost the settings of its copy."]
    assert search_archive.sync(served).rebuilt
    assert search_archive.ask(served, "harbour").total == 1


def test_each_home_of_one_archive_is_told_what_its_own_copy_holds(
    search_archive: SearchArchive, tmp_path
):
    search_archive.add(make_ad("a", "harbour"))
    files = [tmp_path / f"home{n}.sqlite3" for n in range(3)]
    homes = [
        EmbeddedSearch(search_archive.engine, create_archive_engine(f"sqlite:///{file}"))
        for file in files
    ]
    for home in homes[:2]:
        search_archive.sync(home)
    # The third home is a copy of the first, taken while nobody has it open.
    homes[0]._store.dispose()
    shutil.copy(files[0], files[2])
    search_archive.add(make_ad("b", "harbour"))
    search_archive.sync(homes[0])

    found = [search_archive.ask(home, "harbour") for home in homes]
    assert [(page.total, page.waiting_ads) for page in found] == [(2, 0), (1, 1), (1, 1)]
    for home in homes:
        search_archive.sync(home)
        assert search_archive.ask(home, "harbour").total == 2
        assert list_faults(search_archive, home) == []


def test_what_was_restored_does_not_go_on_with_the_copy_of_before(
    outside: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(outside)
    with write(search_archive.engine) as session:
        # A backup holds no position of a copy.
        ours = col(ConsumerPosition.consumer).startswith(outside.consumer)
        session.exec(delete(ConsumerPosition).where(ours))
    with pytest.raises(SearchUnavailableError, match="paidforby index sync"):
        search_archive.ask(outside, "harbour")
    assert search_archive.sync(outside).rebuilt
    assert refs_of(search_archive.ask(outside, "harbour")) == ["a"]


def test_an_answer_says_how_many_newer_ads_it_cannot_know_yet(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    search_archive.add(make_ad("a", "pier"), *(make_ad(f"b{n}", "harbour") for n in range(3)))
    page = search_archive.ask(search, "harbour")
    assert (page.total, page.total_from, page.waiting_ads) == (1, "exact", 4)
    search_archive.sync(search)
    assert search_archive.ask(search, "harbour").waiting_ads == 0


def test_a_key_that_may_only_search_is_enough_to_answer_and_to_tell_how_the_copy_stands(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    allowed = {"actions": ["search"], "indexes": [f"{served._uid}*"], "expiresAt": None}
    key = served._server._client().create_key(allowed).key
    reading = MeilisearchSearch(
        Settings(
            meilisearch_url=served._server.url, meilisearch_key=key, meilisearch_index=served._uid
        )
    )
    assert refs_of(search_archive.ask(reading, "harbour")) == ["a"]
    assert list_faults(search_archive, reading) == []
    with pytest.raises(SearchUnavailableError, match="refuses"):
        rebuild_index(search_archive.engine, reading, search_archive.now)
