"""Reports by anyone about an ad, and what became of them."""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class NoticeState(StrEnum):
    """Where a report stands."""

    RECEIVED = "received"
    READ = "read"
    CLOSED = "closed"


class NoticeOutcome(StrEnum):
    """What became of a report."""

    FLAGGED = "flagged"
    NO_GROUND = "no_ground"
    NOT_HELD = "not_held"
    PASSED_ON = "passed_on"
    DUPLICATE = "duplicate"


class Notice(SQLModel, table=True):
    """A report by anyone about an ad, with the receipt they were given."""

    __tablename__ = "notice"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    receipt: str = Field(unique=True, description="Reference given to the reporter.")
    ad_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="The ad, if it is kept here."
    )
    ad_address: str = Field(description="Link or description of the ad as reported.")
    concern: str = Field(description="What the reporter says is wrong.")
    seen_on: date | None = Field(default=None, description="Day they saw the ad.")
    reporter_name: str | None = Field(default=None, description="Name, if given; never published.")
    reporter_contact: str | None = Field(
        default=None, description="Contact, if given; never published."
    )
    state: str = Field(default=NoticeState.RECEIVED, description="received, read or closed.")
    received_at: datetime = Field(description="When it came in.")
    read_at: datetime | None = Field(default=None, description="When a person first read it.")
    read_by_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Who read it first (`user.id`)."
    )
    closed_at: datetime | None = Field(default=None, description="When a person closed it.")
    closed_by_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Who closed it (`user.id`)."
    )
    outcome: str | None = Field(
        default=None, description="What became of it, from the closed list; empty: not closed."
    )
    reasons: str | None = Field(default=None, description="Why, as the reporter reads it.")
