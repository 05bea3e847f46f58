"""People and programs that may do more than read."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class Role(StrEnum):
    """What a person may do; reading needs no role."""

    ANALYST = "analyst"
    REVIEWER = "reviewer"
    OPERATOR = "operator"


class User(SQLModel, table=True):
    """A person who may do more than read."""

    __tablename__ = "user"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    name: str = Field(unique=True, description="Name shown in the log.")
    roles: list[str] = Field(sa_type=JSON, description="What the person may do.")
    is_disabled: bool = Field(default=False, description="May no longer act.")
    created_at: datetime = Field(description="When.")


class ApiKey(SQLModel, table=True):
    """A key a person's programs use; only its hash is kept."""

    __tablename__ = "api_key"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    user_id: int = Field(foreign_key="user.id", sa_type=BIG_ID, description="Whose key it is.")
    prefix: str = Field(unique=True, description="First characters, to find and name the key.")
    key_sha256: str = Field(description="SHA-256 of the whole key.")
    created_at: datetime = Field(description="When it was made.")
    revoked_at: datetime | None = Field(
        default=None, description="From when on it no longer counts."
    )
    ends_on: date | None = Field(
        default=None, description="Last day (UTC) on which it counts; none: it has no end."
    )
    last_used_on: date | None = Field(
        default=None,
        description="Last day (UTC) on which somebody asked with it; none: nobody has.",
    )
