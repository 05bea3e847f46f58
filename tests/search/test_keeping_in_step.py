"""The search copy follows the archive, whatever is killed when, and says how far it is."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, inspect, text

from archive.models import PublicAd
from archive.store.database import write
from search.copies import filling
from search.copies import sync as search_sync
from search.copies.status import index_status
from search.copies.sync import rebuild_index
from search.embedded import EmbeddedSearch
from search.indexed import documents as search_documents
from search.indexed.documents import SearchDocument, make_document
from search.meilisearch import MeilisearchSearch
from search.port import Batch, Rejection, SearchEngine, SearchUnavailableError
from tests.search.conftest import SearchArchive, make_ad, refs_of


class KilledError(BaseException):
    """The process ended here."""


def kill(*_args: object, **_more: object) -> None:
    raise KilledError


def test_an_archive_that_was_never_indexed_says_what_to_type(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    with pytest.raises(SearchUnavailableError, match="paidforby index sync"):
        search_archive.ask(search, "harbour")


def test_an_empty_archive_is_indexed_and_answers_with_nothing(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.sync(search)
    assert search_archive.ask(search, "harbour").total == 0
    assert index_status(search_archive.engine, search, search_archive.now).documents == 0


def test_new_changed_and_moved_ads_are_found_as_they_are_now(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "quay", impressions_lower=10))
    search_archive.sync(search)
    search_archive.add(
        make_ad("a", "lighthouse"), make_ad("b", "quay", impressions_lower=20), make_ad("c", "pier")
    )
    report = search_archive.sync(search)
    assert (report.changes, report.documents, report.moved) == (3, 2, 1)
    assert search_archive.ask(search, "harbour").total == 0
    assert refs_of(search_archive.ask(search, "lighthouse")) == ["a"]
    assert refs_of(search_archive.ask(search, "pier")) == ["c"]
    assert (
        search_archive.ask(search, "quay", filters=[("impressions_min", "20")])
        .hits[0]
        .impressions_lower
        == 20
    )


def test_moved_numbers_send_no_text(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour", currency="EUR", spend_lower_minor=100))
    search_archive.sync(search)
    sent: list[Batch] = []
    write_batch = search.write_batch
    monkeypatch.setattr(
        search, "write_batch", lambda *given: sent.append(given[0]) or write_batch(*given)
    )
    search_archive.add(make_ad("a", "harbour", currency="EUR", spend_lower_minor=200))
    search_archive.sync(search)
    assert [(batch.documents, len(batch.moved)) for batch in sent] == [([], 1)]
    hit = search_archive.ask(search, "harbour").hits[0]
    assert (hit.spend_lower_minor, hit.versions) == (200, 1)


def test_a_vanished_ad_is_still_found_and_says_so(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"), sweep=True)
    search_archive.sync(search)
    search_archive.add(make_ad("b", "harbour"), sweep=True)
    assert search_archive.sync(search).changes == 1
    page = search_archive.ask(search, "harbour", filters=[("state", "vanished")], facets=["state"])
    assert (refs_of(page), page.facets) == (["a"], {"state": {"vanished": 1}})


def test_an_ad_the_archive_no_longer_shows_is_taken_out(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(search)
    search_archive.add(make_ad("a", "harbour closed"))
    with write(search_archive.engine) as session:
        session.connection().execute(delete(PublicAd).where(PublicAd.ref == "a"))
    assert search_archive.sync(search).deleted == 1
    assert refs_of(search_archive.ask(search, "harbour")) == ["b"]


def test_killed_before_the_mark_moved_the_next_sync_sends_it_again(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    search_archive.add(make_ad("a", "lighthouse"), make_ad("b", "pier"))
    with monkeypatch.context() as patch:
        patch.setattr(search_sync, "move_position", kill)
        with pytest.raises(KilledError):
            search_archive.sync(search)
    assert index_status(search_archive.engine, search, search_archive.now).lag_changes == 2
    assert search_archive.sync(search).changes == 2
    assert sorted(refs_of(search_archive.ask(search))) == ["a", "b"]
    assert refs_of(search_archive.ask(search, "lighthouse")) == ["a"]
    assert index_status(search_archive.engine, search, search_archive.now).lag_changes == 0


def test_in_the_archives_own_file_a_killed_sync_leaves_nothing_half_done(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(embedded)
    search_archive.add(make_ad("b", "harbour"))
    with monkeypatch.context() as patch:
        patch.setattr(search_sync, "move_position", kill)
        with pytest.raises(KilledError):
            search_archive.sync(embedded)
    assert refs_of(search_archive.ask(embedded, "harbour")) == ["a"]


def test_two_syncs_at_once_leave_no_change_behind(
    outside: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(outside)
    search_archive.add(make_ad("a", "lighthouse"))
    write_batch = outside.write_batch

    def write_late(batch: Batch, session: None, seq: int) -> list[Rejection]:
        monkeypatch.setattr(outside, "write_batch", write_batch)
        search_archive.add(make_ad("a", "pier"))
        search_archive.sync(outside)
        return write_batch(batch, session, seq)

    monkeypatch.setattr(outside, "write_batch", write_late)
    search_archive.sync(outside)
    assert index_status(search_archive.engine, outside, search_archive.now).lag_changes == 2
    search_archive.sync(outside)
    assert refs_of(search_archive.ask(outside, "pier")) == ["a"]
    assert search_archive.ask(outside, "lighthouse").total == 0


def test_a_rebuild_changes_nothing_that_can_be_found(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(*(make_ad(f"a{i}", "harbour") for i in range(20)))
    search_archive.sync(search)
    before = search_archive.ask(search, "harbour", facets=["source"]).model_dump()
    report = rebuild_index(search_archive.engine, search, search_archive.now)
    assert (report.rebuilt, report.documents) == (True, 20)
    assert search_archive.ask(search, "harbour", facets=["source"]).model_dump() == before


def test_a_rebuild_that_is_killed_leaves_the_old_copy_answering(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(*(make_ad(f"a{i}", "harbour") for i in range(5)))
    search_archive.sync(search)
    monkeypatch.setattr(filling, "CHANGES_AT_ONCE", 2)
    with monkeypatch.context() as patch:
        patch.setattr(search_documents, "make_document", fail_after(3))
        with pytest.raises(KilledError):
            rebuild_index(search_archive.engine, search, search_archive.now)
    assert search_archive.ask(search, "harbour").total == 5
    rebuild_index(search_archive.engine, search, search_archive.now)
    assert search_archive.ask(search, "harbour").total == 5


def fail_after(count: int):
    made: list[SearchDocument] = []

    def make(ad: PublicAd, labelled: frozenset[int]) -> SearchDocument:
        if len(made) == count:
            kill()
        made.append(make_document(ad, labelled))
        return made[-1]

    return make


def test_rounds_smaller_than_the_backlog_still_take_all_of_it(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.sync(search)
    search_archive.add(*(make_ad(f"a{i}", "harbour") for i in range(7)))
    monkeypatch.setattr(filling, "CHANGES_AT_ONCE", 3)
    assert search_archive.sync(search).changes == 7
    assert search_archive.ask(search, "harbour").total == 7


def test_status_counts_the_lag_and_its_age(search: SearchEngine, search_archive: SearchArchive):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    indexed_at = search_archive.now
    search_archive.add(make_ad("b", "harbour"))
    status = index_status(search_archive.engine, search, search_archive.now + timedelta(seconds=90))
    assert (status.documents, status.ads) == (1, 2)
    assert (status.lag_changes, status.lag_seconds) == (1, 90.0)
    assert search_archive.ask(search, "harbour").data_as_of == indexed_at


def test_a_document_the_server_refuses_is_named_and_holds_up_no_other(
    served: MeilisearchSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.sync(served)
    search_archive.add(*(make_ad(f"a{i}", "harbour") for i in range(9)))
    with monkeypatch.context() as patch:
        patch.setattr(search_documents, "make_document", spoil("example:a5"))
        report = search_archive.sync(served)
    assert [row.id for row in report.rejected] == ["example:a5"]
    assert "not a key" in report.rejected[0].detail
    assert search_archive.ask(served, "harbour").total == 8
    shown = index_status(search_archive.engine, served, search_archive.now).rejected
    assert [(row.id, row.detail) for row in shown] == [("example:a5", "")]
    assert "not a key" not in shown[0].reason
    search_archive.add(make_ad("a5", "harbour", impressions_lower=5))
    assert search_archive.sync(served).documents == 1
    assert search_archive.ask(served, "harbour").total == 9
    assert index_status(search_archive.engine, served, search_archive.now).rejected == []


def spoil(public_id: str):
    def make(ad: PublicAd, labelled: frozenset[int]) -> SearchDocument:
        document = make_document(ad, labelled)
        return document.model_copy(update={"key": "not a key"} if ad.public_id == public_id else {})

    return make


def test_a_server_that_is_gone_stops_the_sync_with_a_sentence(
    served: MeilisearchSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    search_archive.add(make_ad("b", "harbour"))
    with monkeypatch.context() as patch:
        patch.setattr(served._server, "url", "http://127.0.0.1:9")
        with pytest.raises(SearchUnavailableError, match="does not answer"):
            search_archive.sync(served)
    assert search_archive.sync(served).changes == 1


def test_a_server_that_lost_its_index_is_filled_anew(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    served._server.drop_index(served._uid)
    assert search_archive.sync(served).rebuilt
    assert search_archive.ask(served, "harbour").total == 1


def test_a_hit_shows_an_ad_as_the_archive_has_it_now(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour", impressions_lower=1), make_ad("b", "harbour"))
    search_archive.sync(embedded)
    search_archive.add(make_ad("a", "harbour", impressions_lower=2))
    with write(search_archive.engine) as session:
        session.connection().execute(delete(PublicAd).where(PublicAd.ref == "b"))
    hits = search_archive.ask(embedded, "harbour").hits
    assert [(hit.id, hit.impressions_lower) for hit in hits] == [("example:a", 2)]


def test_a_copy_of_an_older_shape_is_made_anew_and_leaves_nothing_behind(
    embedded: EmbeddedSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"))
    with monkeypatch.context() as patch:
        patch.setattr(embedded, "shape", "of before")
        search_archive.sync(embedded)
    with write(search_archive.engine) as session:
        session.connection().execute(
            text("CREATE TABLE search_1_shown (id INTEGER, document TEXT)")
        )
    assert search_archive.sync(embedded).rebuilt
    assert refs_of(search_archive.ask(embedded, "harbour")) == ["a"]
    assert not [
        n for n in inspect(search_archive.engine).get_table_names() if n.startswith("search_1_")
    ]
