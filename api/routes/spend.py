"""Spend: sums of money with honest bounds, always from SQL."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.dependencies import MomentOf, Reading
from api.listings import CSV_TOO, Format, FormatOf, answer_csv
from archive.spending import (
    SpendBasis,
    SpendBy,
    SpendGroup,
    SpendMeasure,
    SpendQuery,
    SpendSummary,
    summarise_spending,
)

router = APIRouter(tags=["spend"])


def read_query(
    moment: MomentOf,
    by: Annotated[SpendBy | None, Query(description="What to split by; empty: not split.")] = None,
    measure: Annotated[
        SpendMeasure, Query(description="Whose figure: ads, reported or disclosed.")
    ] = SpendMeasure.ADS,
    basis: Annotated[
        SpendBasis | None,
        Query(description="lifetime, bounds or estimate; empty: bounds with a period."),
    ] = None,
    from_on: Annotated[date | None, Query(alias="from", description="First day.")] = None,
    to_on: Annotated[date | None, Query(alias="to", description="Last day, inclusive.")] = None,
    source: Annotated[str | None, Query(description="Only this source.")] = None,
    platform: Annotated[str | None, Query(description="Only this platform.")] = None,
    country: Annotated[str | None, Query(description="Only ads shown in this country.")] = None,
    currency: Annotated[str | None, Query(description="Only this currency.")] = None,
    advertiser_id: Annotated[str | None, Query(description="Only this advertiser.")] = None,
    payer_name: Annotated[str | None, Query(description="Only this payer.")] = None,
    convert_to: Annotated[str | None, Query(description="Not yet: refused.")] = None,
) -> SpendQuery:
    """The question about money that an address asks."""
    return SpendQuery(
        by=by,
        measure=measure,
        basis=basis,
        from_on=from_on,
        to_on=to_on,
        source=source,
        platform=platform,
        country=country,
        currency=currency,
        advertiser_id=advertiser_id,
        payer_name=payer_name,
        convert_to=convert_to,
        moment=moment,
    )


@router.get("/spend", response_model=SpendSummary, responses=CSV_TOO)
def get_spend(
    session: Reading,
    query: Annotated[SpendQuery, Depends(read_query)],
    shape: FormatOf = Format.JSON,
) -> SpendSummary | Response:
    """Sums of money by group and currency; currencies are never added up."""
    summary = summarise_spending(session, query)
    if shape is Format.CSV:
        return answer_csv(SpendGroup, summary.groups)
    return summary
