"""Ads: many by a filter, one by its permanent id, its versions, numbers, vanished periods and evidence."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.dependencies import Cursor, IncludeOf, Limit, MomentOf, Reading
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
from api.questions import Day
from archive.duplicates.reading import AdCopies, list_copies
from archive.errors import QuestionError
from archive.reading import (
    AdFilter,
    list_ads,
    list_evidence,
    list_metrics,
    list_vanished_periods,
    list_versions,
    read_ad,
)
from archive.reading.ads.ads import Declared
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


def read_filter(
    source: Annotated[str | None, Query(description="Only ads of this source.")] = None,
    platform: Annotated[str | None, Query(description="Only ads of this platform.")] = None,
    country: Annotated[
        str | None, Query(description="Only ads shown in this country (ISO 3166-1 alpha-2).")
    ] = None,
    advertiser_id: Annotated[
        str | None, Query(description="Only ads of this advertiser, by our id.")
    ] = None,
    payer_name: Annotated[str | None, Query(description="Only ads of this payer.")] = None,
    currency: Annotated[str | None, Query(description="Only ads in this currency.")] = None,
    state: Annotated[str | None, Query(description="seen or vanished.")] = None,
    election: Annotated[
        str | None,
        Query(description="Only ads of this election, by the source's name, or unknown."),
    ] = None,
    declared_political: Annotated[
        Declared | None, Query(description="Whether it was declared political, or unknown.")
    ] = None,
    from_on: Annotated[
        Day | None, Query(alias="from", description="Only ads that ran on this day or later.")
    ] = None,
    to_on: Annotated[
        Day | None, Query(alias="to", description="Only ads that ran on this day or before.")
    ] = None,
    include: IncludeOf = None,
) -> AdFilter:
    """The filter a list of ads is asked with."""
    return AdFilter(
        source=source,
        platform=platform,
        country=country,
        advertiser_id=advertiser_id,
        payer_name=payer_name,
        currency=currency,
        state=state,
        election=election,
        declared_political=declared_political,
        from_on=from_on,
        to_on=to_on,
        include=include,
    )


def read_ad_id(
    source: Annotated[str, Path(description="The source of the ad.")],
    ref: Annotated[str, Path(description="The source's id of the ad, percent-encoded.")],
) -> str:
    """The permanent id that a path stands for."""
    return public_id(source, ref)


AdId = Annotated[str, Depends(read_ad_id)]


@router.get("", response_model=Listing[AdItem], responses=CSV_TOO)
def get_ads(
    request: Request,
    session: Reading,
    wanted: Annotated[AdFilter, Depends(read_filter)],
    moment: MomentOf,
    cursor: Cursor = None,
    limit: Limit = 50,
    shape: FormatOf = Format.JSON,
) -> Listing[AdItem] | Response:
    """Ads in the order in which the archive learned of them."""
    page = list_ads(session, wanted, cursor, limit, moment)
    if shape is Format.CSV:
        return answer_csv(AdItem, page.items, link_next(request, page.next_cursor))
    return answer_page(request, page)


# These stand before the ad itself: an id may hold slashes, so its path takes all that is left.
@router.get("/{source}/{ref:path}/versions")
def get_versions(session: Reading, ad_id: AdId, moment: MomentOf) -> Listing[VersionView]:
    """Every version of an ad, oldest observation first, each with what it changed."""
    return answer_whole(session, list_versions(session, ad_id, moment), moment)


@router.get("/{source}/{ref:path}/metrics", response_model=Listing[MetricView], responses=CSV_TOO)
def get_metrics(
    session: Reading, ad_id: AdId, moment: MomentOf, shape: FormatOf = Format.JSON
) -> Listing[MetricView] | Response:
    """The numbers of an ad over time."""
    metrics = list_metrics(session, ad_id, moment)
    if shape is Format.CSV:
        return answer_csv(MetricView, metrics)
    return answer_whole(session, metrics, moment)


@router.get("/{source}/{ref:path}/vanished")
def get_vanished_periods(
    session: Reading, ad_id: AdId, moment: MomentOf
) -> Listing[VanishedPeriodView]:
    """The periods in which complete runs did not find an ad."""
    return answer_whole(session, list_vanished_periods(session, ad_id, moment), moment)


@router.get("/{source}/{ref:path}/evidence")
def get_evidence(session: Reading, ad_id: AdId) -> Listing[EvidenceView]:
    """Hash, address and time of the captures an ad stands in."""
    return answer_whole(session, list_evidence(session, ad_id))


@router.get("/{source}/{ref:path}/copies")
def get_copies(session: Reading, ad_id: AdId, moment: MomentOf) -> AdCopies:
    """Ads that say the same, or the same of other names, each with why; it knows only now."""
    if not moment.is_now:
        field = "as_of" if moment.as_of else "valid_at"
        raise QuestionError(field, f"this list knows only now; leave {field} out")
    return list_copies(session, ad_id)


@router.get("/{source}/{ref:path}", response_model=AdView, responses=CSV_TOO)
def get_ad(
    session: Reading, ad_id: AdId, moment: MomentOf, shape: FormatOf = Format.JSON
) -> AdView | Response:
    """One ad, now or as it was at a moment; as CSV its facts in one row."""
    ad = read_ad(session, ad_id, moment)
    return answer_csv(AdView, [ad]) if shape is Format.CSV else ad
