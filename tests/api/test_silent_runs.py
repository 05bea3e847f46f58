"""A run whose process was killed is no run under way: it shows within minutes, before anybody closes it."""

from datetime import timedelta

from archive.models.runs import RunKind
from archive.runs.lease import WORKER_STOPPED, begin_run
from archive.runs.silence import SILENT_AFTER
from archive.store.database import open_engine, write
from tests.api.conftest import NOON


def test_a_killed_run_is_told_to_have_stopped_within_five_minutes(client, settings, clock):
    engine = open_engine(settings)
    with write(engine) as session:
        begin_run(session, "example", "2027", RunKind.CRAWL, NOON)
    engine.dispose()

    clock.at = NOON + SILENT_AFTER
    assert read_newest(client) == ("running", "")
    clock.at = NOON + timedelta(minutes=5)
    assert read_newest(client) == ("failed", WORKER_STOPPED)
    assert client.get("/api/v1/missing").json()["runs_not_done"][0]["reason"] == WORKER_STOPPED
    assert WORKER_STOPPED in client.get("/missing").text
    weeks = client.get("/api/v1/coverage", params={"source": "example"}).json()["items"]
    assert any(gap["reason"] == WORKER_STOPPED for week in weeks for gap in week["gaps"])


def read_newest(client):
    newest = client.get("/api/v1/runs").json()["items"][0]
    return newest["outcome"], newest["reason"]
