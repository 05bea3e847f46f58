"""What a source is, and the pieces of it that could not be read."""

from enum import StrEnum

from sqlmodel import Field, SQLModel


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


class Unreadable(SQLModel):
    """A piece of a source that could not be read: kept with its bytes, never guessed."""

    file: str = Field(description="Name of the file or page it stands in.")
    line: int | None = Field(default=None, description="First line of the piece, from 1.")
    field: str | None = Field(default=None, description="Field that could not be read.")
    reason: str = Field(description="What is wrong, in plain words.")
    raw: bytes = Field(
        default=b"", description="The piece itself, byte for byte; empty: the whole capture."
    )
