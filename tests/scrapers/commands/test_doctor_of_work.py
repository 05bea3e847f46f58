"""The doctor names a wrong clock, a home beside the shared one, nobody at work, and what is late."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.models import Capture, Run
from archive.runs.promises import note_promises
from archive.runs.workers import ALIVE_FOR, note_worker
from archive.store.blobs import BlobStore
from archive.store.database import write
from archive.store.home import FILE
from scrapers.commands.opening import open_or_init
from scrapers.doctor.work import examine_work
from tests.scrapers.crawls import Home

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def find(home: Home, name: str, now: datetime = NOON):
    return next(found for found in examine_work(home.settings, now) if found.name == name)


def crawl(home: Home, at: datetime, blob: bytes = b"evidence") -> None:
    """A run that kept these bytes in this home."""
    kept = BlobStore(home.settings.blobs_dir).put_bytes(blob)
    times = {"started_at": at, "heartbeat_at": at, "observed_at": at, "ended_at": at}
    with write(home.engine) as session:
        how = {"kind": "crawl", "observed_how": "crawl", "outcome": "done"}
        run = Run(source="snap", partition="2026", **how, **times)
        session.add(run)
        session.flush()
        where = {
            "run_id": run.id,
            "source": "snap",
            "partition": "2026",
            "url": "https://a.example",
        }
        session.add(Capture(**where, fetched_at=at, sha256=kept.sha256, bytes=kept.size))


def test_a_clock_behind_the_newest_row_is_named_with_both_times_and_what_mends_it(home):
    crawl(home, NOON + DAY)
    clock = find(home, "clock")
    assert not clock.works
    assert (
        "says 2026-03-01 12:00 UTC, the newest row of the archive is of 2026-03-02" in clock.detail
    )
    assert "paidforby schedule reset" in clock.to_type
    assert find(home, "clock", NOON + DAY).works


@pytest.fixture
def other(home, tmp_path):
    """A second home on the same database."""
    settings = home.settings.model_copy(
        update={"home": tmp_path / "other", "database_url": home.settings.resolved_database_url}
    )
    return Home(settings, home.engine)


def open_both(home: Home, other: Home) -> None:
    for each in (home, other):
        open_or_init(each.settings).dispose()


def test_a_home_of_ones_own_beside_the_shared_one_is_named_before_anything_is_missing(
    home, other, capsys
):
    open_both(home, other)
    assert find(home, "shared home").works
    apart = find(other, "shared home")
    assert (apart.works, apart.detail) == (
        False,
        "this home is not the one that the archive was made with",
    )
    assert "share one PAIDFORBY_HOME" in capsys.readouterr().err


def test_evidence_that_another_machine_keeps_is_counted_at_both(home, other):
    open_both(home, other)
    crawl(home, NOON, b"one")
    crawl(other, NOON, b"two")
    for each in (home, other):
        assert "newest 20 captures 1 have no file here" in find(each, "shared home").detail


def test_a_home_that_was_restored_with_its_evidence_is_the_archives_own(home):
    open_or_init(home.settings).dispose()
    crawl(home, NOON)
    (home.settings.home / FILE).unlink()
    assert not find(home, "shared home").works
    open_or_init(home.settings).dispose()
    assert find(home, "shared home").works


def test_nobody_at_work_and_what_is_late_are_told_where_anything_is_promised(home):
    assert [found.name for found in examine_work(home.settings, NOON)] == ["clock", "shared home"]
    with write(home.engine) as session:
        note_promises(session, "snap", ["2025", "2026"], DAY, NOON - 3 * DAY)
    crawl(home, NOON)
    assert "nothing is crawled by itself" in find(home, "workers").detail
    late = find(home, "partitions")
    assert (late.warns, late.detail) == (True, "overdue: snap/2025")


def test_who_is_at_work_is_named_while_it_says_so(home):
    with write(home.engine) as session:
        note_worker(session, "worker", NOON, ["snap/2026"], NOON)
    assert not find(home, "workers").warns
    with write(home.engine) as session:
        note_promises(session, "snap", ["2026"], DAY, NOON)
    assert find(home, "workers", NOON + ALIVE_FOR).warns
