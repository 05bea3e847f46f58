"""What every record shares: a reason for each value that is missing, and the source's own words."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import ConfigDict, model_validator
from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

MAX_MINOR = 2**53
"""Largest amount kept, in minor units: every JSON reader holds it exactly (RFC 8259 section 6)."""


class MissingReason(StrEnum):
    """Why a value is unknown; a rule reads `not_disclosed` as known to be empty, all others as unknown."""

    NOT_PROVIDED = "not_provided"
    NOT_DISCLOSED = "not_disclosed"
    NOT_LOOKED = "not_looked"
    UNREADABLE = "unreadable"
    REDACTED = "redacted"


MISSING_IN_WORDS = {
    MissingReason.NOT_PROVIDED: "this source does not give it",
    MissingReason.NOT_DISCLOSED: "the source has this field and left it blank",
    MissingReason.NOT_LOOKED: "we did not look",
    MissingReason.UNREADABLE: "what the source gave could not be read",
    MissingReason.REDACTED: "withheld here, by a published rule or a logged decision",
}

Row = dict[str, Any]
"""One JSON object as a source wrote it; its shape is checked where it is read."""


class Record(SQLModel):
    """A statement by a source. A field that has no value has a reason instead.

    A field that is not passed is `not_provided` (this source or shape has no such field); one passed
    empty is `not_disclosed` (the source has it and left it blank); `missing` overrides either.
    """

    # SQLModel narrows the type of this field of pydantic's to a class that it does not export.
    model_config = ConfigDict(extra="forbid")  # type: ignore[assignment]

    needs_no_reason: ClassVar[frozenset[str]] = frozenset({"missing", "source_fields"})

    missing: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="For each field without a value, why: not_provided (this source has no such "
        "field), not_disclosed (left blank), not_looked, unreadable or redacted.",
    )
    source_fields: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="What else the source said, under the source's own names, word for word.",
    )

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 (each field checks its own)
        # SQLModel's own way copies every value twice more, for what only tables have; and it makes
        # an empty object first where it is asked to `model_validate`.
        if not values or self.model_config.get("table"):
            super().__init__(**values)
        else:
            self.__pydantic_validator__.validate_python(values, self_instance=self)

    @model_validator(mode="before")
    @classmethod
    def name_missing(cls, values: object) -> object:
        """Give every field without a value its reason."""
        if not isinstance(values, Mapping):
            return values
        blank = tuple([name for name, value in values.items() if not value and _is_empty(value)])
        reasons = dict(_name_reasons(cls, tuple(values), blank))
        if values.get("missing"):
            reasons |= cls.reasons_given(values)
        given = dict(values, missing=reasons)
        for name in blank:
            if name != "missing":
                del given[name]
        return given

    @classmethod
    def reasons_given(cls, values: Mapping[str, Any]) -> dict[str, str]:
        """The explicit reasons, for fields that have no value."""
        given = values.get("missing") or {}
        return {k: MissingReason(v).value for k, v in given.items() if _is_empty(values.get(k))}


# The records of one file have a few dozen shapes: which fields are passed, and which of them blank.
@lru_cache(maxsize=1_024)
def _name_reasons(
    record: type[Record], passed: tuple[str, ...], blank: tuple[str, ...]
) -> dict[str, str]:
    """The reason of each field that has no value."""
    return {
        name: (MissingReason.NOT_DISCLOSED if name in blank else MissingReason.NOT_PROVIDED).value
        for name, field in record.model_fields.items()
        if (name in blank or name not in passed)
        and name not in record.needs_no_reason
        and not field.is_required()
    }


def _is_empty(value: object) -> bool:
    return value is None or (not value and isinstance(value, str | list | dict))
