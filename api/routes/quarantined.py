"""Quarantined: batches that were implausible, what was decided about each, and what waits at which step."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Cursor, Limit, Reading
from api.listings import (
    CSV_TOO,
    Format,
    FormatOf,
    Listing,
    answer_csv,
    answer_page,
    answer_whole,
    link_next,
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
def get_quarantined(
    request: Request,
    session: Reading,
    source: SourceOf,
    status: Annotated[
        PieceStatus | None, Query(description="Only those open, or settled so.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    shape: FormatOf = Format.JSON,
) -> Listing[QuarantinedBatchView] | Response:
    """Batches that were quarantined, newest first."""
    page = list_quarantined(session, source, status, cursor, limit)
    if shape is Format.CSV:
        return answer_csv(QuarantinedBatchView, page.items, link_next(request, page.next_cursor))
    return answer_page(request, page)
