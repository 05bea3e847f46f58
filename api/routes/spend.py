"""Spend: sums of money with honest bounds, always from SQL."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.dependencies import IncludeOf, MomentOf, Reading, RoomsDep
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
from archive.spending.exchange_rates import read_rates

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
    convert_to: Annotated[
        str | None, Query(description="Currency to bring all amounts into (ISO 4217).")
    ] = None,
    include: IncludeOf = None,
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
        include=include,
        moment=moment,
    )


@router.get("/spend", response_model=SpendSummary, responses=CSV_TOO)
def get_spend(
    session: Reading,
    rooms: RoomsDep,
    query: Annotated[SpendQuery, Depends(read_query)],
    shape: FormatOf = Format.JSON,
) -> SpendSummary | Response:
    """Sums of money by group and currency, which are added up only with `convert_to`."""
    rates = read_rates(rooms.settings) if query.convert_to else None
    summary = summarise_spending(session, query, rates)
    if shape is Format.CSV:
        return answer_csv(SpendGroup, summary.groups)
    return summary
