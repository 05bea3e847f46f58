"""From the archive's change sequence to the search copy, killable at any point.

The worker and `index sync` call it. A mark moves only after the engine has everything up to it, and
what is sent is the ad as it is now, so sending again is harmless. It never writes to an ad.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import Change, PublicAd
from archive.models.changes import ChangeKind
from archive.store.changes import last_change_seq, read_changes
from archive.store.database import read, write
from search.consumer_position import SearchMark, move_search_position, read_search_position
from search.documents import SearchDocument, load_documents, read_documents
from search.port import Batch, Rejection, SearchEngine, SearchUnavailableError

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
        default_factory=list, description="Documents the engine would not take."
    )
    seq: int = Field(default=0, description="Every change up to this one is in the engine.")


@dataclass(frozen=True)
class Round:
    """One range of the change sequence and what it means for the copy."""

    mark: SearchMark
    last_seq: int
    changes: int
    batch: Batch


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
    rejected: list[Rejection] = Field(description="Documents the engine would not take.")


def sync_index(archive: Engine, search: SearchEngine, now: datetime) -> SyncReport:
    """Send what changed since the mark; the first time, or when the copy is gone, everything.

    Raises:
        SearchUnavailableError: if the engine failed; the mark stays, the next sync begins there.
    """
    with read(archive) as session:
        mark = read_search_position(session, search.consumer)
    if mark is None or search.count_documents() is None:
        return rebuild_index(archive, search, now)
    report = SyncReport(engine=search.name)
    while _take_round(archive, search, report, now):
        pass
    return report


def rebuild_index(archive: Engine, search: SearchEngine, now: datetime) -> SyncReport:
    """Make the copy anew from `public_ad`; the old one answers until it is complete.

    Changes that arrive meanwhile are left to the next sync.

    Raises:
        SearchUnavailableError: if the engine failed; copy and mark stay as they were.
    """
    report = SyncReport(engine=search.name, rebuilt=True)
    with read(archive) as session:
        report.seq = last_change_seq(session)
    report.rejected = search.rebuild(_read_pages(archive, report))
    with write(archive) as session:
        rejected = {row.ad_id: row for row in report.rejected}
        move_search_position(session, search.consumer, report.seq, rejected, now)
    return report


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
            col(Change.seq) > seq, Change.kind != ChangeKind.FLAG
        )
        lag, oldest = session.exec(waiting).one()
        return IndexStatus(
            engine=search.name,
            mark=mark.seq if mark else None,
            lag_changes=lag,
            lag_seconds=(now - oldest).total_seconds() if oldest else 0.0,
            documents=documents,
            ads=session.exec(select(func.count()).select_from(PublicAd)).one(),
            rejected=list(mark.rejected.values()) if mark else [],
        )


def _read_pages(archive: Engine, report: SyncReport) -> Iterator[list[SearchDocument]]:
    """Every ad in pages by id, each read in a transaction of its own."""
    last = 0
    while True:
        with read(archive) as session:
            page = read_documents(session, col(PublicAd.id) > last, CHANGES_AT_ONCE)
        if not page:
            return
        last = page[-1].ad_id
        report.documents += len(page)
        yield page


def _take_round(archive: Engine, search: SearchEngine, report: SyncReport, now: datetime) -> bool:
    """Send one round of changes and move the mark; returns whether there may be more."""
    if search.keeps_in_archive:
        with write(archive) as session:
            this = _read_round(session, search)
            rejected = search.write_batch(this.batch, session)
            moved = _move_position(session, search, this, rejected, now)
    else:
        with read(archive) as session:
            this = _read_round(session, search)
        rejected = search.write_batch(this.batch, None)
        with write(archive) as session:
            moved = _move_position(session, search, this, rejected, now)
    _add_round(report, this, rejected)
    return moved and this.changes == CHANGES_AT_ONCE


def _read_round(session: Session, search: SearchEngine) -> Round:
    mark = read_search_position(session, search.consumer)
    if mark is None:
        raise SearchUnavailableError("the search copy was dropped; type: paidforby index sync")
    changes = read_changes(session, mark.seq, CHANGES_AT_ONCE)
    last_seq = max((change.seq or 0 for change in changes), default=mark.seq)
    return Round(mark, last_seq, len(changes), _gather_batch(session, changes, mark))


def _gather_batch(session: Session, changes: Sequence[Change], mark: SearchMark) -> Batch:
    """Each changed ad once, as it is now."""
    kinds = {c.subject_id: c.kind for c in changes if c.kind in _AD_KINDS}
    with_text = {c.subject_id for c in changes if c.kind == ChangeKind.AD_CONTENT}
    # What the engine would not take is not there to be moved: it gets another chance as a whole.
    with_text |= kinds.keys() & mark.rejected.keys()
    batch = Batch()
    for document in load_documents(session, sorted(kinds)):
        (batch.documents if document.ad_id in with_text else batch.moved).append(document)
    present = {document.ad_id for document in (*batch.documents, *batch.moved)}
    batch.deleted = sorted(kinds.keys() - present)
    return batch


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
    sent = {document.ad_id for document in (*this.batch.documents, *this.batch.moved)}
    known = current.rejected if current else {}
    kept = {k: v for k, v in known.items() if k not in sent and k not in this.batch.deleted}
    if this.changes or not alone:
        new = {row.ad_id: row for row in rejected}
        move_search_position(session, search.consumer, seq, kept | new, now)
    return alone


def _add_round(report: SyncReport, this: Round, rejected: list[Rejection]) -> None:
    report.changes += this.changes
    report.documents += len(this.batch.documents)
    report.moved += len(this.batch.moved)
    report.deleted += len(this.batch.deleted)
    report.rejected += rejected
    report.seq = this.last_seq
