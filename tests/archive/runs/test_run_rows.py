"""What the rows of runs tell, whatever other runs stand between: the same as a reckoning by hand."""

import shutil
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from archive.ingest.ads.vanished_ads import _find_missed
from archive.ingest.close_run import _was_complete
from archive.ingest.spending.withdrawn_figures import _read_met_before
from archive.models import Ad, Capture, Run, Sighting
from archive.models.changes import ChangeKind
from archive.models.runs import Outcome, RunKind
from archive.reading import list_runs
from archive.reading.ads.sightings import _read_last_sweep, list_import_times
from archive.reading.as_of.moment import Moment
from archive.reading.coverage import list_past_runs
from archive.runs.captures import last_applied_at
from archive.runs.due_dates import find_last_crawls
from archive.runs.lease import RunLease, find_ended_crawl, has_newer_run, last_runs
from archive.runs.partitions import read_last_crawls
from archive.runs.sightings import (
    find_first_after,
    find_last_before,
    find_run_before,
    pack_ids,
    read_seen,
    repeat_sightings,
)
from archive.store.database import create_archive_engine
from tests.archive.moments import day
from tests.migrated import migrated_file

ADS, STATED = ChangeKind.AD_CONTENT, ChangeKind.ADVERTISER_SPEND
WELL = (Outcome.DONE, Outcome.ATTENTION)
SOURCES, PARTITIONS = ["harbour", "meadow"], ["east", "west"]

RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(SOURCES),
            "partition": st.sampled_from(PARTITIONS),
            "kind": st.sampled_from(RunKind),
            "outcome": st.sampled_from([*WELL, Outcome.PARTIAL, Outcome.FAILED, Outcome.RUNNING]),
            "complete": st.booleans(),
            "seen": st.integers(0, 2),
            "observed_at": st.integers(1, 3).map(day),
            "observed_how": st.sampled_from(["crawl", "declared", "import"]),
        }
    ),
    min_size=2,
    max_size=9,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = shutil.copy(migrated_file(), tmp_path_factory.mktemp("runs") / "archive.sqlite3")
    engine = create_archive_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def keep_runs(session, drawn):
    """Rows of runs as they were learned; each saw ads and statements, one of each it alone."""
    runs = []
    for number, values in enumerate(drawn, start=1):
        ended_at = None if values["outcome"] == Outcome.RUNNING else day(10 + number)
        times = dict.fromkeys(("started_at", "heartbeat_at"), day(10 + number))
        runs.append(Run(id=number, ended_at=ended_at, **times, **values))
    session.add_all(runs)
    session.flush()
    for run in runs:
        for kind in (ADS, STATED):
            ids = [10 + run.id % 2, run.id + 100] if kind is STATED else [run.id % 3, run.id]
            seen = {"first_id": min(ids), "last_id": max(ids), "ids": pack_ids(sorted(set(ids)))}
            session.add(Sighting(run_id=run.id, kind=kind, block=0, **seen))
        place = {"source": run.source, "partition": run.partition}
        session.add(
            Capture(
                run_id=run.id, url="u", bytes=1, sha256="same", fetched_at=run.started_at, **place
            )
        )
    session.flush()
    return runs


def newest(runs, key=lambda run: (run.observed_at, run.id)):
    return max(runs, key=key, default=None)


@settings(max_examples=20, deadline=None)
@given(drawn=RUNS, place=st.tuples(st.sampled_from(SOURCES), st.sampled_from(PARTITIONS)))
def test_each_question_about_runs_is_answered_from_the_runs_it_is_about(archive, drawn, place):
    with archive.connect() as connection, Session(connection) as session:
        runs = keep_runs(session, drawn)
        for run in runs:
            check_before(session, runs, run)
        check_one_run(session, runs, runs[-1])
        check_source(session, runs, *place)


def check_before(session, runs, this):
    """What stood before a run of the same partition, and whether anything is newer."""
    lease = make_lease(this)
    of_source = [run for run in runs if run.source == this.source]
    here = [run for run in of_source if run.partition == this.partition]
    before = [run for run in here if run.id != this.id and run.observed_at <= this.observed_at]

    full = newest(run for run in before if run.complete and run.seen)
    is_full = (col(Run.complete).is_(True), col(Run.seen) > 0)
    found = find_run_before(session, lease, *is_full)
    assert (found and found.id) == (full and full.id)
    well = newest(run for run in before if run.outcome in WELL)
    assert _was_complete(session, lease) == (well is not None and well.complete)
    whole = newest(run for run in before if run.complete)
    met = {10 + whole.id % 2, whole.id + 100} if whole else set()
    assert _read_met_before(session, lease) == met
    assert has_newer_run(session, lease) == any(
        run.observed_at > this.observed_at and (run.seen or run.complete) for run in of_source
    )


def make_lease(run):
    return RunLease(run.id, run.source, run.partition, 1, run.observed_at, is_sweep=True)


def check_one_run(session, runs, this):
    """What newer runs missed, and what was seen around a run."""
    source, partition, at = this.source, this.partition, this.observed_at
    lease = make_lease(this)
    of_source = [run for run in runs if run.source == source]
    here = [run for run in of_source if run.partition == partition]

    missed_at = min(
        (run.observed_at for run in here if run.complete and run.observed_at > at), default=None
    )
    place = {"source": source, "partition": partition}
    hashes = dict.fromkeys(("content_sha256", "numbers_sha256"), "")
    names = ("content_observed_at", "numbers_observed_at", "first_observed_at", "recorded_at")
    ad = Ad(id=1, ref="a", versions=1, **hashes, **dict.fromkeys(names, at), **place)
    session.add(ad)
    session.flush()
    assert _find_missed(session, lease, [1]) == ({1: missed_at} if missed_at else {})

    ids = range(12)
    sighted = [(run.observed_at, {run.id % 3, run.id}) for run in of_source]
    after = [(when, ids) for when, ids in sighted if when > at]
    earlier = [(when, ids) for when, ids in sighted if when < at]
    assert find_first_after(session, source, ADS, ids, at) == pick_times(after, min)
    assert find_last_before(session, source, ADS, ids, at) == pick_times(earlier, max)

    names = ("started_at", "heartbeat_at", "observed_at")
    new = Run(id=99, kind="crawl", observed_how="crawl", **dict.fromkeys(names, at), **place)
    session.add(new)
    session.flush()
    repeat_sightings(session, RunLease(99, source, partition, 1, at, is_sweep=True))
    shown = newest(run for run in here if run.complete and run.observed_at <= at)
    seen = [sorted({shown.id % 3, shown.id})] if shown else []
    assert list(read_seen(session, 99, ADS)) == seen
    session.delete(new)
    for one in session.exec(select(Sighting).where(Sighting.run_id == 99)):
        session.delete(one)
    session.flush()


def pick_times(sighted, pick):
    found = {}
    for when, ids in sighted:
        for one in ids:
            found[one] = pick(when, found.get(one, when))
    return found


def check_source(session, runs, source, partition):
    """What is told of a source and of one partition."""
    of_source = [run for run in runs if run.source == source]
    here = [run for run in of_source if run.partition == partition]
    by_time = sorted(of_source, key=lambda run: (run.observed_at, run.id))
    crawls = [run for run in of_source if run.kind == RunKind.CRAWL]
    ended = [run.id for run in crawls if run.partition == partition and run.ended_at]
    assert find_ended_crawl(session, source, partition) == max(ended, default=0)
    assert {name: run.id for name, run in find_last_crawls(session, source).items()} == {
        run.partition: run.id for run in crawls
    }
    # What reads kept evidence again asks the source nothing.
    over = [run.id for run in of_source if run.ended_at and run.kind != RunKind.REREAD]
    last = last_runs(session).get(source)
    assert (last.id if last else None) == max(over, default=None)
    good = [
        run.observed_at
        for run in here
        if run.complete or (run.kind == RunKind.CRAWL and run.outcome == Outcome.DONE)
    ]
    known = read_last_crawls(session, day(20))
    assert known.get((source, partition)) == max(good, default=None)
    read_here = [run.observed_at for run in here if run.outcome in WELL]
    assert last_applied_at(session, source, partition, "same") == max(read_here, default=None)
    assert last_applied_at(session, source, partition, "other") is None
    read_only = {run.observed_at for run in of_source if run.observed_how == "import"}
    assert list_import_times(session, source) == read_only
    assert [run.id for run in list_runs(session, source).items] == [
        run.id for run in reversed(of_source)
    ]
    for as_of, valid_at in ((None, None), (14, None), (None, 2), (15, 3)):
        moment = Moment(as_of and day(as_of), valid_at and day(valid_at))
        counted = [
            run
            for run in by_time
            if (as_of is None or (run.ended_at and run.ended_at <= day(as_of)))
            and (valid_at is None or run.observed_at <= day(valid_at))
        ]
        swept = [run.observed_at for run in counted if run.partition == partition and run.complete]
        assert _read_last_sweep(session, source, partition, moment) == max(swept, default=None)
        told = list_past_runs(session, source, moment=moment)
        assert [lease.run_id for lease in told] == [run.id for run in counted]
    on = day(2).date()
    within = list_past_runs(session, source, from_on=on, to_on=on + timedelta(days=1))
    days = (day(2), day(3))
    assert [lease.run_id for lease in within] == [r.id for r in by_time if r.observed_at in days]
    everywhere = session.exec(select(Run.id).order_by(col(Run.id).desc())).all()
    assert [run.id for run in list_runs(session).items] == everywhere
