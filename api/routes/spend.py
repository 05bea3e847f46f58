"""Spend: sums of money with honest bounds, always from SQL."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import MomentOf, Reading, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, answer_csv
from api.questions import SpendQuestion
from archive.spending import SpendGroup, SpendSummary, summarise_spending
from archive.spending.exchange_rates import read_rates

router = APIRouter(tags=["spend"])


@router.get("/spend", response_model=SpendSummary, responses=CSV_TOO)
def get_spend(
    session: Reading,
    rooms: RoomsDep,
    moment: MomentOf,
    asked: Annotated[SpendQuestion, Query()],
    shape: FormatOf = Format.JSON,
) -> SpendSummary | Response:
    """Sums of money by group and currency, which are added up only with `convert_to`."""
    rates = read_rates(rooms.settings) if asked.convert_to else None
    summary = summarise_spending(session, asked.build_query(moment, rooms.now().date()), rates)
    if shape is Format.CSV:
        return answer_csv(SpendGroup, summary.groups)
    return summary
