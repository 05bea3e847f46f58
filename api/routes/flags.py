"""Flags: people's marks on ads; seen by people with a role until a decision makes them public."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import AnyRole, Flagger, Reviewer
from api.dependencies import Cursor, Limit, Reading, RoomsDep
from api.listings import Listing, answer_page
from archive.models.oversight import CaseState
from archive.store.database import write
from oversight.cases.decision_register import (
    DecisionView,
    FlagView,
    list_flags,
    read_decision,
    show_flag,
)
from oversight.cases.decisions import DecisionDraft, decide_flag
from oversight.cases.flags import raise_flag, read_flag
from oversight.cases.powers import DecisionOutcome
from oversight.cases.texts import MAX_TEXT

router = APIRouter(prefix="/flags", tags=["oversight"])

Reference = Annotated[str, Path(description="The flag's number, as F-2026-00001.")]


class NewFlag(BaseModel):
    """What a person says who flags an ad."""

    model_config = ConfigDict(extra="forbid")

    ad: str = Field(description="Permanent id of the ad, `<source>:<ref>`.")
    rule: str = Field(description="Id of the rule that the ad may not meet.")
    note: str = Field(min_length=1, max_length=MAX_TEXT, description="Why.")


class NewDecision(BaseModel):
    """What a person decides about a flag, and why."""

    model_config = ConfigDict(extra="forbid")

    outcome: DecisionOutcome = Field(
        description="From the closed list; the operator's kind bounds which."
    )
    reasons: str = Field(min_length=1, max_length=MAX_TEXT, description="Statement of reasons.")
    legal_basis: str = Field(
        min_length=1, max_length=MAX_TEXT, description="Provision it rests on."
    )
    plain_summary: str = Field(
        min_length=1, max_length=MAX_TEXT, description="The same for everyone, in short sentences."
    )


@router.get("")
def get_flags(
    request: Request,
    session: Reading,
    _person: AnyRole,
    state: Annotated[CaseState | None, Query(description="Only flags that stand there.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[FlagView]:
    """Flags, newest first."""
    return answer_page(request, list_flags(session, state=state, cursor=cursor, limit=limit))


@router.get("/{reference}")
def get_flag(session: Reading, _person: AnyRole, reference: Reference) -> FlagView:
    """One flag with its steps."""
    return show_flag(session, read_flag(session, reference))


@router.post("", status_code=201)
def post_flag(rooms: RoomsDep, person: Flagger, said: NewFlag, response: Response) -> FlagView:
    """Flag the current version of an ad under a rule."""
    rule = rooms.find_rule(said.rule)
    with write(rooms.engine) as session:
        flag = raise_flag(session, said.ad, rule, said.note, person, rooms.now())
        view = show_flag(session, flag)
    response.headers["Location"] = f"/api/v1/flags/{view.reference}"
    return view


@router.post("/{reference}/decision", status_code=201)
def post_decision(
    rooms: RoomsDep, person: Reviewer, reference: Reference, said: NewDecision, response: Response
) -> DecisionView:
    """Decide an open flag that somebody else raised; the decision is public at once."""
    draft = DecisionDraft(**said.model_dump())
    with write(rooms.engine) as session:
        flag = read_flag(session, reference)
        decision = decide_flag(session, flag, draft, person, rooms.settings, rooms.now())
        view = read_decision(session, decision.reference)
    response.headers["Location"] = f"/api/v1/decisions/{view.reference}"
    return view
