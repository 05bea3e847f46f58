"""Advertisers: who runs ads, as each source names them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from api.dependencies import Cursor, Limit, Reading
from api.listings import Listing, answer_page
from archive.reading import list_advertisers, read_advertiser
from archive.reading.views import AdvertiserItem, AdvertiserView

router = APIRouter(prefix="/advertisers", tags=["advertisers"])


@router.get("")
def get_advertisers(
    request: Request,
    session: Reading,
    source: Annotated[str | None, Query(description="Only advertisers of this source.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[AdvertiserItem]:
    """Advertisers in the order of their ids."""
    return answer_page(request, list_advertisers(session, source, cursor, limit))


@router.get("/{advertiser_id:path}")
def get_advertiser(
    session: Reading,
    advertiser_id: Annotated[str, Path(description="Our id of the advertiser.")],
) -> AdvertiserView:
    """One advertiser with its names and payers."""
    return read_advertiser(session, advertiser_id)
