"""The tests of a rule as they stand in its file: an ad with its days, an election, a run of ours.

`worlds` makes of each what the rule is asked.
"""

import re
from datetime import date, datetime
from typing import Any

from pydantic import Field, field_validator

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from config.citations import Evidence
from config.yaml_files import FileModel
from oversight.language import FactType, FactValue
from oversight.reference.elections import SOURCED, Election, ElectionSource, Zone
from oversight.rules.facts import as_instant
from oversight.rules.sums import SumOfTest

PLAIN_TYPES: dict[FactType, type] = {FactType.BOOL: bool, FactType.INT: int, FactType.STRING: str}
WANTED = {
    FactType.BOOL: "write true or false, without quotes",
    FactType.INT: "write a whole number, without quotes",
    FactType.STRING: "write one text, in quotes",
    FactType.STRINGS: "write a list, such as [XX]",
}
BOUNDS_WANTED = "write its bounds, such as ad.spend_lower_minor"
BLANK = "write {missing: not_disclosed} for what was left blank, and no line for what is not given"

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def parse_fact(kind: FactType, written: object) -> FactValue:
    """A fact as a rule's test writes it; `{missing: not_disclosed}` stands for one without a value.

    Raises:
        ValueError: if it is not of the fact's type.
    """
    if isinstance(written, dict) and written.keys() == {"missing"}:
        return _parse_reason(written["missing"])
    if kind is FactType.STRINGS and isinstance(written, list):
        return tuple(str(item) for item in written)
    if kind in {FactType.DATE, FactType.TIMESTAMP}:
        return as_instant(parse_time(written))
    if isinstance(written, bool | int | str) and type(written) is PLAIN_TYPES.get(kind):
        return written
    told = BLANK if written in (None, "", []) else WANTED.get(kind, BOUNDS_WANTED)
    raise ValueError(f"{written!r} is no value of it: {told}")


def _parse_reason(written: object) -> MissingReason:
    for reason in MissingReason:
        if reason.value == written:
            return reason
    raise ValueError(f"{written!r} is no reason: write {', '.join(MissingReason)}")


def parse_time(written: object) -> date | datetime:
    """A day, or a time in UTC.

    Raises:
        ValueError: if it is neither.
    """
    if isinstance(written, str) and DAY.fullmatch(written):
        return date.fromisoformat(written)
    if not isinstance(written, str) or not written.endswith("Z"):
        raise ValueError(f"{written!r} is not a day or a UTC time such as 2023-05-21T04:00:00Z")
    return datetime.fromisoformat(written)


class RunOfTest(FileModel):
    """When the ad of a test ran: days of a zone, or times in UTC; what is left out is not provided."""

    starts: str | None = Field(default=None, alias="from", description="First day, or start.")
    ends: str | None = Field(default=None, alias="to", description="Last day, or end.")
    zone: Zone = Field(default="UTC", description="IANA time zone whose days these are.")
    seen: str | None = Field(
        default=None, description="When a run of ours last saw it, without an end, to be running."
    )

    @field_validator("starts", "ends", "seen")
    @classmethod
    def check_time(cls, written: str | None) -> str | None:
        """Refuse what is neither a day nor a time in UTC.

        Raises:
            ValueError: with both forms.
        """
        if written is not None and parse_time(written).year < 1000:
            raise ValueError("a year has four digits")
        return written


class InventedElection(Election):
    """The election of a test: as in a file of the calendar, without id, title and sources."""

    id: str = Field(default="election-of-the-test", exclude=True, description="Our id.")
    title: str = Field(default="election of the test", exclude=True, description="Name.")
    kind: str = Field(default="any", description="legislative, presidential, referendum …")
    sources: tuple[ElectionSource, ...] = Field(
        default=(ElectionSource(about=SOURCED, cite="invented", evidence=Evidence.OWN_PATTERN),),
        exclude=True,
        description="It is invented.",
    )


class RuleTest(FileModel):
    """An example the rule must answer as its author says."""

    name: str = Field(min_length=1, description="The example, as a sentence.")
    ran: RunOfTest | None = Field(default=None, description="When the ad ran; empty: nobody knows.")
    election: InventedElection | None = Field(
        default=None, description="Election it is asked at; a rule with a window needs one."
    )
    sum: SumOfTest | None = Field(default=None, description="What the rule's sum comes to.")
    facts: dict[str, Any] = Field(
        default={}, description="Facts by full name; the others are not provided."
    )
    expect: RuleAnswer = Field(description="What the rule must answer.")
