"""A rule as it stands in its file: law as data, every clause with its citation, and its own tests.

`rules` loads these and makes them answer; the site and the API show them. Nothing here evaluates.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from archive.models.oversight import RuleAnswer
from config.citations import Citation, Evidence, find_weakest
from config.yaml_files import FileModel
from oversight.reference.elections import PollHours
from oversight.reference.windows import WindowSpec


class LegalStatus(StrEnum):
    """What the rule is in law."""

    IN_FORCE = "in_force"
    REPEALED = "repealed"
    ANNOUNCED = "announced"
    INDICATOR = "indicator"


class Stage(StrEnum):
    """How far the rule has come here; only shadow and active rules are evaluated."""

    DRAFT = "draft"
    SHADOW = "shadow"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Severity(StrEnum):
    """How soon a person should look; it says nothing about guilt."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Validity(FileModel):
    """Since when and until when the provision applies; an ad is evaluated by the law of its own days."""

    starts_on: date | None = Field(
        alias="from", description="First day it applies; empty: no beginning is established."
    )
    ends_on: date | None = Field(
        alias="to", description="First day it no longer applies; empty: it still does."
    )
    zone: str = Field(
        default="UTC", description="IANA time zone whose days these are; none given: UTC."
    )
    status: LegalStatus = Field(description="in_force, repealed, announced, or indicator: no law.")
    note: str = Field(default="", description="What about the dates is not certain.")

    @field_validator("zone")
    @classmethod
    def check_zone(cls, zone: str) -> str:
        """Refuse a zone that the tz database does not have.

        Raises:
            ValueError: naming it.
        """
        return PollHours.check_zone(zone)

    def holds_on(self, day: date) -> bool:
        """Whether the provision applies on a day; an end nobody knows is none."""
        if self.status is LegalStatus.ANNOUNCED:
            return False
        has_begun = self.starts_on is None or self.starts_on <= day
        return has_begun and (self.ends_on is None or day < self.ends_on)


class Clause(FileModel):
    """A condition and the provision it puts into words."""

    when: str = Field(min_length=1, description="The condition, in the rule language.")
    cite: str = Field(min_length=1, description="The provision.")


class ExceptionClause(Clause):
    """A condition under which the rule does not apply after all."""

    id: str = Field(pattern=r"^[a-z0-9-]+$", description="Name of the exception.")


class RuleTest(FileModel):
    """An example the rule must answer as its author says."""

    name: str = Field(min_length=1, description="The example, as a sentence.")
    facts: dict[str, Any] = Field(description="Facts by full name; the others are not provided.")
    expect: RuleAnswer = Field(description="What the rule must answer.")


NEEDED_EXAMPLES = {RuleAnswer.MET, RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL}


class RuleFile(FileModel):
    """A rule."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="Stable id, the file's name.")
    version: int = Field(ge=1, description="Number of this state of the rule.")
    title: str = Field(min_length=1, description="What the rule is about, in one line.")
    jurisdiction: str = Field(
        pattern=r"^(\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$",
        description="Whose law it is (ISO 3166, EU), or * for none in particular.",
    )
    legal_basis: tuple[Citation, ...] = Field(min_length=1, description="What it rests on.")
    validity: Validity = Field(description="When it applies.")
    stage: Stage = Field(description="draft, shadow, active, suspended or retired.")
    kind: str = Field(pattern=r"^[a-z_.]+$", description="Kind, as in disclaimer.missing.")
    says: str = Field(min_length=1, description="The rule in plain words.")
    window: WindowSpec | None = Field(
        default=None, description="Time around an election in which it watches."
    )
    params: tuple[str, ...] = Field(default=(), description="Parameters it names.")
    registers: tuple[str, ...] = Field(default=(), description="Registers it looks into.")
    applies_when: Clause = Field(description="Which ads it is about.")
    requires: Clause | None = Field(default=None, description="What must hold.")
    forbids: Clause | None = Field(default=None, description="What must not hold.")
    unless: tuple[ExceptionClause, ...] = Field(default=(), description="Exceptions.")
    asks_where: tuple[str, ...] = Field(
        default=(),
        description="Facts by full name that a source must give, or declare blank, for the rule to be asked.",
    )
    needs_human: tuple[str, ...] = Field(
        default=(), description="What only a person can judge, as a checklist."
    )
    severity: Severity = Field(description="How soon a person should look.")
    tests: tuple[RuleTest, ...] = Field(description="Examples with their answers.")

    @model_validator(mode="after")
    def check_shape(self) -> Self:
        """Refuse a rule without exactly one duty, or without an example of each answer.

        Raises:
            ValueError: naming what is missing.
        """
        if (self.requires is None) == (self.forbids is None):
            raise ValueError("a rule has exactly one of requires and forbids")
        missing = NEEDED_EXAMPLES - {test.expect for test in self.tests}
        if missing:
            raise ValueError(f"no test expects {', '.join(sorted(missing))}")
        names = [test.name for test in self.tests]
        if len(names) != len(set(names)):
            raise ValueError("two tests have the same name")
        return self

    @property
    def duty(self) -> Clause:
        """What the rule requires or forbids."""
        clause = self.requires or self.forbids
        if clause is None:
            raise ValueError("a rule has exactly one of requires and forbids")
        return clause

    @property
    def evidence(self) -> Evidence:
        """How well the rule is founded: as well as the weakest text it rests on."""
        return find_weakest(list(self.legal_basis))
