"""Flags: people's marks on ads; seen by people with a role until a decision makes them public."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CaseReader, Decider, Flagger
from api.dependencies import Cursor, Limit, Reading, RoomsDep
from api.listings import Listing, answer_page
from archive.models.oversight import CaseState
from archive.reading.descriptions import quote_field
from oversight.cases.decision_register import (
    DecisionView,
    FlagView,
    list_flags,
    read_decision,
    show_flag,
)
from oversight.cases.decisions import DecisionDraft, decide_flag
from oversight.cases.errors import SeenVersions
from oversight.cases.flags import raise_flag, read_flag
from oversight.cases.powers import DecisionOutcome
from oversight.cases.texts import MAX_TEXT

router = APIRouter(prefix="/flags", tags=["oversight"])

Reference = Annotated[str, Path(description="The flag's number, as F-2026-00001.")]


class NewFlag(BaseModel):
    """What a person says who flags an ad."""

    model_config = ConfigDict(extra="forbid")

    ad_id: str = Field(description="Permanent id of the ad, `<source>:<ref>`.")
    ad_version: int = Field(description=quote_field(SeenVersions, "ad_version"))
    rule_id: str = Field(description="Id of the rule that the ad may not meet.")
    rule_sha256: str = Field(description=quote_field(SeenVersions, "rule_sha256"))
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
    rooms: RoomsDep,
    session: Reading,
    _person: CaseReader,
    state: Annotated[CaseState | None, Query(description="Only flags that stand there.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[FlagView]:
    """Flags, newest first."""
    return answer_page(
        request, list_flags(session, rooms.book, state=state, cursor=cursor, limit=limit)
    )


@router.get("/{reference}")
def get_flag(
    rooms: RoomsDep, session: Reading, _person: CaseReader, reference: Reference
) -> FlagView:
    """One flag with its steps, and what the rule answers about the ad, both as they were flagged."""
    return show_flag(session, rooms.book, read_flag(session, reference))


@router.post("", status_code=201)
def post_flag(rooms: RoomsDep, person: Flagger, said: NewFlag, response: Response) -> FlagView:
    """Flag an ad under a rule, both in the versions you looked at.

    409 with `seen` and `current` when either has another version by now; 409 naming the case when one on
    this ad and rule is open, or is decided and nothing has changed since; 409 when the rule is suspended.
    """
    seen = SeenVersions(ad_version=said.ad_version, rule_sha256=said.rule_sha256)
    with rooms.writing() as session:
        rule = rooms.book.find_in_use(session, said.rule_id)
        flag = raise_flag(session, said.ad_id, rule, seen, said.note, person, rooms.now())
        view = show_flag(session, rooms.book, flag)
    response.headers["Location"] = f"/api/v1/flags/{view.reference}"
    return view


@router.post("/{reference}/decision", status_code=201)
def post_decision(
    rooms: RoomsDep, person: Decider, reference: Reference, said: NewDecision, response: Response
) -> DecisionView:
    """Decide an open flag that somebody else raised; the decision is public at once.

    `warning`, `request_label`, `request_complete_notice`, `request_stop` and `referral` need a rule that
    is law, was in force while the ad ran, is in use and applies to the ad, and one of the rule's own
    citations as `legal_basis`; else 422 names what is lacking.
    """
    draft = DecisionDraft(**said.model_dump())
    with rooms.writing() as session:
        flag = read_flag(session, reference)
        decision = decide_flag(session, flag, draft, person, rooms.book, rooms.now())
        view = read_decision(session, rooms.book, decision.reference)
    response.headers["Location"] = f"/api/v1/decisions/{view.reference}"
    return view
