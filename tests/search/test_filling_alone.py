"""One process fills a copy at a time; the others wait, or say who does and since when."""

from collections.abc import Iterable
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import inspect
from sqlmodel import select

from archive.models import SingletonLease
from archive.runs.singleton_lease import take_singleton
from archive.store.database import read, write
from archive.store.identity import claim_archive_id
from search.copies import filling
from search.copies.filling import filling_alone
from search.copies.sync import rebuild_index, sync_index
from search.embedded import EmbeddedSearch
from search.indexed.documents import Rejection, SearchDocument
from search.meilisearch import MeilisearchSearch
from search.port import CopyBusyError, SearchEngine, SearchUnavailableError
from tests.search.conftest import SearchArchive, make_ad, refs_of


def take_lease(archive: SearchArchive, search: SearchEngine) -> None:
    """What a process leaves that is killed while it fills the copy."""
    with write(archive.engine) as session:
        take_singleton(session, search.consumer, search.lease_time, archive.now)


@pytest.mark.parametrize("fill", [sync_index, rebuild_index])
def test_who_may_not_wait_says_who_fills_the_copy_and_since_when(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch, fill
):
    monkeypatch.setattr(filling, "SECONDS_TO_WAIT", 0)
    search_archive.add(make_ad("a", "harbour"))
    take_lease(search_archive, embedded)
    with pytest.raises(CopyBusyError, match=r"/\d+ has been filling .* since 2026-03-01 13:00:00"):
        fill(search_archive.engine, embedded, search_archive.now)
    assert embedded.read_copy() is None


@pytest.mark.parametrize("fill", [sync_index, rebuild_index])
def test_who_waits_for_the_first_filling_finds_it_done(
    search: SearchEngine, search_archive: SearchArchive, fill
):
    search_archive.add(make_ad("a", "harbour"))
    is_told, first = Event(), Event()
    told: list[str] = []

    def fill_slowly() -> None:
        engine, now = search_archive.engine, search_archive.now
        with filling_alone(engine, search, now) as held:
            first.set()
            assert is_told.wait(30)
            filling.make_anew(engine, search, held, now, lambda _: None)

    def note_it(line: str) -> None:
        told.append(line)
        is_told.set()

    other = Thread(target=fill_slowly)
    other.start()
    assert first.wait(30)
    report = fill(search_archive.engine, search, search_archive.now, tell_busy=note_it)
    other.join()

    assert len(told) == 1
    assert told[0].endswith("; this one waits")
    assert (report.rebuilt, report.documents) == (False, 0)
    assert refs_of(search_archive.ask(search, "harbour")) == ["a"]


def test_a_process_that_was_killed_while_filling_is_replaced_when_its_lease_has_ended(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    take_lease(search_archive, search)
    search_archive.now += search.lease_time
    assert search_archive.sync(search).rebuilt
    with read(search_archive.engine) as session:
        assert session.exec(select(SingletonLease.lease_until)).all() == [None]


def test_whoever_fills_says_all_along_that_it_is_alive(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    embedded.lease_time = timedelta(seconds=0.3)
    with filling_alone(search_archive.engine, embedded, search_archive.now):
        with read(search_archive.engine) as session:
            first = session.exec(select(SingletonLease.lease_until)).one()
        renewed = first
        while renewed == first:
            with read(search_archive.engine) as session:
                renewed = session.exec(select(SingletonLease.lease_until)).one()
    assert renewed > first


def test_who_was_overtaken_while_filling_changes_nothing(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    read_pages = filling._read_pages

    def stall(*given: object):
        search_archive.now += 2 * search.lease_time
        take_lease(search_archive, search)
        return read_pages(*given)

    monkeypatch.setattr(filling, "_read_pages", stall)
    before = search.read_copy()
    with pytest.raises(CopyBusyError, match="the old search copy stays"):
        rebuild_index(search_archive.engine, search, search_archive.now)
    assert search.read_copy() == before


def test_a_new_copy_that_lacks_ads_never_answers(
    served: MeilisearchSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(served)
    send = served._server.send_pages

    def lose_one(uid: str, pages: Iterable[list[SearchDocument]]) -> tuple[int, list[Rejection]]:
        sent, rejected = send(uid, (page[1:] for page in pages))
        return sent + 1, rejected

    monkeypatch.setattr(served._server, "send_pages", lose_one)
    with pytest.raises(SearchUnavailableError, match=r"of 2 ads .* it holds 1; the old one stays"):
        rebuild_index(search_archive.engine, served, search_archive.now)
    assert refs_of(search_archive.ask(served, "harbour")) == ["a", "b"]


def test_what_a_killed_process_left_on_the_server_is_swept_by_the_next(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    server, uid = served._server, served._uid
    with write(search_archive.engine) as session:
        ours = f"{uid}_{claim_archive_id(session)}"
    others = f"{uid}_0123456789abcdef_1"
    for name in (f"{ours}_dead", f"{uid}_next", others):
        server.make_index(name)
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    assert {name for name in server.list_indexes() if name.startswith(uid)} == {
        *(uid, f"{uid}_about", others)
    }


def test_what_a_killed_process_left_in_the_file_is_swept_by_the_next(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(embedded)
    with write(search_archive.engine) as session:
        connection = session.connection()
        for name in ("search_7_ad", "search_7_listed", "search_generation"):
            connection.exec_driver_sql(f"CREATE TABLE {name} (id INTEGER)")
    rebuild_index(search_archive.engine, embedded, search_archive.now)
    names = inspect(search_archive.engine).get_table_names()
    left = {name.split("_")[1] for name in names if name.startswith("search_")}
    assert left == {"8", "copy"}
