"""What a provision is in law, day by day, apart from how far its rule has come here."""

from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from config.yaml_files import FileModel
from oversight.reference.elections import Zone
from oversight.reference.periods import EARLIEST, LATEST, Bounds, begin_day


class LegalStatus(StrEnum):
    """What the rule is in law."""

    IN_FORCE = "in_force"
    ENJOINED = "enjoined"
    REMOVED = "removed"
    NOT_APPLICABLE = "not_applicable"
    BILL = "bill"
    GUIDELINE = "guideline"
    INDICATOR = "indicator"


UNBINDING = {LegalStatus.GUIDELINE, LegalStatus.INDICATOR}
HOLDING = {LegalStatus.IN_FORCE, *UNBINDING}
"""On whose days ads are held against a rule."""


EARLIEST_LAW = date(1000, 1, 1)
"""Zones have no days before the first of the calendar."""


class DatedStatus(FileModel):
    """What the provision is in law from a day on, until the next status."""

    starts_on: date | None = Field(
        alias="from", description="First day of it; empty: no beginning is established."
    )
    status: LegalStatus = Field(
        description="in_force, enjoined, removed, not_applicable, bill, guideline, or indicator: no law."
    )
    cite: str = Field(default="", description="The act or order that made it so.")
    note: str = Field(default="", description="What about it is not certain.")


class Validity(FileModel):
    """What the provision is in law, day by day; an ad is evaluated by the law of its own days."""

    zone: Zone = Field(
        default="UTC", description="IANA time zone whose days these are; none given: UTC."
    )
    statuses: tuple[DatedStatus, ...] = Field(
        min_length=1, description="What it is in law from which day on, in order."
    )

    @model_validator(mode="after")
    def check_order(self) -> Self:
        """Refuse statuses that are not in order, and one text for what binds and what does not.

        Raises:
            ValueError: with what to write.
        """
        days = [each.starts_on or date.min for each in self.statuses]
        if any(each.starts_on and each.starts_on < EARLIEST_LAW for each in self.statuses):
            raise ValueError(f"a status begins in {EARLIEST_LAW.year} or later; null: long ago")
        if days != sorted(set(days)):
            raise ValueError("statuses stand in order, each from a later day than the one before")
        named = {each.status for each in self.statuses}
        if named & UNBINDING and len(named & HOLDING) > 1:
            raise ValueError(
                "what binds and what does not are two rules: write each in a file of its own"
            )
        return self

    def find_status(self, day: date) -> LegalStatus:
        """What it is on a day; not applicable before the first that is known."""
        begun = [each.status for each in self.statuses if (each.starts_on or date.min) <= day]
        return begun[-1] if begun else LegalStatus.NOT_APPLICABLE

    def holds_on(self, day: date) -> bool:
        """Whether ads of that day are held against it."""
        return self.find_status(day) in HOLDING

    @cached_property
    def bounds(self) -> list[Bounds]:
        """The same as instants, from the beginning of the first day."""
        days = [
            (begin_day(starts_on, self.zone) if starts_on else EARLIEST, ends_on)
            for starts_on, ends_on in self.spans
        ]
        return [(at, begin_day(ends, self.zone) if ends else LATEST) for at, ends in days]

    @property
    def spans(self) -> list[tuple[date | None, date | None]]:
        """First day, and first day after it, of each time in which it holds; adjoining ones are one."""
        found: list[tuple[date | None, date | None]] = []
        ends = [*(each.starts_on for each in self.statuses[1:]), None]
        for each, ends_on in zip(self.statuses, ends, strict=True):
            if each.status not in HOLDING:
                continue
            joins = found and found[-1][1] == each.starts_on
            starts_on = found.pop()[0] if joins else each.starts_on
            found.append((starts_on, ends_on))
        return found
