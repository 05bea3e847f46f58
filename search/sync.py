"""From the archive's change sequence to the search copy, killable at any point.

The worker and `index sync` call it. A mark moves only after the engine has everything up to it, and
what is sent is the ad as it is now, so sending again is harmless. It never writes to an ad.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import Change, PublicAd, QuarantinedPiece
from archive.models.changes import ChangeKind
from archive.models.runs import PieceStatus
from archive.records import QuarantineStage
from archive.runs.quarantine import keep_aside, list_open_subjects, settle_passed
from archive.runs.tries import NotedTry, ProcessKilledError, note_try
from archive.store.changes import last_change_seq, move_position, read_changes
from archive.store.database import read, write
from search.consumer_position import SearchMark, TellPassed, read_search_position
from search.documents import Rejection, SearchDocument, load_documents, read_documents, reject
from search.port import Batch, SearchEngine, SearchUnavailableError

CHANGES_AT_ONCE = 5_000
"""Meilisearch pays a fixed price for each round of new texts, so rounds are large."""

_AD_KINDS = frozenset({ChangeKind.AD_CONTENT, ChangeKind.AD_NUMBERS, ChangeKind.AD_STATE})


class SyncReport(SQLModel):
    """What one sync did."""

    engine: str = Field(description="embedded or meilisearch.")
    rebuilt: bool = Field(default=False, description="Whether the copy was made anew.")
    changes: int = Field(default=0, description="Changes read.")
    documents: int = Field(default=0, description="Whole documents sent.")
    moved: int = Field(default=0, description="Documents of which only numbers were sent.")
    deleted: int = Field(default=0, description="Documents taken out.")
    rejected: list[Rejection] = Field(
        default_factory=list, description="Ads it could not take, put aside."
    )
    seq: int = Field(default=0, description="Every change up to this one is in the engine.")


@dataclass(frozen=True)
class Round:
    """One range of the change sequence and what it means for the copy."""

    mark: SearchMark
    last_seq: int
    changes: int
    batch: Batch
    unmade: list[Rejection]
    """Ads that no document could be made of."""


class IndexStatus(SQLModel):
    """How the search copy stands to the archive."""

    engine: str = Field(description="embedded or meilisearch.")
    mark: int | None = Field(
        description="Every change up to this one is in the engine; not told in public."
    )
    lag_changes: int = Field(description="Changes not in the engine yet.")
    lag_seconds: float = Field(description="Age of the oldest change not in the engine yet.")
    documents: int | None = Field(description="Ads in the engine; empty when never filled.")
    ads: int = Field(description="Ads in the archive.")
    rejected: list[Rejection] = Field(description="Ads it could not take, put aside.")


def sync_index(
    archive: Engine, search: SearchEngine, now: datetime, tell: TellPassed = lambda _: None
) -> SyncReport:
    """Send what changed since the mark; the first time, or when the copy is gone, everything.

    Raises:
        SearchUnavailableError: if the engine failed; the mark stays, the next sync begins there.
    """
    with read(archive) as session:
        mark = read_search_position(session, search.consumer)
    if mark is None or search.count_documents() is None:
        return rebuild_index(archive, search, now, tell)
    report = SyncReport(engine=search.name)
    while _take_round(archive, search, report, now):
        tell(report.changes)
    return report


def rebuild_index(
    archive: Engine, search: SearchEngine, now: datetime, tell: TellPassed = lambda _: None
) -> SyncReport:
    """Make the copy anew from `public_ad`; the old one answers until it is complete.

    Changes that arrive meanwhile are left to the next sync.

    Raises:
        SearchUnavailableError: if the engine failed; copy and mark stay as they were.
    """
    report = SyncReport(engine=search.name, rebuilt=True)
    with read(archive) as session:
        report.seq = last_change_seq(session)
    unmade: list[Rejection] = []
    refused = search.rebuild(_read_pages(archive, report, unmade, tell))
    report.rejected = [*unmade, *refused]
    with write(archive) as session:
        passed = list_open_subjects(session, QuarantineStage.SEARCH) - {
            row.id for row in report.rejected
        }
        settle_passed(session, QuarantineStage.SEARCH, passed, now)
        put_aside_rejected(session, report.rejected, now)
        move_position(session, search.consumer, report.seq, "", now)
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
        inside = session if search.keeps_in_archive else None
        rejected = [*made.rejected, *search.write_batch(Batch(made.documents), inside)]
        passed = set(public_ids) - {row.id for row in rejected}
        settle_passed(session, QuarantineStage.SEARCH, passed, now)
        put_aside_rejected(session, rejected, now)
    return rejected


def put_aside_rejected(session: Session, rejected: Iterable[Rejection], now: datetime) -> None:
    """Put ads aside that the search copy could not take."""
    for row in rejected:
        source = row.id.partition(":")[0]
        keep_aside(session, QuarantineStage.SEARCH, source, row.id, row.reason, row.detail, now)


def _list_rejected(session: Session) -> list[Rejection]:
    """Ads that are put aside, for everyone: without the program's words."""
    put_aside = (
        select(PublicAd.id, PublicAd.public_id, QuarantinedPiece.reason)
        .join(QuarantinedPiece, col(QuarantinedPiece.subject) == PublicAd.public_id)
        .where(
            QuarantinedPiece.status == PieceStatus.QUARANTINED,
            QuarantinedPiece.stage == QuarantineStage.SEARCH,
        )
        .order_by(col(PublicAd.id))
    )
    return [
        Rejection(ad_id=ad_id, id=public_id, reason=reason)
        for ad_id, public_id, reason in session.exec(put_aside)
    ]


def index_status(archive: Engine, search: SearchEngine, now: datetime) -> IndexStatus:
    """Mark, lag and counts.

    Raises:
        SearchUnavailableError: if the engine does not answer.
    """
    documents = search.count_documents()
    with read(archive) as session:
        mark = read_search_position(session, search.consumer)
        seq = mark.seq if mark else 0
        waiting = select(func.count(), func.min(Change.recorded_at)).where(
            col(Change.seq) > seq, col(Change.kind).not_in((ChangeKind.FLAG, ChangeKind.AD_SEEN))
        )
        lag, oldest = session.exec(waiting).one()
        return IndexStatus(
            engine=search.name,
            mark=mark.seq if mark else None,
            lag_changes=lag,
            lag_seconds=(now - oldest).total_seconds() if oldest else 0.0,
            documents=documents,
            ads=session.exec(select(func.count()).select_from(PublicAd)).one(),
            rejected=_list_rejected(session),
        )


def _read_pages(
    archive: Engine, report: SyncReport, unmade: list[Rejection], tell: TellPassed
) -> Iterator[list[SearchDocument]]:
    """Every ad in pages by id, each read in a transaction of its own; `unmade` gets those without one."""
    last = 0
    while True:
        with read(archive) as session:
            page, failed = read_documents(session, col(PublicAd.id) > last, CHANGES_AT_ONCE)
        if not page and not failed:
            return
        last = max([document.ad_id for document in page] + [row.ad_id for row in failed])
        report.documents += len(page)
        unmade += failed
        yield page
        tell(report.documents)


def _take_round(archive: Engine, search: SearchEngine, report: SyncReport, now: datetime) -> bool:
    """Send one round of changes and move the mark; returns whether there may be more."""
    with read(archive) as session:
        mark = read_search_position(session, search.consumer)
        waiting = len(read_changes(session, mark.seq, CHANGES_AT_ONCE)) if mark else 0
    if not waiting:
        return False
    with note_try(archive, search.consumer, waiting, now) as noted:
        if search.keeps_in_archive:
            with write(archive) as session:
                this = _read_round(session, search, noted)
                rejected = _write_round(search, this, session)
                moved = _move_position(session, search, this, rejected, now)
        else:
            with read(archive) as session:
                this = _read_round(session, search, noted)
            rejected = _write_round(search, this, None)
            with write(archive) as session:
                moved = _move_position(session, search, this, rejected, now)
    _add_round(report, this, rejected)
    return moved and this.changes == noted.most


def _read_round(session: Session, search: SearchEngine, noted: NotedTry) -> Round:
    mark = read_search_position(session, search.consumer)
    if mark is None:
        raise SearchUnavailableError("the search copy was dropped; type: paidforby index sync")
    changes = read_changes(session, mark.seq, noted.most)
    last_seq = max((change.seq or 0 for change in changes), default=mark.seq)
    if noted.meets_killer(session):
        batch, unmade = _leave_out(session, changes)
    else:
        batch, unmade = _gather_batch(session, changes)
    return Round(mark, last_seq, len(changes), batch, unmade)


def _leave_out(session: Session, changes: Sequence[Change]) -> tuple[Batch, list[Rejection]]:
    """Nothing to send of ads that kill who works on them: they are taken out and put aside."""
    ids = [change.subject_id for change in changes if change.kind in _AD_KINDS]
    ads = session.exec(select(PublicAd.id, PublicAd.public_id).where(col(PublicAd.id).in_(ids)))
    return Batch(deleted=ids), [reject(*ad, ProcessKilledError()) for ad in ads]


def _write_round(search: SearchEngine, this: Round, session: Session | None) -> list[Rejection]:
    """Send a round; gives what could not be taken, of which no older copy stays to be found."""
    refused = search.write_batch(this.batch, session)
    if refused:
        search.write_batch(Batch(deleted=[row.ad_id for row in refused]), session)
    return [*this.unmade, *refused]


def _gather_batch(session: Session, changes: Sequence[Change]) -> tuple[Batch, list[Rejection]]:
    """Each changed ad once, as it is now, and those that no document can be made of."""
    kinds = {c.subject_id: c.kind for c in changes if c.kind in _AD_KINDS}
    with_text = {c.subject_id for c in changes if c.kind == ChangeKind.AD_CONTENT}
    # What was put aside is not there to be moved: it gets another chance as a whole.
    absent = list_open_subjects(session, QuarantineStage.SEARCH)
    made = load_documents(session, sorted(kinds))
    batch = Batch()
    for document in made.documents:
        is_whole = document.ad_id in with_text or document.id in absent
        (batch.documents if is_whole else batch.moved).append(document)
    present = {document.ad_id for document in (*batch.documents, *batch.moved)}
    batch.deleted = sorted(kinds.keys() - present)
    return batch, made.rejected


def _move_position(
    session: Session,
    search: SearchEngine,
    this: Round,
    rejected: list[Rejection],
    now: datetime,
) -> bool:
    """Move the mark past a round; returns whether this sync may go on.

    When another sync moved it meanwhile, what either sent last may be the older state of an ad: the
    mark goes back to where the earlier began, and the next sync sends all of it again.
    """
    current = read_search_position(session, search.consumer)
    alone = current is not None and current.seq == this.mark.seq
    seq = this.last_seq if alone else min(this.mark.seq, current.seq if current else 0)
    sent = {document.id for document in this.batch.documents} - {row.id for row in rejected}
    passed = sent & list_open_subjects(session, QuarantineStage.SEARCH)
    if this.changes or not alone:
        settle_passed(session, QuarantineStage.SEARCH, passed, now)
        put_aside_rejected(session, rejected, now)
        move_position(session, search.consumer, seq, "", now)
    return alone


def _add_round(report: SyncReport, this: Round, rejected: list[Rejection]) -> None:
    report.changes += this.changes
    report.documents += len(this.batch.documents)
    report.moved += len(this.batch.moved)
    report.deleted += len(this.batch.deleted)
    report.rejected += rejected
    report.seq = this.last_seq
