"""Disclosures: expenditures filed with authorities, as disclosed by a moment, now or earlier."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import Cursor, Limit, MomentOf, Reading
from api.listings import (
    CSV_TOO,
    Listing,
    ShapeOf,
)
from api.parameters import SourceOf
from api.questions import PayeeOf
from archive.reading import list_disclosures
from archive.reading.disclosures import DisclosureFilter
from archive.reading.views import DisclosureView

router = APIRouter(prefix="/disclosures", tags=["disclosures"])


@router.get("", response_model=Listing[DisclosureView], responses=CSV_TOO)
def get_disclosures(
    session: Reading,
    shape: ShapeOf,
    moment: MomentOf,
    source: SourceOf,
    payee: PayeeOf,
    committee_ref: Annotated[str | None, Query(description="Only this filer.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[DisclosureView] | Response:
    """Disclosed expenditures, in the order in which the archive learned of them."""
    wanted = DisclosureFilter(source, committee_ref, payee)
    page = list_disclosures(session, wanted, cursor, limit, moment)
    return shape.answer_page(DisclosureView, page)
