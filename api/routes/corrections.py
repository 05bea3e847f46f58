"""Corrections: published figures that changed otherwise than by time going on."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import Cursor, IncludeOf, Limit, MomentOf, Reading
from api.listings import (
    CSV_TOO,
    Listing,
    ShapeOf,
)
from api.parameters import SourceOf
from archive.reading.corrections import CorrectionFilter, CorrectionView, list_corrections
from archive.spending import SpendMeasure

router = APIRouter(prefix="/corrections", tags=["corrections"])


@router.get("", response_model=Listing[CorrectionView], responses=CSV_TOO)
def get_corrections(
    session: Reading,
    shape: ShapeOf,
    moment: MomentOf,
    source: SourceOf,
    measure: Annotated[SpendMeasure | None, Query(description="Only figures of this kind.")] = None,
    subject: Annotated[
        str | None, Query(description="Only this ad, statement or filed row.")
    ] = None,
    advertiser_id: Annotated[
        str | None, Query(description="Only this advertiser, under all ids it ever had.")
    ] = None,
    include: IncludeOf = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[CorrectionView] | Response:
    """Corrections, the one learned last first."""
    wanted = CorrectionFilter(source, measure, subject, advertiser_id, include)
    page = list_corrections(session, wanted, cursor, limit, moment)
    return shape.answer_page(CorrectionView, page)
