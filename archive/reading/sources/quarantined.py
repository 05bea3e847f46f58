"""What was put aside, for readers: batches that were implausible, and how many pieces wait at which step.

Pages, feeds, routes and the terminal take the words from here, so that all tell the same.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import QuarantinedBatch, QuarantinedPiece
from archive.models.runs import PieceStatus, QuarantineReason
from archive.reading.descriptions import view_of
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, count_rows, cut_page, decode_number
from archive.reading.reasons import tell_batch_reason
from archive.records import QuarantineStage
from archive.runs.quarantine import name_quarantined

LISTING = "quarantined batches"

PIECES = {
    QuarantineStage.READING: "pieces of files that could not be read",
    QuarantineStage.INGEST: "records that could not be taken in",
    QuarantineStage.EVALUATION: "ads that could not be held against the rules",
    QuarantineStage.SEARCH: "ads that the search copy could not take",
    QuarantineStage.MIRROR: "rows that the Parquet copy could not take",
    QuarantineStage.COPIES: "ads that could not be compared with others",
    QuarantineStage.MEDIA: "ads whose pictures or videos could not be fetched or measured",
    QuarantineStage.CRAWL: "parts that could not be crawled",
}

CAUSES = {
    QuarantineReason.SHRINK: "too much was gone at once",
    QuarantineReason.ABSURD_AMOUNT: "an amount was too large to be true",
    QuarantineReason.LOWERED_TOTAL: "amounts known before were lowered",
}


@view_of(QuarantinedBatch)
class QuarantinedBatchView(SQLModel):
    """A batch that was implausible, and what a person decided about it."""

    name: str = Field(description="Name of the batch: batch- and its number.")
    source: str
    partition: str
    cause: QuarantineReason
    reason: str
    figures: dict[str, Any]
    status: PieceStatus
    run_id: int
    capture_id: int | None
    quarantined_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    settled_because: str | None


def list_quarantined(
    session: Session,
    source: str | None = None,
    status: PieceStatus | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[QuarantinedBatchView]:
    """Batches that were implausible, newest first.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    matching = [] if source is None else [col(QuarantinedBatch.source) == source]
    matching += [] if status is None else [col(QuarantinedBatch.status) == status]
    query = select(QuarantinedBatch).where(*matching)
    query = query.order_by(col(QuarantinedBatch.id).desc()).limit(limit + 1)
    if (before := decode_number(LISTING, cursor)) is not None:
        query = query.where(col(QuarantinedBatch.id) < before)
    rows, following = cut_page(LISTING, session.exec(query).all(), limit, lambda row: row.id)
    count = partial(count_rows, session, QuarantinedBatch, matching)
    shown = [show_batch(row) for row in rows]
    return Page(shown, following, read_data_as_of(session), count=count)


class PutAsideView(SQLModel):
    """What waits at one step of one source until it is tried again or settled."""

    stage: QuarantineStage = Field(description="Step that could not take it.")
    source: str = Field(description="Source it comes from; empty: no single one.")
    what: str = Field(description="What it is, in words.")
    count: int = Field(description="How many.")
    since_at: datetime = Field(description="Since when the oldest waits.")


def list_put_aside(session: Session) -> list[PutAsideView]:
    """What waits, by step in the order of an ad's walk, then by source; never what a source said."""
    query = (
        select(
            QuarantinedPiece.stage,
            QuarantinedPiece.source,
            func.count(),
            func.min(QuarantinedPiece.quarantined_at),
        )
        .where(QuarantinedPiece.status == PieceStatus.QUARANTINED)
        .group_by(QuarantinedPiece.stage, QuarantinedPiece.source)
        .order_by(QuarantinedPiece.source)
    )
    waiting = []
    for name, source, count, since_at in session.exec(query):
        stage = QuarantineStage(name)
        waiting.append(
            PutAsideView(
                stage=stage, source=source, what=PIECES[stage], count=count, since_at=since_at
            )
        )
    steps = list(QuarantineStage)
    return sorted(waiting, key=lambda row: steps.index(row.stage))


def find_quarantined(session: Session) -> Mapping[str, Sequence[QuarantinedBatchView]]:
    """The batches that wait for a person, newest first, by source."""
    query = select(QuarantinedBatch).where(QuarantinedBatch.status == PieceStatus.QUARANTINED)
    waiting: defaultdict[str, list[QuarantinedBatchView]] = defaultdict(list)
    for row in session.exec(query.order_by(col(QuarantinedBatch.id).desc())):
        waiting[row.source].append(show_batch(row))
    return dict(waiting)


def show_batch(row: QuarantinedBatch) -> QuarantinedBatchView:
    """A batch as readers see it: nothing is said of the row it was refused for."""
    figures = {name: value for name, value in row.figures.items() if name != "row"}
    told = {"name": name_quarantined(row), "reason": tell_batch_reason(row), "figures": figures}
    return QuarantinedBatchView.model_validate(row, update=told)


def tell_batch(batch: QuarantinedBatchView) -> str:
    """What happened to a batch, in a sentence or two."""
    if batch.status == PieceStatus.QUARANTINED:
        return f"{batch.reason}. It is not taken in until a person decides."
    return f"{batch.reason}. {tell_decision(batch)}"


def tell_decision(batch: QuarantinedBatchView) -> str:
    """What a person decided about a batch, and why."""
    if batch.status == PieceStatus.REJECTED:
        verdict = "Rejected"
    elif batch.cause == QuarantineReason.SHRINK:
        verdict = (
            f"Published as a mass takedown of {batch.figures['gone']:,} {batch.figures['what']}"
        )
    else:
        verdict = "Taken in"
    return f"{verdict} by {batch.settled_by}, because: {batch.settled_because}"
