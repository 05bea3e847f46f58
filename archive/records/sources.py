"""What a source is, and the pieces of it that could not be read."""

from enum import StrEnum

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel

from archive.records.base import MAX_MINOR


class SourceKind(StrEnum):
    """What a source mainly gives."""

    ADS = "ads"
    DISCLOSURES = "disclosures"


class SourceInfo(SQLModel):
    """What one source is, and what it allows: the head of each spider."""

    id: str = Field(primary_key=True, description="Our id of the source; also its spider's name.")
    title: str = Field(description="Name of the source as its publisher gives it.")
    publisher: str = Field(description="Who publishes it.")
    kind: SourceKind = Field(description="Whether it gives ads or disclosures.")
    homepage: str = Field(description="Address of the source for people.")
    documentation: str = Field(description="Address of the publisher's own description.")
    licence: str = Field(description="Terms of reuse; 'not stated' where the publisher is silent.")
    access: str = Field(description="robots: obey, or the terms of an API.")
    needs: str = Field(default="", description="What an operator must have: a token, an account.")
    partition_unit: str = Field(description="What one partition covers: a year's file, a country.")
    seconds_between_requests: float = Field(
        ge=0, description="Fastest pace we allow ourselves here, in seconds."
    )
    lacks: str = Field(default="", description="What this source is known not to tell.")
    believable_fall_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        sa_column_kwargs={"server_default": "0.2"},
        description="Largest share of a partition's ads, or of its amounts, that one look may take "
        "away before a person must believe it.",
    )
    believable_spend_minor: int = Field(
        default=100_000_000_00,
        ge=0,
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": "10000000000"},
        description="Largest amount of one row, in minor units of any currency, that is taken in "
        "before a person must believe it.",
    )
    fewest_records_per_look: int = Field(
        default=1,
        ge=0,
        sa_column_kwargs={"server_default": "1"},
        description="Records that a complete look at a partition is expected to bring at least.",
    )
    most_records_per_look: int | None = Field(
        default=None,
        ge=1,
        description="Records that one look is expected to bring at most; empty: no expectation.",
    )
    expected_blank_shares: dict[str, float] = Field(
        default_factory=dict,
        sa_type=JSON,
        sa_column_kwargs={"server_default": "{}"},
        description="Largest share of the ads of one look that is expected to leave a field blank, "
        "by field; other fields may be blank everywhere.",
    )


class SourceTotal(SQLModel):
    """How many ads a source says it holds: its own count, kept beside ours and never mixed with it."""

    dataset: str = Field(
        min_length=1, description="The source's file or table the total stands in."
    )
    subject: str = Field(
        default="", description="What is counted, in the source's own key (an advertiser, a page)."
    )
    country: str | None = Field(
        default=None, description="Country counted (ISO 3166-1 alpha-2); empty: the whole source."
    )
    ads_count: int = Field(
        ge=0, le=MAX_MINOR, sa_type=BigInteger, description="Ads it claims to hold."
    )


class Unreadable(SQLModel):
    """A piece of a source that could not be read: kept with its bytes, never guessed."""

    file: str = Field(description="Name of the file or page it stands in.")
    line: int | None = Field(default=None, description="First line of the piece, from 1.")
    field: str | None = Field(default=None, description="Field that could not be read.")
    reason: str = Field(description="What is wrong, in plain words.")
    raw: bytes = Field(
        default=b"", description="The piece itself, byte for byte; empty: the whole capture."
    )
