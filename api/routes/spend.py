"""Spend: sums of money with honest bounds, always from SQL."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import MomentOf, Reading, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf
from api.questions import SpendQuestion
from api.tables import write_csv
from archive.spending import SpendGroup, SpendSummary

router = APIRouter(tags=["spend"])

MEDIA_TYPES = {Format.JSON: "application/json", Format.CSV: "text/csv"}


@router.get("/spend", response_model=SpendSummary, responses=CSV_TOO)
def get_spend(
    session: Reading,
    rooms: RoomsDep,
    moment: MomentOf,
    asked: Annotated[SpendQuestion, Query()],
    shape: FormatOf = Format.JSON,
) -> Response:
    """Sums of money by group and currency, which are added up only with `convert_to`."""
    query = asked.build_query(session, moment, rooms.now().date())

    def write() -> bytes:
        summary = rooms.answer_spending(session, query)
        if shape is Format.CSV:
            return write_csv(summary.groups, list(SpendGroup.model_fields)).encode()
        return summary.model_dump_json().encode()

    answer = rooms.keep_spending(session, (query, shape), write, len)
    return Response(answer, media_type=MEDIA_TYPES[shape])
