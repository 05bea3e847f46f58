"""Batches that were implausible, as people and programs read them."""

import csv
import io
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from archive.models.runs import Outcome, PieceStatus, QuarantineReason, RunKind
from archive.runs.lease import begin_run, end_run
from archive.runs.plausibility import ImplausibleBatchError
from archive.runs.quarantine import settle
from archive.runs.quarantined_batches import quarantine_batch
from archive.store.database import open_engine, write
from tests.api.conftest import HOSTILE, NOON

ATOM = "{http://www.w3.org/2005/Atom}"
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def held(client, settings):
    """A mass takedown that was released, and an absurd amount that waits, in words from outside."""
    takedown = ImplausibleBatchError(
        QuarantineReason.SHRINK, "30 of 100 ads are gone at once (30%)", {"what": "ads", "gone": 30}
    )
    absurd = ImplausibleBatchError(
        QuarantineReason.ABSURD_AMOUNT, f"ad {HOSTILE} states too much", {}
    )
    engine = open_engine(settings)
    with write(engine) as session:
        run = begin_run(session, "example", "2026", RunKind.CRAWL, NOON)
        quarantine_batch(session, run, takedown, NOON)
        quarantine_batch(session, run, absurd, NOON)
        end_run(session, run, Outcome.PARTIAL, NOON)
        settle(session, "batch-1", PieceStatus.RELEASED, "Ada", "the platform said so", LATER)
    engine.dispose()
    return client


def test_the_page_shows_what_waits_and_what_was_decided_and_why(held):
    page = held.get("/quarantined").text
    assert page.index('id="batch-2"') < page.index('id="batch-1"')
    assert "paidforby quarantine show batch-2" in page
    assert "Published as a mass takedown of 30 ads by Ada, because: the platform said so" in page
    assert HOSTILE not in page


def test_the_api_lists_the_newest_first_and_filters(held):
    items = held.get("/api/v1/quarantined").json()["items"]
    assert [(one["name"], one["status"]) for one in items] == [
        ("batch-2", "quarantined"),
        ("batch-1", "released"),
    ]
    (waiting,) = held.get("/api/v1/quarantined", params={"status": "quarantined"}).json()["items"]
    assert waiting["cause"] == "absurd_amount"
    assert held.get("/api/v1/quarantined", params={"source": "another"}).status_code == 400
    first = held.get("/api/v1/quarantined", params={"limit": 1}).json()
    (second,) = held.get(first["next"]).json()["items"]
    assert second["settled_because"] == "the platform said so"


def test_the_same_rows_come_as_csv(held):
    answer = held.get("/api/v1/quarantined", params={"format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["batch-2", "batch-1"]


def test_both_feeds_tell_what_was_held_and_how_it_was_settled(held):
    items = held.get("/quarantined/feed.json").json()["items"]
    entries = ElementTree.fromstring(held.get("/quarantined/feed.atom").content).findall(
        f"{ATOM}entry"
    )
    told = [entry.find(f"{ATOM}summary").text for entry in entries]
    assert [item["content_text"] for item in items] == told
    assert told[1] == (
        "30 of 100 ads are gone at once (30%). Published as a mass takedown of 30 ads by Ada, "
        "because: the platform said so"
    )
    assert items[1]["date_modified"] == LATER.isoformat().replace("+00:00", "Z")
    assert "too large to be true (quarantined)" in items[0]["title"]


def test_a_source_with_a_held_batch_shows_it_with_the_command(held):
    page = held.get("/sources").text
    assert 'href="/quarantined#batch-2"' in page
    assert "paidforby quarantine show batch-2" in page
    assert "batch-1" not in page


def test_what_waits_is_told_among_what_is_missing(held):
    data_gaps = held.get("/api/v1/missing").json()["data_gaps"]
    (data_gap,) = [data_gap for data_gap in data_gaps if data_gap["what"] == "quarantined_batch"]
    assert (data_gap["count"], data_gap["reason"].startswith("batch-2: a row ")) == (1, True)
    assert "batch-2" in held.get("/missing").text


def test_an_archive_that_held_nothing_says_so(client):
    assert "No batch was ever quarantined" in client.get("/quarantined").text
    assert client.get("/quarantined/feed.json").json()["items"] == []
