"""Notices: anyone's report about an ad; its receipt tells where it stands and nothing else."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import Reading, RoomsDep
from archive.models import Notice
from archive.reading.descriptions import quote_field, view_of
from archive.store.database import write
from oversight.cases.notices import MAX_LINE, NoticeDraft, read_notice, receive_notice
from oversight.cases.texts import MAX_TEXT

router = APIRouter(prefix="/notices", tags=["oversight"])


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


@view_of(Notice, "receipt, state, received_at")
class NoticeState(BaseModel):
    """Where a notice stands: all that its receipt shows."""

    receipt: str


@router.post("", status_code=201)
def post_notice(rooms: RoomsDep, said: NewNotice, response: Response) -> NoticeState:
    """Report an ad; no key is needed, and name and contact are never published."""
    with write(rooms.engine) as session:
        notice = receive_notice(session, NoticeDraft(**said.model_dump()), rooms.now())
        state = NoticeState.model_validate(notice, from_attributes=True)
    response.headers["Location"] = f"/api/v1/notices/{state.receipt}"
    return state


@router.get("/{receipt}")
def get_notice(
    session: Reading, receipt: Annotated[str, Path(description="The receipt that was given.")]
) -> NoticeState:
    """Where a notice stands."""
    return NoticeState.model_validate(read_notice(session, receipt), from_attributes=True)
