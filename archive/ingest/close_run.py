"""The end of a look at a source: what has vanished, and the run's row with its outcome.

The import and the crawl call `close_look` in one write transaction; nothing of a look is written
after, unless a person believes later what it no longer found (`believe_absences`).
"""

from datetime import datetime
from typing import TypedDict, Unpack

from sqlmodel import Session, col, func, select

from archive.ingest.ads.vanished_ads import find_gone, mark_vanished
from archive.ingest.spending.withdrawn_figures import find_unstated, withdraw_missing
from archive.models import Ad, AdvertiserSpend, Run
from archive.models.runs import Outcome, PieceStatus
from archive.runs.countries import write_run_countries
from archive.runs.lease import Look, end_run
from archive.runs.monitors import ENDED_WELL, watch_look
from archive.runs.plausibility import Gate, ImplausibleBatchError
from archive.runs.quarantined_batches import hold_batch, settle_batch, tell_hold
from archive.runs.sightings import repeat_sightings

NOT_COMPLETE = "that look was not complete, so what it missed may still be there"


class Ending(TypedDict, total=False):
    """What else a run's row says about its end."""

    not_read: list[str]
    not_before_at: datetime | None


def close_look(
    session: Session,
    look: Look,
    outcome: Outcome,
    now: datetime,
    *,
    covered: bool = False,
    is_unchanged: bool = False,
    gate: Gate | None = None,
    reason: str = "",
    **ending: Unpack[Ending],
) -> Run:
    """End a look; one that covered its whole partition says which ads have vanished.

    `is_unchanged`: the source gave the very bytes of the last look, so it showed what that one saw.
    `gate`: what may vanish at once; more is held for a person, and the look ends as `attention`
    without having covered anything. `None`: everything is believed. Gives the run as it ended.

    Raises:
        LeaseLostError: if a newer run has taken the partition.
    """
    vanished = 0
    if covered and is_unchanged:
        covered = _was_complete(session, look)
        if covered:
            repeat_sightings(session, look)
        else:
            reason = _join_reasons(reason, NOT_COMPLETE)
    elif covered:
        try:
            vanished = _note_absences(session, look, now, gate)
        except ImplausibleBatchError as doubt:
            held = hold_batch(session, look, doubt, now)
            outcome, covered = Outcome.ATTENTION, False
            reason = _join_reasons(reason, tell_hold(held))
    write_run_countries(session, look)
    end_run(
        session, look, outcome, now, reason=reason, complete=covered, vanished=vanished, **ending
    )
    run = _read_run(session, look.run_id)
    watch_look(session, look, run)
    return run


def believe_absences(session: Session, batch_id: int, by: str, because: str, now: datetime) -> Run:
    """Release a `shrink`: what that look no longer found has vanished, as it would have then.

    Ads that later looks saw again have come back at the first of these looks. The run becomes the
    complete look it was.

    Raises:
        ArchiveError: if the batch was settled before, or nobody or no reason is named.
        NotFoundError: if there is none with this id.
    """
    settled = settle_batch(session, batch_id, PieceStatus.RELEASED, by, because, now)
    run = session.get_one(Run, settled.run_id)
    look = Look(
        settled.run_id, run.source, run.partition, run.lease_token, run.observed_at, is_sweep=True
    )
    run.vanished = _note_absences(session, look, now)
    write_run_countries(session, look)
    run.outcome, run.complete = Outcome.DONE, True
    # An as-of read counts a complete look from its end on, and this one was none before now.
    run.ended_at = now
    run.reason = (
        f"a mass takedown of {settled.figures['gone']:,} {settled.figures['what']}, "
        f"believed by {settled.settled_by} because: {settled.settled_because}"
    )
    session.add(run)
    session.flush()
    return run


def _note_absences(session: Session, look: Look, now: datetime, gate: Gate | None = None) -> int:
    """Mark ads that a complete look no longer found, and statements; gives how many ads.

    Raises:
        ImplausibleBatchError: if the gate does not believe it; nothing is marked then.
    """
    gone, unstated = find_gone(session, look), find_unstated(session, look)
    if gate and gone:
        gate.weigh_absences("ads", len(gone), _count_present(session, look))
    if gate and unstated:
        stated = max(len(unstated), _count_stated(session, look))
        gate.weigh_absences("statements of spending", len(unstated), stated)
    if unstated:
        withdraw_missing(session, look, now)
    return mark_vanished(session, look, now) if gone else 0


def _count_present(session: Session, look: Look) -> int:
    """Ads that lived in the look's partition before it."""
    query = select(func.count()).where(
        Ad.source == look.source,
        Ad.partition == look.partition,
        col(Ad.vanished_at).is_(None),
        col(Ad.first_observed_at) < look.observed_at,
    )
    return session.exec(query).one()


def _count_stated(session: Session, look: Look) -> int:
    """Series of statements that looks at the partition had brought before, without those withdrawn."""
    before = (
        AdvertiserSpend.source == look.source,
        Run.partition == look.partition,
        col(AdvertiserSpend.observed_at) < look.observed_at,
    )
    rows = select(func.count(func.distinct(AdvertiserSpend.series))).join(
        Run, col(Run.id) == AdvertiserSpend.run_id
    )
    withdrawn = (col(AdvertiserSpend.is_current), col(AdvertiserSpend.is_withdrawn))
    return (
        session.exec(rows.where(*before)).one()
        - session.exec(rows.where(*before, *withdrawn)).one()
    )


def _was_complete(session: Session, look: Look) -> bool:
    """Whether the newest look before this one that ended well covered the whole partition."""
    query = (
        select(Run.complete)
        .where(
            Run.source == look.source,
            Run.partition == look.partition,
            Run.id != look.run_id,
            col(Run.outcome).in_(ENDED_WELL),
            col(Run.observed_at) <= look.observed_at,
        )
        .order_by(col(Run.observed_at).desc(), col(Run.id).desc())
        .limit(1)
    )
    return session.exec(query).first() is True


def _read_run(session: Session, run_id: int) -> Run:
    """The run's row as it is now, as a value that outlives its transaction."""
    run = session.get_one(Run, run_id)
    session.refresh(run)
    session.expunge(run)
    return run


def _join_reasons(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
