"""An ad the search copy cannot take is put aside with its id; the others are found, and it is tried again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from sqlalchemy import Engine

from archive.models import PublicAd
from archive.runs.tries import NotedTry, begin_try, end_try
from search.copies import sync as search_sync
from search.copies.status import index_status
from search.copies.sync import rebuild_index, send_again
from search.embedded import EmbeddedSearch
from search.fts import writer as fts_writer
from search.indexed import documents as search_documents
from search.indexed.documents import SearchDocument, make_document
from search.port import SearchEngine
from tests.search.conftest import SearchArchive, make_ad, refs_of


def test_an_ad_no_document_can_be_made_of_is_put_aside_and_holds_up_no_other(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.sync(search)
    search_archive.add(*(make_ad(f"a{i}", "harbour") for i in range(5)))
    with monkeypatch.context() as patch:
        patch.setattr(search_documents, "make_document", fail_for("example:a3"))
        assert [row.id for row in search_archive.sync(search).rejected] == ["example:a3"]
        rebuilt = rebuild_index(search_archive.engine, search, search_archive.now)
        assert [row.id for row in rebuilt.rejected] == ["example:a3"]
        assert send_again(search_archive.engine, search, ["example:a3"], search_archive.now)
    assert search_archive.ask(search, "harbour").total == 4
    assert index_status(search_archive.engine, search, search_archive.now).lag_changes == 0

    assert send_again(search_archive.engine, search, ["example:a3"], search_archive.now) == []
    assert search_archive.ask(search, "harbour").total == 5
    assert index_status(search_archive.engine, search, search_archive.now).rejected == []


def fail_for(public_id: str):
    def make(ad: PublicAd, labelled: frozenset[int]) -> SearchDocument:
        if ad.public_id == public_id:
            raise OverflowError("an address of the source, which is nobody's business")
        return make_document(ad, labelled)

    return make


def test_a_document_the_embedded_engine_fails_on_leaves_nothing_of_itself_behind(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(embedded)
    search_archive.add(make_ad("a", "lighthouse"), make_ad("b", "lighthouse"))
    cut_lists = fts_writer.cut_lists
    with monkeypatch.context() as patch:
        patch.setattr(fts_writer, "cut_lists", lambda document: spoil_words(cut_lists, document))
        assert [row.id for row in search_archive.sync(embedded).rejected] == ["example:b"]
    assert refs_of(search_archive.ask(embedded)) == ["a"]


def spoil_words(
    cut_lists: Callable[[SearchDocument], dict[str, list[str]]], document: SearchDocument
):
    if document.id == "example:b":
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "half a character")
    return cut_lists(document)


def test_an_ad_that_kills_every_sync_is_put_aside_and_leaves_no_older_copy(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(*(make_ad(f"a{i}", "harbour") for i in range(5)))
    search_archive.sync(search)
    search_archive.add(*(make_ad(f"a{i}", "lighthouse") for i in range(5)))
    with monkeypatch.context() as patch:
        patch.setattr(search_documents, "make_document", kill_for("example:a3"))
        # A process that dies ends none of its tries.
        patch.setattr(search_sync, "note_try", note_no_end)
        for _ in range(9):
            with suppress(KilledHereError):
                search_archive.sync(search)
        status = index_status(search_archive.engine, search, search_archive.now)
        assert [row.id for row in status.rejected] == ["example:a3"]
        assert status.lag_changes == 0
    assert sorted(refs_of(search_archive.ask(search))) == ["a0", "a1", "a2", "a4"]


class KilledHereError(BaseException):
    """The process ends here; nothing after it runs."""


def kill_for(public_id: str):
    def make(ad: PublicAd, labelled: frozenset[int]) -> SearchDocument:
        if ad.public_id == public_id:
            raise KilledHereError
        return make_document(ad, labelled)

    return make


@contextmanager
def note_no_end(engine: Engine, consumer: str, waiting: int, now: datetime) -> Iterator[NotedTry]:
    noted = begin_try(engine, consumer, waiting, now)
    yield noted
    end_try(engine, noted)
