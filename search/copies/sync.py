"""From the archive's change sequence to the search copy, killable at any point.

The worker and `index sync` call it. A mark moves only after the engine has everything up to it, and
what is sent is the ad as it is now, so sending again is harmless. It never writes to an ad.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from archive.models import Change, PublicAd
from archive.models.changes import ChangeKind
from archive.records import QuarantineStage
from archive.runs.quarantine import list_open_subjects, settle_passed
from archive.runs.singleton_lease import HeldSingletonLease
from archive.runs.tries import NotedTry, ProcessKilledError, note_try
from archive.store.bulk import pause_collector
from archive.store.changes import last_change_seq, move_position, read_changes, read_position
from archive.store.database import read, write
from search.copies import filling
from search.copies.consumer_position import (
    Position,
    TellPassed,
    read_search_position,
    refuse_unnamed,
)
from search.copies.filling import SyncReport, TellBusy, filling_alone, make_anew, put_aside_rejected
from search.copies.status import index_status
from search.copy_mark import UpTo
from search.indexed.documents import Rejection, count_microseconds, load_documents, reject
from search.indexed.history import find_changed_currency, with_history
from search.indexed.moved import read_moved
from search.port import Batch, CopyBusyError, SearchEngine

MOVING_KINDS = frozenset({ChangeKind.AD_NUMBERS, ChangeKind.AD_CREATIVE})
AD_KINDS = MOVING_KINDS | {ChangeKind.AD_CONTENT, ChangeKind.AD_STATE, ChangeKind.AD_MEDIA}


@dataclass(frozen=True)
class Round:
    """One range of the change sequence and what it means for the copy."""

    position: Position
    last: UpTo | None
    changes: int
    batch: Batch
    unmade: list[Rejection]
    """Ads that no document could be made of."""

    @property
    def last_seq(self) -> int:
        """Up to which change the copy follows after it."""
        return self.last.seq if self.last else self.position.seq


def sync_index(
    archive: Engine,
    search: SearchEngine,
    now: datetime,
    tell: TellPassed = lambda _: None,
    tell_busy: TellBusy | None = None,
) -> SyncReport:
    """Send what changed since the mark; where there is no copy, or its counts are wrong, everything.

    Raises:
        CopyBusyError: if another process fills the copy.
        ForeignCopyError: if the engine holds the copy of another archive.
        SearchUnavailableError: if the engine failed; the mark stays, the next sync begins there.
    """
    if (seq := _find_end(archive, search, now)) is not None:
        return SyncReport(engine=search.name, seq=seq)
    with filling_alone(archive, search, now, tell_busy) as held:
        return _bring_on_or_anew(archive, search, held, now, tell)


def rebuild_index(
    archive: Engine,
    search: SearchEngine,
    now: datetime,
    tell: TellPassed = lambda _: None,
    tell_busy: TellBusy | None = None,
) -> SyncReport:
    """Make the copy anew; where another process did so while this one waited, bring that one up to date.

    Raises:
        CopyBusyError: if another process fills the copy.
        ForeignCopyError: if the engine holds the copy of another archive.
        SearchUnavailableError: if the engine failed; copy and mark stay as they were.
    """
    before = find_position(archive, search)
    with filling_alone(archive, search, now, tell_busy) as held:
        found = find_position(archive, search)
        if found and (before is None or found.consumer != before.consumer):
            return _bring_on_or_anew(archive, search, held, now, tell)
        return make_anew(archive, search, held, now, tell)


def _find_end(archive: Engine, search: SearchEngine, now: datetime) -> int | None:
    """The newest change, where the copy has it and its counts are right."""
    position = find_position(archive, search)
    with read(archive) as session:
        end = last_change_seq(session)
    if position is None or position.seq != end or index_status(archive, search, now).faults:
        return None
    return end


def find_position(archive: Engine, search: SearchEngine) -> Position | None:
    """How far the copy follows; `None`: it has to be made anew."""
    copy = search.read_copy()
    with read(archive) as session:
        refuse_unnamed(session, search, copy)
        position = read_search_position(session, search, copy.mark if copy else None)
    return position if copy and copy.is_usable else None


def _bring_on_or_anew(
    archive: Engine, search: SearchEngine, held: HeldSingletonLease, now: datetime, tell: TellPassed
) -> SyncReport:
    report = bring_on(archive, search, held, now, tell)
    if not report.rebuilt and index_status(archive, search, now).faults:
        return make_anew(archive, search, held, now, tell)
    return report


def bring_on(
    archive: Engine, search: SearchEngine, held: HeldSingletonLease, now: datetime, tell: TellPassed
) -> SyncReport:
    """Send what changed since the mark, to a copy whose counts may be wrong; where there is none, everything.

    Raises:
        SearchUnavailableError: if the engine failed; the mark stays.
    """
    if find_position(archive, search) is None:
        return make_anew(archive, search, held, now, tell)
    report = SyncReport(engine=search.name)
    while _take_round(archive, search, report, now):
        tell(report.changes)
    return report


def send_again(
    archive: Engine, search: SearchEngine, public_ids: Collection[str], now: datetime
) -> list[Rejection]:
    """Send ads that were put aside once more; what goes through is settled. Gives what does not.

    Raises:
        SearchUnavailableError: if the engine failed.
    """
    with write(archive) as session:
        ids = select(PublicAd.id).where(col(PublicAd.public_id).in_(public_ids))
        made = load_documents(session, session.exec(ids).all())
        documents, without = with_history(session, made.documents)
        inside = session if search.keeps_in_archive else None
        rejected = [*made.rejected, *without, *search.write_batch(Batch(documents), inside)]
        passed = set(public_ids) - {row.id for row in rejected}
        settle_passed(session, QuarantineStage.SEARCH, passed, now)
        put_aside_rejected(session, rejected, now)
    return rejected


def _take_round(archive: Engine, search: SearchEngine, report: SyncReport, now: datetime) -> bool:
    """Send one round of changes and move the mark; returns whether there may be more."""
    position = find_position(archive, search)
    if position is None:
        raise CopyBusyError("the search copy was made anew meanwhile; type: paidforby index sync")
    with read(archive) as session:
        waiting = len(read_changes(session, position.seq, filling.CHANGES_AT_ONCE))
    if not waiting:
        return False
    with pause_collector(), note_try(archive, position.consumer, waiting, now) as noted:
        if search.keeps_in_archive:
            with write(archive) as session:
                this = _read_round(session, search, position, noted)
                rejected = _write_round(search, this, session)
                moved = _move_position(session, this, rejected, now)
        else:
            with read(archive) as session:
                this = _read_round(session, search, position, noted)
            rejected = _write_round(search, this, None)
            with write(archive) as session:
                moved = _move_position(session, this, rejected, now)
    _add_round(report, this, rejected)
    return moved and this.changes == noted.most


def _read_round(
    session: Session, search: SearchEngine, position: Position, noted: NotedTry
) -> Round:
    changes = read_changes(session, position.seq, noted.most)
    last = (
        UpTo(changes[-1].seq or 0, count_microseconds(changes[-1].recorded_at)) if changes else None
    )
    if noted.meets_killer(session):
        batch, unmade = _leave_out(session, changes)
    else:
        batch, unmade = _gather_batch(session, search, changes)
    return Round(position, last, len(changes), batch, unmade)


def _leave_out(session: Session, changes: Sequence[Change]) -> tuple[Batch, list[Rejection]]:
    """Nothing to send of ads that kill who works on them: they are taken out and put aside."""
    ids = [change.subject_id for change in changes if change.kind in AD_KINDS]
    ads = session.exec(select(PublicAd.id, PublicAd.public_id).where(col(PublicAd.id).in_(ids)))
    return Batch(deleted=ids), [reject(*ad, ProcessKilledError()) for ad in ads]


def _write_round(search: SearchEngine, this: Round, session: Session | None) -> list[Rejection]:
    """Send a round; gives what could not be taken, of which no older copy stays to be found."""
    refused = search.write_batch(this.batch, session, this.last)
    if refused:
        search.write_batch(Batch(deleted=[row.ad_id for row in refused]), session)
    return [*this.unmade, *refused]


def _gather_batch(
    session: Session, search: SearchEngine, changes: Sequence[Change]
) -> tuple[Batch, list[Rejection]]:
    """Each changed ad once, as it is now, and those that no document can be made of."""
    kinds = {c.subject_id: c.kind for c in changes if c.kind in AD_KINDS}
    whole = {c.subject_id for c in changes if c.kind in AD_KINDS - MOVING_KINDS}
    only_moved = kinds.keys() - whole
    # Numbers alone would make a remnant of an ad of what is not there.
    held = search.list_present(kinds.keys())
    movable = held & only_moved - find_changed_currency(session, [*only_moved])
    made = load_documents(session, sorted(kinds.keys() - movable))
    batch = Batch(made.documents, read_moved(session, sorted(movable)))
    present = {each.ad_id for each in batch.documents} | {each.ad_id for each in batch.moved}
    batch.deleted = sorted(kinds.keys() - present)
    # The first change of each, because the last is told first.
    of_ads = [c for c in reversed(changes) if c.kind in AD_KINDS]
    since = {c.subject_id: c.recorded_at for c in of_ads if c.subject_id in held & whole}
    batch.documents, without = with_history(session, batch.documents, since)
    return batch, [*made.rejected, *without]


def _move_position(session: Session, this: Round, rejected: list[Rejection], now: datetime) -> bool:
    """Note how far the copy follows after a round; returns whether this sync may go on.

    When another sync moved it meanwhile, because this one stalled, what either sent last may be the older
    state of an ad: the mark goes back to where the earlier began, and the next sync sends all of it again.
    """
    position = this.position
    current = read_position(session, position.consumer)
    if current is None:
        raise CopyBusyError("the search copy was made anew meanwhile; type: paidforby index sync")
    alone = current.seq == position.noted_seq
    seq = this.last_seq if alone else min(position.seq, current.seq)
    sent = {document.id for document in this.batch.documents} - {row.id for row in rejected}
    passed = sent & list_open_subjects(session, QuarantineStage.SEARCH)
    settle_passed(session, QuarantineStage.SEARCH, passed, now)
    put_aside_rejected(session, rejected, now)
    move_position(session, position.consumer, seq, "", now)
    return alone


def _add_round(report: SyncReport, this: Round, rejected: list[Rejection]) -> None:
    report.changes += this.changes
    report.documents += len(this.batch.documents)
    report.moved += len(this.batch.moved)
    report.deleted += len(this.batch.deleted)
    report.rejected += rejected
    report.seq = this.last_seq
