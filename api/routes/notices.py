"""Notices: anyone's report about an ad; its receipt tells where it stands, officers read and close it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.auth import NoticeOfficer
from api.dependencies import Cursor, Limit, Reading, RoomsDep
from api.listings import Listing, answer_page
from archive.models import Notice
from archive.models.notices import NoticeOutcome, NoticeState
from archive.reading.descriptions import quote_field
from oversight.cases.notices import (
    MAX_LINE,
    NoticeContent,
    NoticeDraft,
    NoticeItem,
    NoticeStanding,
    close_notice,
    list_notices,
    open_notice,
    read_notice,
    receive_notice,
)
from oversight.cases.texts import MAX_TEXT

router = APIRouter(prefix="/notices", tags=["oversight"])

Receipt = Annotated[str, Path(description="The receipt that was given.")]


class NewNotice(BaseModel):
    """What a reporter says."""

    model_config = ConfigDict(extra="forbid")

    ad_address: str = Field(
        min_length=1, max_length=MAX_LINE, description=quote_field(Notice, "ad_address")
    )
    concern: str = Field(
        min_length=1, max_length=MAX_TEXT, description=quote_field(Notice, "concern")
    )
    seen_on: date | None = Field(default=None, description=quote_field(Notice, "seen_on"))
    reporter_name: str | None = Field(
        default=None, max_length=MAX_LINE, description=quote_field(Notice, "reporter_name")
    )
    reporter_contact: str | None = Field(
        default=None, max_length=MAX_LINE, description=quote_field(Notice, "reporter_contact")
    )


class ClosedNotice(BaseModel):
    """What became of a notice, and why."""

    model_config = ConfigDict(extra="forbid")

    outcome: NoticeOutcome = Field(
        description="flagged: the ad was flagged; no_ground; not_held: the ad is not kept here; "
        "passed_on: to whom it concerns; duplicate: of another notice."
    )
    reasons: str = Field(
        min_length=1, max_length=MAX_TEXT, description=quote_field(Notice, "reasons")
    )


@router.post("", status_code=201)
def post_notice(rooms: RoomsDep, said: NewNotice, response: Response) -> NoticeStanding:
    """Report an ad; no key is needed, and name and contact are never published."""
    with rooms.writing() as session:
        notice = receive_notice(session, NoticeDraft(**said.model_dump()), rooms.now())
        standing = NoticeStanding.model_validate(notice)
    response.headers["Location"] = f"/api/v1/notices/{notice.receipt}"
    return standing


@router.get("")
def get_notices(
    request: Request,
    session: Reading,
    _person: NoticeOfficer,
    state: Annotated[NoticeState | None, Query(description="Only those that stand there.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[NoticeItem]:
    """Notices for officers, newest first, without their words."""
    return answer_page(request, list_notices(session, state=state, cursor=cursor, limit=limit))


@router.get("/{receipt}")
def get_notice(session: Reading, receipt: Receipt) -> NoticeStanding:
    """Where a notice stands: whether it was read and closed, when and with which reasons."""
    return NoticeStanding.model_validate(read_notice(session, receipt))


@router.get("/{receipt}/content")
def get_notice_content(rooms: RoomsDep, person: NoticeOfficer, receipt: Receipt) -> NoticeContent:
    """A notice whole, for an officer; from then on its receipt says that it was read."""
    with rooms.writing() as session:
        return open_notice(session, receipt, person, rooms.now())


@router.post("/{receipt}/close")
def post_notice_outcome(
    rooms: RoomsDep, person: NoticeOfficer, receipt: Receipt, said: ClosedNotice
) -> NoticeStanding:
    """Close a notice that was read; its receipt shows outcome and reasons to whoever holds it."""
    with rooms.writing() as session:
        notice = close_notice(session, receipt, said.outcome, said.reasons, person, rooms.now())
        return NoticeStanding.model_validate(notice)
