"""Advertisers: who runs ads, as each source names them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Cursor, IncludeOf, Limit, MomentOf, Reading
from api.listings import (
    CSV_TOO,
    Format,
    FormatOf,
    Listing,
    ShapeOf,
    answer_csv,
)
from api.parameters import SourceOf
from archive.reading import list_advertisers, read_advertiser
from archive.reading.views import AdvertiserItem, AdvertiserView

router = APIRouter(prefix="/advertisers", tags=["advertisers"])


@router.get("", response_model=Listing[AdvertiserItem], responses=CSV_TOO)
def get_advertisers(
    session: Reading,
    shape: ShapeOf,
    moment: MomentOf,
    source: SourceOf,
    name: Annotated[
        str | None, Query(description="Only those that ever went by a name with these words.")
    ] = None,
    include: IncludeOf = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[AdvertiserItem] | Response:
    """Advertisers in the order of their ids."""
    page = list_advertisers(session, source, cursor, limit, moment, name, include)
    return shape.answer_page(AdvertiserItem, page)


@router.get("/{advertiser_id:path}", response_model=AdvertiserView, responses=CSV_TOO)
def get_advertiser(
    session: Reading,
    moment: MomentOf,
    advertiser_id: Annotated[str, Path(description="Our id of the advertiser.")],
    shape: FormatOf = Format.JSON,
) -> AdvertiserView | Response:
    """One advertiser with its names and payers; as CSV one row."""
    advertiser = read_advertiser(session, advertiser_id, moment)
    return answer_csv(AdvertiserView, [advertiser]) if shape is Format.CSV else advertiser
