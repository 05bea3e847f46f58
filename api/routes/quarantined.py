"""Quarantined: batches that were implausible, and what a person decided about each."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Cursor, Limit, Reading
from api.listings import CSV_TOO, Format, FormatOf, Listing, answer_csv, answer_page, link_next
from archive.models.runs import PieceStatus
from archive.reading.sources.quarantined import QuarantinedBatchView, list_quarantined

router = APIRouter(prefix="/quarantined", tags=["sources"])


@router.get("", response_model=Listing[QuarantinedBatchView], responses=CSV_TOO)
def get_quarantined(
    request: Request,
    session: Reading,
    source: Annotated[str | None, Query(description="Only batches of this source.")] = None,
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
