"""Quarantined: batches that were implausible, what was decided about each, and what waits at which step."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import Cursor, Limit, Reading
from api.listings import (
    CSV_TOO,
    Listing,
    ShapeOf,
    answer_whole,
)
from api.parameters import SourceOf
from archive.models.runs import PieceStatus
from archive.reading.sources.quarantined import (
    PutAsideView,
    QuarantinedBatchView,
    list_put_aside,
    list_quarantined,
)

router = APIRouter(prefix="/quarantined", tags=["sources"])


@router.get("/steps", response_model=Listing[PutAsideView])
def get_put_aside(session: Reading) -> Listing[PutAsideView]:
    """How much waits at which step, until it is tried again or settled."""
    return answer_whole(session, list_put_aside(session))


@router.get("", response_model=Listing[QuarantinedBatchView], responses=CSV_TOO)
def get_quarantined_batches(
    session: Reading,
    shape: ShapeOf,
    source: SourceOf,
    status: Annotated[
        PieceStatus | None, Query(description="Only those open, or settled so.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[QuarantinedBatchView] | Response:
    """Batches that were quarantined, newest first."""
    page = list_quarantined(session, source, status, cursor, limit)
    return shape.answer_page(QuarantinedBatchView, page)
