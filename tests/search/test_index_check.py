"""`index check`: every document of a copy is compared with the archive, and what differs is put right."""

import json
from datetime import date

import pytest
from sqlalchemy import text
from sqlmodel import col
from typer.testing import CliRunner

from archive.models import Ad, PublicAd
from archive.privacy.redactions import redact_field
from archive.store.database import read, write
from paidforby import app
from search.copies.comparing import check_copy, tell_check
from search.copies.sync import rebuild_index
from search.embedded import EmbeddedSearch
from search.indexed import documents as search_documents
from search.indexed.documents import read_documents
from search.indexed.history import with_history
from search.meilisearch import MeilisearchSearch
from search.port import Batch, HeldDocument, SearchEngine, SearchUnavailableError
from tests.search.conftest import SearchArchive, make_ad, refs_of
from tests.search.test_followed_changes import tell_all
from tests.search.test_search_fence import fail_for

SHOWN = {
    "countries": ["GR", "CY"],
    "currency": "EUR",
    "spend_lower_minor": 100,
    "payer_name": "Ann",
}


def check(archive: SearchArchive, search: SearchEngine) -> tuple[int, int, int]:
    """How many were missing, altered, of no ad."""
    found = check_copy(archive.engine, search, archive.now)
    return found.missing, found.altered, found.extra


def list_held(search: SearchEngine) -> dict[int | str, HeldDocument]:
    return {held.name: held for page in search.read_held() for held in page}


def assert_in_step(archive: SearchArchive, search: SearchEngine) -> None:
    """The copy holds what the archive shows, no more and no less."""
    with read(archive.engine) as session:
        made = read_documents(session, col(PublicAd.id) > 0).documents
        documents, _ = with_history(session, made)
    spelled = [search.spell(document) for document in documents]
    assert list_held(search) == {each.name: each for each in spelled}


def spoil(archive: SearchArchive, search: SearchEngine, batch: Batch) -> None:
    """Write to the copy behind the archive's back."""
    if search.keeps_in_archive:
        with write(archive.engine) as session:
            search.write_batch(batch, session)
    else:
        search.write_batch(batch, None)


def test_a_copy_that_followed_is_as_the_archive_shows_it(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour", **SHOWN, started_on=date(2026, 1, 2)))
    search_archive.sync(search)
    search_archive.add(make_ad("a", "harbour", **SHOWN | {"spend_lower_minor": 200}), make_ad("b"))
    found = check_copy(search_archive.engine, search, search_archive.now)
    assert tell_check(found) == "2 documents compared: as the archive shows them"
    assert_in_step(search_archive, search)


def test_what_is_missing_altered_or_of_no_ad_is_named_and_put_right(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(*(make_ad(f"a{n}", "harbour", **SHOWN) for n in range(4)))
    search_archive.sync(search)
    with read(search_archive.engine) as session:
        made = read_documents(session, col(PublicAd.id) > 0).documents
        documents, _ = with_history(session, made)
    one, two, three, _ = documents
    words = two.model_copy(
        update={"body": "lighthouse", "values": two.values | {"country": ["US"]}}
    )
    number = three.model_copy(update={"spend_lower_minor": 1})
    stranger = one.model_copy(update={"ad_id": 99, "id": "example:x", "key": "example_3Ax"})
    spoil(search_archive, search, Batch([words, stranger], [number], [one.ad_id]))

    found = check_copy(search_archive.engine, search, search_archive.now)

    assert (found.missing, found.altered, found.extra, found.rebuilt) == (1, 2, 1, False)
    assert found.named[:3] == ["example:a0: missing", "example:a1: altered", "example:a2: altered"]
    assert tell_check(found).endswith(
        ": 1 ad was missing, 2 were altered, 1 document was of no ad; put right"
    )
    assert_in_step(search_archive, search)
    assert check(search_archive, search) == (0, 0, 0)
    assert search_archive.ask(search, "harbour").total == 4


def test_a_check_sends_no_ad_that_is_as_it_should_be(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(*(make_ad(f"a{n}", "harbour") for n in range(4)))
    search_archive.sync(search)
    spoil(search_archive, search, Batch(deleted=[2]))
    sent: list[Batch] = []
    write_batch = search.write_batch
    monkeypatch.setattr(
        search, "write_batch", lambda *given: sent.append(given[0]) or write_batch(*given)
    )
    assert check(search_archive, search) == (1, 0, 0)
    assert [[document.ad_id for document in batch.documents] for batch in sent] == [[2]]


def test_an_ad_that_changes_while_it_is_compared_is_left_to_the_next_sync(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(search)
    read_held = search.read_held

    def read_slowly():
        pages = list(read_held())
        search_archive.add(make_ad("a", "lighthouse"), make_ad("c", "pier"))
        return iter(pages)

    monkeypatch.setattr(search, "read_held", read_slowly)
    assert check(search_archive, search) == (0, 0, 0)
    monkeypatch.undo()
    assert search_archive.sync(search).documents == 2
    assert_in_step(search_archive, search)


def test_an_ad_that_is_put_aside_is_not_missed(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    with monkeypatch.context() as patch:
        patch.setattr(search_documents, "make_document", fail_for("example:a"))
        search_archive.sync(search)
        assert check(search_archive, search) == (0, 0, 0)


def test_of_an_ad_that_can_be_sent_no_more_no_older_document_stays(
    search: SearchEngine, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(search)
    with monkeypatch.context() as patch:
        patch.setattr(search_documents, "make_document", fail_for("example:a"))
        assert check(search_archive, search)[2] == 1
        found = search_archive.ask(search, "harbour", include="unlabelled")
        assert refs_of(found) == ["b"]


def test_when_a_redaction_was_learned_is_in_the_copy_even_where_nothing_was_to_be_hidden(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(search)
    with write(search_archive.engine) as session:
        ad = session.get_one(Ad, 1)
        redact_field(session, ad, "payer_name", "GDPR art. 17", "Ann", search_archive.now)
    assert check(search_archive, search) == (0, 0, 0)


def test_remnants_and_strangers_are_taken_out_of_the_server(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    for held in (
        {"key": "b_3A1", "currency": "NOK"},
        {"key": "c_3A1", "ad_id": 1},
        {"key": "d_3A1", "ad_id": "one"},
        {"key": "e_3A1", "ad_id": 2**70},
    ):
        served._server.put_document(served._uid, held)
    assert check(search_archive, served) == (0, 0, 4)
    assert_in_step(search_archive, served)


def test_one_setting_that_somebody_changed_makes_the_copy_anew(
    served: MeilisearchSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(served)
    assert served.is_sound()
    server = served._server
    index = server._client().index(served._uid)
    server._require_success(index.update_pagination_settings({"maxTotalHits": 5}))
    assert not served.is_sound()
    assert check_copy(search_archive.engine, served, search_archive.now).rebuilt
    assert served.is_sound()


def test_an_index_of_words_that_is_not_that_of_the_texts_is_made_anew(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    search_archive.sync(embedded)
    assert embedded.is_sound()
    with write(search_archive.engine) as session:
        # The text goes, and the words by which it is found stay.
        session.connection().execute(text("DELETE FROM search_1_text_content"))
    assert not embedded.is_sound()
    assert check_copy(search_archive.engine, embedded, search_archive.now).rebuilt
    assert_in_step(search_archive, embedded)


def test_rows_without_an_ad_are_taken_out_of_every_table(
    embedded: EmbeddedSearch, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour", **SHOWN))
    search_archive.sync(embedded)
    with write(search_archive.engine) as session:
        for statement in (
            "INSERT INTO search_1_text (rowid, title, body) VALUES (7, '', 'harbour')",
            "INSERT INTO search_1_text (rowid, title, body) VALUES (-7, '', 'harbour')",
            "INSERT INTO search_1_listed VALUES (8, 'country', 'NO')",
        ):
            session.connection().execute(text(statement))
    assert check(search_archive, embedded) == (0, 0, 3)
    assert search_archive.ask(embedded, "harbour").total == 1


def test_a_check_of_what_was_never_filled_fills_it(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour"))
    found = check_copy(search_archive.engine, search, search_archive.now)
    assert tell_check(found).startswith("made anew, then 1 document compared")


def test_what_check_put_right_answers_as_a_copy_made_anew(
    search: SearchEngine, search_archive: SearchArchive
):
    search_archive.add(make_ad("a", "harbour quay", **SHOWN), make_ad("b", "late pier", **SHOWN))
    search_archive.sync(search)
    with read(search_archive.engine) as session:
        documents = read_documents(session, col(PublicAd.id) > 0).documents
    spoilt = [each.model_copy(update={"body": "quay", "surfaces": ["feed"]}) for each in documents]
    spoil(search_archive, search, Batch(spoilt))
    assert check(search_archive, search) == (0, 2, 0)
    put_right = tell_all(search_archive, search)
    rebuild_index(search_archive.engine, search, search_archive.now)
    assert put_right == tell_all(search_archive, search)


def test_the_command_says_what_it_found(search_archive: SearchArchive, tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    monkeypatch.delenv("PAIDFORBY_MEILISEARCH_URL", raising=False)
    embedded = EmbeddedSearch(search_archive.engine)
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(embedded)
    spoil(search_archive, embedded, Batch(deleted=[1]))
    said = CliRunner().invoke(app, ["index", "check"])
    assert said.exit_code == 0
    assert said.stdout.splitlines()[:2] == [
        "embedded: 1 document compared: 1 ad was missing; put right",
        "example:a: missing",
    ]
    told = json.loads(CliRunner().invoke(app, ["index", "check", "--json"]).stdout)
    assert (told["compared"], told["missing"], told["named"]) == (2, 0, [])


def test_a_server_that_goes_while_it_is_compared_leaves_the_copy_to_the_next_check(
    served: MeilisearchSearch, search_archive: SearchArchive, monkeypatch
):
    search_archive.add(make_ad("a", "harbour"), make_ad("b", "harbour"))
    search_archive.sync(served)
    spoil(search_archive, served, Batch(deleted=[1]))
    with monkeypatch.context() as patch:
        patch.setattr(served._server, "url", "http://127.0.0.1:9")
        with pytest.raises(SearchUnavailableError):
            check(search_archive, served)
    assert check(search_archive, served) == (1, 0, 0)
