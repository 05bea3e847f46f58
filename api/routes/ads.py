"""Ads: many by a filter, one by its permanent id, its versions, numbers, vanished periods and evidence."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from api.dependencies import Cursor, Limit, MomentOf, Reading
from api.listings import (
    CSV_TOO,
    Format,
    FormatOf,
    Listing,
    ShapeOf,
    answer_csv,
    answer_whole,
)
from api.questions import AdQuestion
from archive.duplicates.reading import AdCopies, list_copies
from archive.errors import QuestionError
from archive.reading import (
    list_ads,
    list_evidence,
    list_metrics,
    list_newest_ads,
    list_vanished_periods,
    list_versions,
    read_ad,
)
from archive.reading.views import (
    AdItem,
    AdView,
    EvidenceView,
    MetricView,
    VanishedPeriodView,
    VersionView,
)
from archive.records.identity import public_id

router = APIRouter(prefix="/ads", tags=["ads"])


class Order(StrEnum):
    """Which ads stand first."""

    OLDEST = "oldest"
    NEWEST = "newest"


def read_ad_id(
    source: Annotated[str, Path(description="The source of the ad.")],
    ref: Annotated[str, Path(description="The source's id of the ad, percent-encoded.")],
) -> str:
    """The permanent id that a path stands for."""
    return public_id(source, ref)


AdId = Annotated[str, Depends(read_ad_id)]


@router.get("", response_model=Listing[AdItem], responses=CSV_TOO)
def get_ads(
    session: Reading,
    shape: ShapeOf,
    asked: Annotated[AdQuestion, Query()],
    moment: MomentOf,
    sort: Annotated[
        Order, Query(description="By when the archive learned of them; as of a time oldest only.")
    ] = Order.OLDEST,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[AdItem] | Response:
    """Ads in the order in which the archive learned of them, or the newest of them first."""
    wanted = asked.build_filter(session)
    if sort is Order.OLDEST:
        page = list_ads(session, wanted, cursor, limit, moment)
    elif moment.is_now:
        page = list_newest_ads(session, wanted, cursor, limit)
    else:
        raise QuestionError("sort", "as of a time ads stand oldest first; leave sort out")
    return shape.answer_page(AdItem, page)


# These stand before the ad itself: an id may hold slashes, so its path takes all that is left.
@router.get("/{source}/{ref:path}/versions")
def get_ad_versions(session: Reading, ad_id: AdId, moment: MomentOf) -> Listing[VersionView]:
    """Every version of an ad, oldest observation first, each with what it changed."""
    return answer_whole(session, list_versions(session, ad_id, moment), moment)


@router.get("/{source}/{ref:path}/metrics", response_model=Listing[MetricView], responses=CSV_TOO)
def get_ad_metrics(
    session: Reading, ad_id: AdId, moment: MomentOf, shape: ShapeOf
) -> Listing[MetricView] | Response:
    """The numbers of an ad over time."""
    metrics = list_metrics(session, ad_id, moment)
    return shape.answer_whole(session, MetricView, metrics, moment)


@router.get("/{source}/{ref:path}/vanished")
def get_vanished_periods(
    session: Reading, ad_id: AdId, moment: MomentOf
) -> Listing[VanishedPeriodView]:
    """The periods in which complete runs did not find an ad."""
    return answer_whole(session, list_vanished_periods(session, ad_id, moment), moment)


@router.get("/{source}/{ref:path}/evidence")
def get_ad_evidence(session: Reading, ad_id: AdId) -> Listing[EvidenceView]:
    """Hash, address and time of the captures an ad stands in."""
    return answer_whole(session, list_evidence(session, ad_id))


@router.get("/{source}/{ref:path}/copies")
def get_ad_copies(session: Reading, ad_id: AdId) -> AdCopies:
    """Ads that say the same, or the same of other names, each with why; it knows only now."""
    return list_copies(session, ad_id)


@router.get("/{source}/{ref:path}", response_model=AdView, responses=CSV_TOO)
def get_ad(
    session: Reading, ad_id: AdId, moment: MomentOf, shape: FormatOf = Format.JSON
) -> AdView | Response:
    """One ad, now or as it was at a moment; as CSV its facts in one row."""
    ad = read_ad(session, ad_id, moment)
    return answer_csv(AdView, [ad]) if shape is Format.CSV else ad
