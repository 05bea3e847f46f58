"""How a search copy stands to the archive: whose it is, how far it follows, whether its counts are right."""

from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, col, func, select

from archive.models import Change, PublicAd, QuarantinedPiece
from archive.models.changes import ChangeKind
from archive.models.runs import PieceStatus
from archive.records import QuarantineStage
from archive.store.batches import cut_batches
from archive.store.changes import last_change_seq
from archive.store.database import read
from config.counts import write_count
from search.copies.consumer_position import (
    MOST_COUNTED,
    AdCount,
    Position,
    count_ads,
    read_search_position,
    refuse_unnamed,
)
from search.copy_mark import SearchCopy
from search.indexed.documents import Rejection
from search.port import ForeignCopyError, SearchEngine

_NOT_SEARCHED = (ChangeKind.FLAG, ChangeKind.AD_SEEN)


class IndexStatus(SQLModel):
    """How the search copy stands to the archive."""

    engine: str = Field(description="embedded or meilisearch.")
    mark: int | None = Field(
        description="Every change up to this one is in the engine; not told in public."
    )
    lag_changes: int = Field(
        description=f"Changes not in the engine yet; at most {MOST_COUNTED:,} are counted."
    )
    lag_seconds: float = Field(description="Age of the oldest change not in the engine yet.")
    documents: int | None = Field(description="Ads in the engine; empty when never filled.")
    ads: int = Field(description="Ads in the archive, counted at most a minute ago.")
    rejected: list[Rejection] = Field(description="Ads it could not take, put aside.")
    is_answering: bool = Field(
        default=False,
        description="Whether questions are answered from it; else the archive itself answers them.",
    )
    is_foreign: bool = Field(
        default=False, description="Whether the engine holds the copy of another archive instead."
    )
    faults: list[str] = Field(
        default_factory=list,
        description="What is wrong with the copy, in sentences; empty: nothing. The next sync repairs all "
        "but the copy of another archive.",
    )


def index_status(
    archive: Engine, search: SearchEngine, now: datetime, counted: AdCount | None = None
) -> IndexStatus:
    """Mark, lag, counts, and what is wrong; `counted` spares counting the archive's ads again.

    Raises:
        SearchUnavailableError: if the engine does not answer.
    """
    copy = search.read_copy()
    with read(archive) as session:
        faults = []
        try:
            refuse_unnamed(session, search, copy)
            position = read_search_position(session, search, copy.mark if copy else None)
        except ForeignCopyError as error:
            position, faults = None, [f"Search holds the copy of {error.whose}."]
        lag, oldest = _measure_lag(session, position)
        status = IndexStatus(
            engine=search.name,
            mark=position.seq if position else None,
            lag_changes=lag,
            lag_seconds=(now - oldest).total_seconds() if oldest else 0.0,
            documents=copy.documents if copy and position else None,
            ads=0,
            rejected=_list_rejected(session),
            is_answering=bool(copy and copy.is_usable and position),
            is_foreign=bool(faults),
            faults=faults,
        )
        counted = counted or count_ads(session)
        status.ads = counted.ads
        if copy and position:
            status.faults = _judge(copy, position, status, counted, last_change_seq(session))
    return status


def _judge(
    copy: SearchCopy, position: Position, status: IndexStatus, counted: AdCount, last_seq: int
) -> list[str]:
    """What is wrong with a copy that is followed; each change since either count may be an ad."""
    if not copy.is_usable:
        return ["Search has lost the settings of its copy."]
    difference = abs(counted.ads - len(status.rejected) - copy.documents)
    if difference > last_seq - min(position.seq, counted.seq):
        return [f"Search holds {write_count(copy.documents, 'ad')}, the archive {counted.ads:,}."]
    return []


def _measure_lag(session: Session, position: Position | None) -> tuple[int, datetime | None]:
    """How many changes wait, and when the oldest of them was recorded."""
    waiting = (
        select(Change.recorded_at)
        .where(
            col(Change.seq) > (position.seq if position else 0),
            col(Change.kind).not_in(_NOT_SEARCHED),
        )
        .limit(MOST_COUNTED)
        .subquery()
    )
    times = select(func.count(), func.min(waiting.c.recorded_at)).select_from(waiting)
    return session.exec(times).one()


def _list_rejected(session: Session) -> list[Rejection]:
    """Ads that are put aside, for everyone: without the program's words."""
    put_aside = select(QuarantinedPiece.subject, QuarantinedPiece.reason).where(
        QuarantinedPiece.status == PieceStatus.QUARANTINED,
        QuarantinedPiece.stage == QuarantineStage.SEARCH,
    )
    reasons = dict(session.exec(put_aside).all())
    # Joined with all ads, SQLite walks through every one of them.
    shown: list[tuple[int, str]] = []
    for some in cut_batches(sorted(reasons)):
        named = col(PublicAd.public_id).in_(some)
        shown += session.exec(select(PublicAd.id, PublicAd.public_id).where(named)).all()
    return [
        Rejection(ad_id=ad_id, id=public_id, reason=reasons[public_id])
        for ad_id, public_id in sorted(shown)
    ]
