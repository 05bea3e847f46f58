"""What stands out at a source is told by the API, on its page and in the feeds."""

import json
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from archive.models import MonitorFinding
from archive.runs.promises import note_promises
from archive.store.database import write
from tests.invented import NOW, make_archive, make_settings


@pytest.fixture
def client(tmp_path):
    settings = make_settings(tmp_path)
    engine = make_archive(settings)
    with write(engine) as session:
        note_promises(
            session, "meadow_library", ["2026"], timedelta(minutes=1), NOW - timedelta(days=9)
        )
        session.add(
            MonitorFinding(
                run_id=1,
                source="harbour_ads",
                partition="2026",
                monitor="few_records",
                reason="3 records; at least 500 are expected",
                found_at=NOW,
            )
        )
    engine.dispose()
    with TestClient(create_app(settings, now=lambda: NOW), base_url="http://127.0.0.1") as client:
        yield client


def test_each_source_says_what_stands_out_and_when_it_was_last_seen_whole(client):
    sources = {each["id"]: each for each in client.get("/api/v1/sources").json()["items"]}
    (alert,) = sources["meadow_library"]["alerts"]
    assert (alert["kind"], alert["reason"][:36]) == (
        "silent",
        "2026: no complete look for 2 minutes",
    )
    assert sources["island_registry"]["alerts"] == []
    assert "last_complete_at" in sources["harbour_ads"]


def test_the_page_shows_it_beside_the_source(client):
    page = client.get("/sources").text
    assert "no complete look for 2 minutes" in page
    assert '<a href="/sources/feed.atom">' in page


def test_both_feeds_hold_silences_and_findings(client):
    items = client.get("/sources/feed.json").json()["items"]
    told = {item["title"]: item["content_text"] for item in items}
    assert told["Harbour political ads file: fewer records than expected"] == (
        "2026: 3 records; at least 500 are expected"
    )
    assert any(title.endswith(": silent") for title in told)
    atom = client.get("/sources/feed.atom").text
    assert all(json.dumps(title)[1:-1] in atom for title in told)
