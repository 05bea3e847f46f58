"""Disclosures: expenditures filed with authorities, as disclosed by a moment, now or earlier."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Cursor, Limit, MomentOf, Reading
from api.listings import CSV_TOO, Format, FormatOf, Listing, answer_csv, answer_page, link_next
from archive.models import NameKind
from archive.names.reading import list_spellings
from archive.reading import list_disclosures
from archive.reading.disclosures import DisclosureFilter
from archive.reading.views import DisclosureView

router = APIRouter(prefix="/disclosures", tags=["disclosures"])


@router.get("", response_model=Listing[DisclosureView], responses=CSV_TOO)
def get_disclosures(
    request: Request,
    session: Reading,
    moment: MomentOf,
    source: Annotated[str | None, Query(description="Only this source.")] = None,
    committee_ref: Annotated[str | None, Query(description="Only this filer.")] = None,
    payee_name: Annotated[
        str | None, Query(description="Only this payee, however the name is spelt.")
    ] = None,
    payee_spelling: Annotated[
        str | None, Query(description="Only this payee, spelt letter by letter so.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    shape: FormatOf = Format.JSON,
) -> Listing[DisclosureView] | Response:
    """Disclosed expenditures, in the order in which the archive learned of them."""
    names = list_spellings(session, NameKind.PAYEE, payee_name) if payee_name else None
    wanted = DisclosureFilter(source, committee_ref, payee_spelling, payee_names=names)
    page = list_disclosures(session, wanted, cursor, limit, moment)
    if shape is Format.CSV:
        return answer_csv(DisclosureView, page.items, link_next(request, page.next_cursor))
    return answer_page(request, page)
