"""The end of a run of a source: what has vanished, and the run's row with its outcome.

The import and the crawl call `close_run` in one write transaction; nothing of a run is written
after, unless a person accepts later what it no longer found (`accept_vanished`).
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from sqlmodel import Session, col, func, select

from archive.ingest.ads.vanished_ads import find_gone, mark_vanished
from archive.ingest.rows import Stamp
from archive.ingest.spending.amended_reports import find_misplaced, settle_reports
from archive.ingest.spending.withdrawn_figures import (
    find_unnamed_payers,
    find_unstated,
    withdraw_missing,
    withdraw_unnamed,
)
from archive.ingest.spending.withdrawn_filings import find_unfiled, withdraw_rows
from archive.models import Ad, AdvertiserSpend, QuarantinedBatch, Run
from archive.models.changes import ChangeKind
from archive.models.runs import ENDED_WELL, Outcome
from archive.runs.countries import write_run_countries
from archive.runs.lease import RunLease, end_run
from archive.runs.monitors import monitor_run
from archive.runs.observation_times import find_place
from archive.runs.plausibility import Gate, ImplausibleBatchError
from archive.runs.quarantined_batches import quarantine_batch, tell_quarantined
from archive.runs.sightings import (
    find_run_before,
    has_seen,
    read_seen_ids,
    repeat_sightings,
)

DROPPED = "payments of reports filed again"
"""What a run that is no complete sweep can find to be gone."""

NOT_COMPLETE = "that run was not complete, so what it missed may still be there"


@dataclass(frozen=True)
class Gone:
    """How many ads, and how many statements and filed payments, a run no longer found."""

    vanished: int = 0
    withdrawn: int = 0


class RunEnding(TypedDict, total=False):
    """What else a run's row says about its end."""

    not_read: list[str]
    not_before_at: datetime | None


def close_run(
    session: Session,
    lease: RunLease,
    outcome: Outcome,
    now: datetime,
    *,
    covered: bool = False,
    is_unchanged: bool = False,
    gate: Gate | None = None,
    reason: str = "",
    **ending: Unpack[RunEnding],
) -> Run:
    """End a run; one that covered its whole partition says what is gone, one that read all what reports drop.

    `is_unchanged`: the source gave the very bytes of the last run, so it showed what that one saw.
    `gate`: what may vanish at once; more is quarantined for a person, and the run ends as `attention`
    without having covered anything. `None`: everything is accepted. Gives the run as it ended.

    Raises:
        LeaseLostError: if a newer run has taken the partition.
    """
    gone = Gone()
    if covered and is_unchanged:
        covered = _was_complete(session, lease)
        if covered:
            repeat_sightings(session, lease)
        else:
            reason = _join_reasons(reason, NOT_COMPLETE)
    elif covered or outcome is Outcome.DONE:
        try:
            gone = _take_gone(session, lease, now, gate, covered=covered)
        except ImplausibleBatchError as doubt:
            held = quarantine_batch(session, lease, doubt, now)
            outcome, covered = Outcome.ATTENTION, False
            reason = _join_reasons(reason, tell_quarantined(held))
    write_run_countries(session, lease)
    end_run(session, lease, outcome, now, reason=reason, complete=covered, **asdict(gone), **ending)
    run = _read_run(session, lease.run_id)
    if not lease.is_reread:
        monitor_run(session, lease, run)
    return run


def accept_vanished(session: Session, batch: QuarantinedBatch, now: datetime) -> Run:
    """Take in a `shrink` that was released: what that run no longer found has vanished then.

    Ads that later runs saw again have come back at the first of these runs. The run becomes the
    complete run it was.
    """
    run = session.get_one(Run, batch.run_id)
    at = find_place(session, run)
    lease = RunLease(batch.run_id, run.source, run.partition, run.lease_token, at, is_sweep=True)
    is_sweep = batch.figures["what"] != DROPPED
    gone = _take_gone(session, lease, now, covered=is_sweep)
    run.vanished, run.withdrawn = gone.vanished, gone.withdrawn
    write_run_countries(session, lease)
    run.outcome, run.complete = Outcome.DONE, is_sweep
    # An as-of read counts a complete run from its end on, and this one was none before now.
    run.ended_at = now
    run.reason = (
        f"a mass takedown of {batch.figures['gone']:,} {batch.figures['what']}, "
        f"accepted by {batch.settled_by} because: {batch.settled_because}"
    )
    session.add(run)
    session.flush()
    return run


def _take_gone(
    session: Session, lease: RunLease, now: datetime, gate: Gate | None = None, *, covered: bool
) -> Gone:
    """Mark what a complete run no longer found, and what the latest filings of reports dropped.

    Raises:
        ImplausibleBatchError: if that is implausible; nothing is marked then.
    """
    stamp = Stamp(lease, None, now)
    unnamed = len(find_unnamed_payers(session, lease))
    if gate and unnamed:
        met = len(read_seen_ids(session, lease.run_id, ChangeKind.ADVERTISER_SPEND))
        gate.check_vanished("statements of spending", unnamed, met + unnamed)
    if unnamed:
        withdraw_unnamed(session, lease, now)
    if covered:
        gone = _mark_gone(session, stamp, gate)
        return Gone(gone.vanished, gone.withdrawn + unnamed)
    if not has_seen(session, lease.run_id, ChangeKind.DISCLOSURE):
        return Gone(withdrawn=unnamed)
    misplaced = find_misplaced(session, lease.source)
    if gate:
        gate.check_vanished(DROPPED, len(misplaced.dropped), misplaced.present)
    return Gone(withdrawn=settle_reports(session, stamp, misplaced))


def _mark_gone(session: Session, stamp: Stamp, gate: Gate | None) -> Gone:
    lease, now = stamp.lease, stamp.now
    gone, unstated = find_gone(session, lease), find_unstated(session, lease)
    unfiled = find_unfiled(session, lease)
    if gate and gone:
        gate.check_vanished("ads", len(gone), _count_present(session, lease))
    if gate and unstated:
        stated = max(len(unstated), _count_stated(session, lease))
        gate.check_vanished("statements of spending", len(unstated), stated)
    if gate:
        gate.check_vanished("filed payments", len(unfiled.counted), unfiled.present)
    withdrawn = withdraw_missing(session, lease, now) if unstated else 0
    withdrawn += withdraw_rows(session, stamp, unfiled)
    if unfiled.present or has_seen(session, lease.run_id, ChangeKind.DISCLOSURE):
        withdrawn += settle_reports(session, stamp, find_misplaced(session, lease.source))
    return Gone(mark_vanished(session, lease, now) if gone else 0, withdrawn)


def _count_present(session: Session, lease: RunLease) -> int:
    """Ads that lived in the run's partition before it."""
    query = select(func.count()).where(
        Ad.source == lease.source,
        Ad.partition == lease.partition,
        col(Ad.vanished_at).is_(None),
        col(Ad.first_observed_at) < lease.observed_at,
    )
    return session.exec(query).one()


def _count_stated(session: Session, lease: RunLease) -> int:
    """Series of statements that runs of the partition had brought before, without those withdrawn."""
    before = (
        AdvertiserSpend.source == lease.source,
        Run.partition == lease.partition,
        col(AdvertiserSpend.observed_at) < lease.observed_at,
    )
    rows = select(func.count(func.distinct(AdvertiserSpend.series))).join(
        Run, col(Run.id) == AdvertiserSpend.run_id
    )
    withdrawn = (col(AdvertiserSpend.is_current), col(AdvertiserSpend.is_withdrawn))
    return (
        session.exec(rows.where(*before)).one()
        - session.exec(rows.where(*before, *withdrawn)).one()
    )


def _was_complete(session: Session, lease: RunLease) -> bool:
    """Whether the newest run before this one that ended well covered the whole partition."""
    before = find_run_before(session, lease, col(Run.outcome).in_(ENDED_WELL))
    return before is not None and before.complete


def _read_run(session: Session, run_id: int) -> Run:
    """The run's row as it is now, as a value that outlives its transaction."""
    run = session.get_one(Run, run_id)
    session.refresh(run)
    session.expunge(run)
    return run


def _join_reasons(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
