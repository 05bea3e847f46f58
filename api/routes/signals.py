"""Signals: what rules asked about single ads; for people with a role, never for the public."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request

from api.auth import CaseReader
from api.dependencies import Cursor, Limit, Reading
from api.listings import Listing, answer_page
from archive.models.oversight import SignalStatus
from oversight.evaluation.signal_list import SignalFilter, SignalView, list_signals

router = APIRouter(prefix="/signals", tags=["oversight"])


@router.get("")
def get_signals(
    request: Request,
    session: Reading,
    person: CaseReader,
    ad_id: Annotated[str | None, Query(description="Only signals about this ad.")] = None,
    rule_id: Annotated[str | None, Query(description="Only signals of this rule.")] = None,
    answer: Annotated[
        Literal["not_met", "cannot_tell"] | None, Query(description="Only this answer.")
    ] = None,
    historic: Annotated[
        bool, Query(description="Also those about elections that are over.")
    ] = False,
    status: Annotated[
        SignalStatus | None,
        Query(
            description="Only these; without it, what rules answer now, about earlier versions of ads too."
        ),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[SignalView]:
    """Signals with their reckoning, newest first; those of a rule in shadow for who brought it there only."""
    wanted = SignalFilter(ad_id, rule_id, answer, historic, status, reader=person.name)
    return answer_page(request, list_signals(session, wanted, cursor, limit))
