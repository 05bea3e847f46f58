"""What was taken back, withheld or let out: corrections of figures, redactions, allowed fields."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class SpendMeasure(StrEnum):
    """Whose figure it is; measures are never added to each other."""

    ADS = "ads"
    REPORTED = "reported"
    DISCLOSED = "disclosed"


class CorrectionKind(StrEnum):
    """What happened to a figure that this archive had published."""

    RESTATED = "restated"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    MISREAD = "misread"
    """The source never said it: our reading of its evidence was wrong."""


class Correction(SQLModel, table=True):
    """A published figure that changed otherwise than by time going on; rows are only added."""

    __tablename__ = "correction"
    __table_args__ = (
        Index("correction_by_subject", "measure", "subject"),
        Index("correction_by_source", "source", "id"),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    measure: str = Field(
        description="Whose figure: ads, reported (a source for an advertiser) or disclosed (filed)."
    )
    kind: str = Field(
        description="restated, withdrawn, returned; misread: our reading of the evidence was wrong."
    )
    source: str = Field(description="Source that changed it.")
    subject: str = Field(
        description="What the figure is of: an ad's permanent id, a statement's series, a filed row."
    )
    advertiser_id: str | None = Field(
        default=None, index=True, description="Our id of who runs the ads, where known."
    )
    before: dict[str, Any] = Field(
        sa_type=JSON, description="The figures as published before, field by field; empty: none."
    )
    after: dict[str, Any] = Field(
        sa_type=JSON, description="The same fields as the source states them now; empty: none."
    )
    before_observed_at: datetime | None = Field(
        default=None, description="When the source first said what stood before."
    )
    observed_at: datetime = Field(description="When the source said otherwise.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    run_id: int = Field(sa_type=BIG_ID, description="Run that brought it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )


class Redaction(SQLModel, table=True):
    """A field of an ad withheld by a logged decision or rule, in every version, past and to come."""

    __tablename__ = "redaction"
    __table_args__ = (Index("redaction_by_ad", "ad_id"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    ad_id: int = Field(foreign_key="ad.id", sa_type=BIG_ID, description="The ad.")
    field: str = Field(description="Name of the field.")
    basis: str = Field(description="The law or decision it rests on, in plain words.")
    decided_by: str = Field(description="Who decided.")
    rule: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="The rule, with its version, by which a part of the field is withheld and the rest is "
        "shown; empty: a decision about the whole field.",
    )
    recorded_at: datetime = Field(description="When it took effect here.")


class AllowedField(SQLModel, table=True):
    """A field of a source that a person looked at and lets everybody see, until it is taken back."""

    __tablename__ = "allowed_field"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    source: str = Field(index=True, description="Source.")
    name: str = Field(
        description="Name of the field at the source; `reach.users` for a key in one."
    )
    allowed_by: str = Field(description="Who allowed it.")
    because: str = Field(description="Why, in that person's words.")
    recorded_at: datetime = Field(description="When it took effect here.")
    withdrawn_by: str | None = Field(default=None, description="Who took it back; empty: it holds.")
    withdrawn_because: str | None = Field(default=None, description="Why it was taken back.")
    withdrawn_at: datetime | None = Field(default=None, description="When it was taken back.")
