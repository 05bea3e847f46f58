"""Decisions: the public register."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.dependencies import Cursor, Limit, Reading, RoomsDep
from api.listings import (
    CSV_TOO,
    Format,
    FormatOf,
    Listing,
    ShapeOf,
    answer_csv,
)
from oversight.cases.decision_register import DecisionView, list_decisions, read_decision

router = APIRouter(prefix="/decisions", tags=["oversight"])


@router.get("", response_model=Listing[DecisionView], responses=CSV_TOO)
def get_decisions(
    rooms: RoomsDep,
    session: Reading,
    shape: ShapeOf,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[DecisionView] | Response:
    """Every decision with its reasons, newest first."""
    page = list_decisions(session, rooms.book, cursor=cursor, limit=limit)
    return shape.answer_page(DecisionView, page)


@router.get("/{reference}", response_model=DecisionView, responses=CSV_TOO)
def get_decision(
    rooms: RoomsDep,
    session: Reading,
    reference: Annotated[str, Path(description="The decision's number, as D-2026-00001.")],
    shape: FormatOf = Format.JSON,
) -> DecisionView | Response:
    """One decision with its reasons; as CSV one row."""
    decision = read_decision(session, rooms.book, reference)
    return answer_csv(DecisionView, [decision]) if shape is Format.CSV else decision
