"""A rule as it stands in its file: law as data, every clause with its citation, and its own tests.

`rules` loads these and makes them answer; the site and the API show them. Nothing here evaluates.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from archive.models.oversight import RuleAnswer
from config.citations import UNREAD, Citation, Evidence, find_weakest
from config.yaml_files import FileModel
from oversight.reference.windows import WindowSpec
from oversight.rules.examples import RuleTest
from oversight.rules.sums import NOT_EVALUATED, SumSpec
from oversight.rules.validity import Validity


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


class Provision(Citation):
    """A provision of law; quotation and hash come from a text that was at hand."""

    act: str = Field(default="", description="The act, by its own name.")
    article: str = Field(default="", description="Article or section of it.")
    paragraph: str = Field(default="", description="Paragraph, point or sentence of that.")
    version_on: date | None = Field(
        default=None, description="Day of which the text that was read is; empty: it does not say."
    )
    quotation: str = Field(default="", description="Words of that text, letter by letter.")
    text_sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="Hash of the text that was at hand."
    )
    reader: str = Field(
        default="", description="Person who read it and answers for it; empty: nobody does."
    )

    @model_validator(mode="after")
    def check_text(self) -> Self:
        """Refuse what was read without its act, and words or a hash of a text nobody had.

        Raises:
            ValueError: with what to write.
        """
        is_unread = self.evidence in UNREAD
        if not self.act and not is_unread:
            raise ValueError("act is missing: write the name of the act that was read")
        if self.quotation and not self.text_sha256:
            raise ValueError("a quotation needs text_sha256, the hash of the text it is from")
        if is_unread and (self.text_sha256 or self.reader):
            raise ValueError(
                f"evidence is {self.evidence}: nobody read it, so leave out the reader"
            )
        return self


class Clause(FileModel):
    """A condition and the provision it puts into words."""

    when: str = Field(min_length=1, description="The condition, in the rule language.")
    cite: str = Field(min_length=1, description="The provision.")


class ShownBy(StrEnum):
    """Who has to show that an exception holds."""

    AUTHORITY = "authority"
    ADDRESSEE = "addressee"


class ExceptionClause(Clause):
    """A condition under which the rule does not apply after all."""

    id: str = Field(
        pattern=r"^[a-z0-9-]+$",
        description="Name of the exception: small letters, digits, hyphens.",
    )
    shown_by: ShownBy = Field(
        description="Who has to show that it holds. authority: while that is unknown nobody can tell; "
        "addressee: while it is unknown the rule is not met, and the question goes to the addressee."
    )
    question: str = Field(default="", description="What the addressee is asked.")

    @model_validator(mode="after")
    def check_question(self) -> Self:
        """Refuse an exception that the addressee has to show and is not asked about.

        Raises:
            ValueError: with what to write.
        """
        if (self.shown_by is ShownBy.ADDRESSEE) != bool(self.question):
            raise ValueError(
                "question is what the addressee is asked: it goes with shown_by: addressee"
            )
        return self


class HumanQuestion(FileModel):
    """What only a person can judge."""

    question: str = Field(min_length=1, description="The question.")
    answers: tuple[str, ...] = Field(min_length=2, description="The answers that are permitted.")


Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class RuleWords(FileModel):
    """The words of a rule in another language."""

    title: str = Field(min_length=1, description="What the rule is about, in one line.")
    says: str = Field(min_length=1, description="The rule in plain words.")


class UnitOfViolation(StrEnum):
    """What is counted once, if the rule is broken."""

    AD = "ad"
    REQUEST = "request"
    SPONSOR = "sponsor"
    DAY = "day"


NEEDED_EXAMPLES = {RuleAnswer.MET, RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL}


def list_misshapes(values: Mapping[str, Any]) -> Iterator[str]:
    """What the fields of a rule together cannot be, with what to write, as far as they can be read."""
    if bool(values.get("requires")) == bool(values.get("forbids")):
        yield "a rule has exactly one of requires and forbids: write one, leave out the other"
    listed = values.get("tests")
    tests = [t for t in listed if isinstance(t, dict)] if isinstance(listed, list) else []
    missing = NEEDED_EXAMPLES - {str(test.get("expect")) for test in tests}
    if missing:
        yield f"no test expects {', '.join(sorted(missing))}: write one at least for each"
    names = [str(test.get("name")) for test in tests]
    if len(names) != len(set(names)):
        yield "two tests have the same name"
    severity, cap = (values.get(name) for name in ("severity", "severity_at_most"))
    ranks: list[Any] = list(Severity)
    if cap in ranks and severity in ranks[ranks.index(cap) + 1 :]:
        yield f"severity is above severity_at_most: write severity: {cap}"


CAPPED = "write severity: info and severity_at_most: info, and ask a person in needs_human"


def is_capped(values: Mapping[str, Any]) -> bool:
    """Whether a rule file says what one on the content of ads has to say.

    What an ad says is for people to weigh (ICCPR art. 19): a machine's word counts for the least.
    """
    return values.get("severity_at_most") == Severity.INFO and bool(values.get("needs_human"))


def list_overreach(values: Mapping[str, Any]) -> Iterator[str]:
    """What a new rule may not say, with what to write; texts that were kept before may."""
    if str(values.get("kind")).startswith("content.") and not is_capped(values):
        yield f"a rule on content weighs what ads say: {CAPPED}"
    if values.get("sum") and values.get("stage") == Stage.ACTIVE:
        yield f"a rule about a sum is {NOT_EVALUATED}: write stage: draft, or shadow"


class RuleFile(FileModel):
    """A rule."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        description="Stable id, the file's name: small letters, digits, hyphens.",
    )
    version: int = Field(ge=1, description="Number of this state of the rule.")
    title: str = Field(min_length=1, description="What the rule is about, in one line.")
    jurisdiction: str = Field(
        pattern=r"^(\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$",
        description="Whose law it is (ISO 3166, EU), or * for none in particular.",
    )
    legal_basis: tuple[Provision, ...] = Field(min_length=1, description="What it rests on.")
    validity: Validity = Field(description="What it is in law, and when.")
    owner: str = Field(
        default="", description="Person or authority that answers for the rule; empty: nobody does."
    )
    review_on: date | None = Field(
        description="Day by which somebody reads the law again; empty: nobody has said."
    )
    stage: Stage = Field(description="draft, shadow, active, suspended or retired.")
    kind: str = Field(pattern=r"^[a-z_.]+$", description="Kind, as in disclaimer.missing.")
    says: str = Field(min_length=1, description="The rule in plain words.")
    translations: dict[Language, RuleWords] = Field(
        default={}, description="Title and words in other languages, by ISO 639 code."
    )
    unit_of_violation: UnitOfViolation = Field(description="ad, request, sponsor or day.")
    window: WindowSpec | None = Field(
        default=None, description="Time around an election in which it watches."
    )
    params: tuple[str, ...] = Field(default=(), description="Parameters it names.")
    registers: tuple[str, ...] = Field(default=(), description="Registers it looks into.")
    labels: tuple[str, ...] = Field(
        default=(), description="Label lists in which to be left out means no."
    )
    sum: SumSpec | None = Field(
        default=None, description="What it adds up over ads and holds against a figure."
    )
    applies_when: Clause = Field(description="Which ads it is about.")
    requires: Clause | None = Field(default=None, description="What must hold.")
    forbids: Clause | None = Field(default=None, description="What must not hold.")
    unless: tuple[ExceptionClause, ...] = Field(default=(), description="Exceptions.")
    asks_where: tuple[str, ...] = Field(
        default=(),
        description="Facts by full name that a source must give, or declare blank, for the rule to be asked.",
    )
    needs_human: tuple[HumanQuestion, ...] = Field(
        default=(), description="What only a person can judge, with the answers there are."
    )
    severity: Severity = Field(description="How soon a person should look.")
    severity_at_most: Severity | None = Field(
        default=None,
        description="What its severity may never be raised above; info where it reads what ads say.",
    )
    tests: tuple[RuleTest, ...] = Field(description="Examples with their answers.")

    @model_validator(mode="after")
    def check_shape(self) -> Self:
        """Refuse what the fields together cannot be.

        Raises:
            ValueError: with what to write.
        """
        for why in list_misshapes(self.model_dump(mode="json")):
            raise ValueError(why)
        return self

    @property
    def has_person(self) -> bool:
        """Whether somebody answers for the rule, and for having read each text of law it rests on."""
        laws = (each for each in self.legal_basis if each.evidence is not Evidence.OWN_PATTERN)
        return bool(self.owner) and all(basis.reader for basis in laws)

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
