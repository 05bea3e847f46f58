"""Whether the process lives, whether it can answer, and what is not as it should be."""

from dataclasses import replace
from datetime import timedelta
from threading import Lock

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from archive.store.checking import ArchiveCheck
from archive.store.database import open_engine
from archive.store.kept_findings import keep_findings
from archive.store.revisions import find_newest_revision
from search.as_of import reading_alone
from search.copies.consumer_position import count_ads
from search.embedded import EmbeddedSearch
from search.port import SearchUnavailableError
from tests.api.conftest import make_ad


@pytest.fixture
def health(ask):
    def read():
        answer = ask("GET", "/health")
        return answer.status_code, answer.json()["status"], answer.json()["reasons"]

    return read


def test_where_all_is_well_there_is_no_reason(health):
    assert health() == (200, "ok", [])


def test_search_that_does_not_answer_is_a_reason_and_the_site_still_answers(health, monkeypatch):
    def fail(_self):
        raise SearchUnavailableError("http://10.0.0.7:7700 refused")

    monkeypatch.setattr(EmbeddedSearch, "read_copy", fail)
    said = "Search does not answer; the archive itself answers, newest first and without near spellings."
    assert health() == (200, "degraded", [said])


def test_a_copy_that_is_short_is_named_with_both_counts(health, monkeypatch):
    held = EmbeddedSearch.read_copy

    def hold_less(self):
        copy = held(self)
        return replace(copy, documents=copy.documents - 1)

    monkeypatch.setattr(EmbeddedSearch, "read_copy", hold_less)
    status, said, reasons = health()
    assert (status, said) == (200, "degraded")
    assert reasons[0].startswith("Search holds ")


def test_what_is_found_in_a_copy_that_is_short_is_no_exact_count(ask, client, clock, monkeypatch):
    assert ask("GET", "/search").json()["total_from"] == "exact"
    held = EmbeddedSearch.read_copy
    monkeypatch.setattr(EmbeddedSearch, "read_copy", lambda self: replace(held(self), documents=0))
    clock.at += timedelta(minutes=1)
    found = ask("GET", "/search").json()
    assert found["total_from"] == "estimate"
    assert found["copy_faults"][0].startswith("Search holds 0 ads")
    assert found["copy_faults"][0] in client.get("/search").text


def test_ads_are_counted_once_a_minute_and_new_ones_are_no_difference(
    health, take_in, clock, monkeypatch
):
    counted = []
    monkeypatch.setattr(
        "api.dependencies.count_ads", lambda session: counted.append(1) or count_ads(session)
    )
    for number in range(3):
        assert health() == (200, "ok", [])
        take_in([make_ad(f"new{number}")])
    clock.at += timedelta(minutes=1)
    assert health() == (200, "ok", [])
    assert len(counted) == 2


def test_a_file_that_is_left_out_is_named(settings, health):
    file = settings.home / "config" / "fx" / "own.csv"
    file.parent.mkdir(parents=True)
    file.write_text("wrong")
    assert health() == (200, "degraded", ["Files of configuration are left out: fx/own.csv."])


def test_what_the_last_check_found_is_told_until_a_later_one_finds_it_sound(
    settings, health, clock
):
    checks = [ArchiveCheck(name=name) for name in ("ledger", "tables")]
    checks[0].note_bad("decision 1: its row is not what the ledger holds")
    keep_findings(settings, checks, clock.at, are_all=True)
    (told,) = health()[2]
    assert told.startswith("The archive is not all as it was written: last verified ")
    assert told.endswith(": 1 fault (ledger 1).")

    keep_findings(settings, checks[1:], clock.at, are_all=False)
    assert health()[1] == "degraded"
    keep_findings(settings, [ArchiveCheck(name="ledger")], clock.at, are_all=False)
    assert health() == (200, "ok", [])


def test_it_lives_without_a_database_and_is_ready_with_its_own_tables_only(ask, settings):
    assert [ask("GET", f"/health/{what}").status_code for what in ("live", "ready")] == [200, 200]

    engine = open_engine(settings)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    unready = ask("GET", "/health/ready")
    assert unready.status_code == 503
    assert unready.headers["retry-after"] == "5"
    assert f"at 9999, this program is for {find_newest_revision()}" in unready.json()["detail"]
    health = ask("GET", "/health").json()
    assert health["status"] == "degraded"
    assert "The tables are at 9999" in health["reasons"][0]

    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()
    assert [ask("GET", f"/health/{what}").status_code for what in ("live", "ready")] == [200, 503]


LOST = psycopg.OperationalError("connection to server at 10.0.0.7 failed")


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT 1", {}, LOST), NoConnectionError("limit of 15 reached")]
)
def test_a_database_that_does_not_answer_is_said_to_without_a_word_of_its_own(
    ask, monkeypatch, error
):
    def fail(_session):
        raise error

    monkeypatch.setattr("api.routes.health.read_data_as_of", fail)
    answer = ask("GET", "/health")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"] == "the database does not answer just now; try again later"


def test_a_person_finds_a_page_that_needs_no_database_where_that_is_away(client, settings):
    engine = open_engine(settings)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE archive_fact RENAME TO gone"))
    for path in ("/sources", "/nothing-is-here"):
        page = client.get(path, headers={"accept": "text/html"})
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        assert "This could not be done just now" in page.text
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO archive_fact"))
    engine.dispose()


@pytest.fixture
def search_away(monkeypatch):
    def fail(*_):
        raise SearchUnavailableError("http://10.0.0.7:7700 refused")

    monkeypatch.setattr(EmbeddedSearch, "find_ads", fail)


def test_where_search_does_not_answer_the_archive_does_and_answer_and_page_say_so(
    client, search_away
):
    asked = "q=vote&country=GR&facet=country"
    found = client.get(f"/api/v1/search?{asked}").json()
    assert (found["engine"], found["total"], found["total_from"]) == ("archive", 3, "exact")
    assert found["facets"] == {"country": {"GR": 3}}
    assert found["engine_away"] == (
        "The search engine does not answer just now; the archive itself answers, newest first and "
        "without near spellings."
    )
    assert found["data_as_of"] is not None
    page = client.get("/search?q=vote&country=GR")
    assert page.status_code == 200
    assert found["engine_away"] in page.text
    assert "10.0.0.7" not in page.text


def test_where_the_archive_is_at_another_question_a_reader_is_told_when_to_come_again(
    client, search_away, monkeypatch
):
    busy = Lock()
    busy.acquire()
    monkeypatch.setattr(reading_alone, "_ANSWERING", busy)
    monkeypatch.setattr(reading_alone, "SECONDS_TO_WAIT", 0)
    answer = client.get("/api/v1/search?q=vote")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "10.0.0.7" not in answer.text
    page = client.get("/search?q=vote")
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "Search does not answer just now" in page.text
    assert "10.0.0.7" not in page.text


def test_a_question_that_the_archive_cannot_answer_in_time_is_503_and_the_next_is_answered(
    client, search_away, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(reading_alone, "SECONDS", 0)
        answer = client.get("/api/v1/search?q=vote")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert client.get("/api/v1/search?q=vote").json()["engine"] == "archive"


def test_a_page_of_ads_says_how_many_it_cannot_know_yet(client, take_in):
    assert "not searchable yet" not in client.get("/search?q=vote").text
    take_in([make_ad("new1"), make_ad("new2")])
    page = client.get("/search?q=vote").text
    assert "exact for what is indexed; 2 newer or changed ads not searchable yet" in page
    assert client.get("/api/v1/search?q=vote").json()["waiting_ads"] == 2
