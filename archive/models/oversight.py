"""Rules as they were, what machines signalled, what people flagged, what was decided."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class RuleAnswer(StrEnum):
    """What a rule says about an ad."""

    DOES_NOT_APPLY = "does_not_apply"
    MET = "met"
    NOT_MET = "not_met"
    CANNOT_TELL = "cannot_tell"
    NO_BREACH_POSSIBLE = "no_breach_possible"
    NOT_ASKED = "not_asked"


class Exemption(StrEnum):
    """Why a rule does not apply to an ad."""

    NOT_ABOUT_IT = "not_about_it"
    NOT_IN_FORCE = "not_in_force"
    EXCEPTION = "exception"


class RuleVersion(SQLModel, table=True):
    """One immutable version of a rule: the very text that signals, flags and decisions cite."""

    __tablename__ = "rule_version"
    __table_args__ = (UniqueConstraint("rule_id", "sha256", name="rule_version_hash"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    rule_id: str = Field(index=True, description="Stable id of the rule.")
    version: int = Field(description="Number its author gave.")
    sha256: str = Field(description="SHA-256 of the rule file's bytes.")
    text: str = Field(description="The rule file, byte for byte.")
    recorded_at: datetime = Field(description="When this archive first loaded it.")
    meaning_sha256: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="Hash of what it answers by: conditions, days, window, names of its figures. Versions "
        "that differ in words alone share it.",
    )


class ReferenceKind(StrEnum):
    """What rules rest on beside the law."""

    PARAMETER = "parameter"
    ELECTION = "election"
    HOLIDAYS = "holidays"
    REGISTER = "register"
    LABEL_LIST = "label_list"


class ReferenceVersion(SQLModel, table=True):
    """One immutable text that rules rest on: parameters, elections, holidays, copies of lists."""

    __tablename__ = "reference_version"
    __table_args__ = (
        UniqueConstraint("kind", "name", "sha256", name="reference_version_hash"),
        Index("reference_version_by_hash", "sha256"),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    kind: str = Field(description="parameter, election, holidays, register or label_list.")
    name: str = Field(description="Its id among those of its kind.")
    sha256: str = Field(description="SHA-256 of the text.")
    text: str = Field(
        description="The file, byte for byte; of a register or label list, its lines as JSON."
    )
    by_name: str = Field(description="Who brought it.")
    because: str = Field(description="Why.")
    recorded_at: datetime = Field(description="When this archive first held it.")


class RuleAction(StrEnum):
    """What was done about the use of a rule."""

    USE = "use"
    SUSPEND = "suspend"
    RESUME = "resume"


class RuleUse(SQLModel, table=True):
    """One step in the use of a rule: a version came into use, or a person stopped it; only ever added."""

    __tablename__ = "rule_use"
    __table_args__ = (Index("rule_use_by_rule", "rule_id", "id"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    rule_id: str = Field(description="Stable id of the rule.")
    action: str = Field(description="use, suspend or resume.")
    rule_sha256: str = Field(description="SHA-256 of the version that is in use from then on.")
    stage: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="active or shadow, since a version came into use; empty: as its text wishes.",
    )
    by_name: str = Field(description="Who did it.")
    because: str = Field(description="Why.")
    at: datetime = Field(description="When.")


class Evaluation(SQLModel, table=True):
    """What a rule answers about one version of an ad now; nothing where it is surely not about it."""

    __tablename__ = "evaluation"
    __table_args__ = (
        UniqueConstraint("rule_version_id", "ad_version_id", "election_id", name="evaluation_once"),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    rule_version_id: int = Field(
        foreign_key="rule_version.id",
        sa_type=BIG_ID,
        description="The rule: the first of its versions that answer by the same.",
    )
    ad_id: int = Field(foreign_key="ad.id", sa_type=BIG_ID, index=True, description="The ad.")
    ad_version_id: int = Field(sa_type=BIG_ID, description="The version evaluated.")
    election_id: str = Field(default="", description="Election whose window it is; empty: none.")
    answer: str = Field(
        index=True,
        description="met, not_met, cannot_tell, no_breach_possible (it may not apply, but the ad does as it "
        "says), not_asked (the source does not tell what the rule needs to be asked); or, where it does not "
        "apply, not_in_force or exception.",
    )
    source_question_id: int | None = Field(
        default=None,
        sa_type=BIG_ID,
        index=True,
        description="Question about the source that stands for it; empty: none does.",
    )
    is_historic: bool = Field(default=False, description="The election is over.")
    evaluated_at: datetime = Field(description="When.")


class SourceQuestion(SQLModel, table=True):
    """What a rule would have to know of a source's ads and the source never gives, asked once for all."""

    __tablename__ = "source_question"
    __table_args__ = (
        UniqueConstraint("rule_version_id", "source", "facts", name="source_question_once"),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    rule_version_id: int = Field(
        foreign_key="rule_version.id", sa_type=BIG_ID, description="The rule as it was."
    )
    source: str = Field(description="Source that does not give the facts.")
    facts: str = Field(description="Facts that are missing, in order, with spaces between them.")
    asked_at: datetime = Field(description="When it was first asked.")


class Signal(SQLModel, table=True):
    """A machine's suspicion or open question, with the whole reckoning; not public before review."""

    __tablename__ = "signal"
    __table_args__ = (
        UniqueConstraint(
            *("rule_version_id", "ad_version_id", "election_id", "facts_sha256", "evaluator"),
            name="signal_once",
        ),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    rule_version_id: int = Field(
        foreign_key="rule_version.id", sa_type=BIG_ID, description="The rule as it was."
    )
    ad_id: int = Field(foreign_key="ad.id", sa_type=BIG_ID, index=True, description="The ad.")
    ad_version_id: int = Field(sa_type=BIG_ID, description="The version evaluated.")
    election_id: str = Field(default="", description="Election whose window it is; empty: none.")
    answer: str = Field(index=True, description="not_met or cannot_tell.")
    because: list[str] = Field(sa_type=JSON, description="Why, in sentences.")
    trace: dict[str, Any] = Field(sa_type=JSON, description="Every fact read and every step taken.")
    facts_sha256: str = Field(description="Hash of the answer and of what decides it.")
    evaluator: int = Field(
        default=2,
        sa_column_kwargs={"server_default": "2"},
        description="Number of the program that reckoned it: raised when the same may be answered otherwise.",
    )
    superseded_because: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="newer_rule or newer_answer: why it no longer says what its rule answers about this "
        "version of the ad; empty: it does.",
    )
    is_historic: bool = Field(default=False, description="The election is over.")
    signalled_at: datetime = Field(description="When.")


class SignalStatus(StrEnum):
    """Whether a signal still stands."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class SignalEnd(StrEnum):
    """Why a signal is not current."""

    NEWER_AD_VERSION = "newer_ad_version"
    NEWER_ANSWER = "newer_answer"
    NEWER_RULE = "newer_rule"
    SUSPENDED = "suspended"
    ANNULLED = "annulled"


class CaseState(StrEnum):
    """Where a flag stands."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"
    APPEALED = "appealed"
    UPHELD = "upheld"
    VARIED = "varied"
    ANNULLED = "annulled"


class Flag(SQLModel, table=True):
    """A person's mark on an ad version under a rule version; a suspicion, not a decision."""

    __tablename__ = "flag"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    reference: str = Field(unique=True, description="Number people quote.")
    ad_id: int = Field(foreign_key="ad.id", sa_type=BIG_ID, index=True, description="The ad.")
    ad_version_id: int = Field(sa_type=BIG_ID, description="The version that was crawled.")
    rule_version_id: int = Field(
        foreign_key="rule_version.id", sa_type=BIG_ID, description="The rule as it was."
    )
    signal_id: int | None = Field(default=None, sa_type=BIG_ID, description="Signal it rests on.")
    note: str = Field(description="Why the person flagged it.")
    state: str = Field(default=CaseState.OPEN, description="Where it stands.")
    raised_by_id: int = Field(foreign_key="user.id", sa_type=BIG_ID, description="Who.")
    raised_at: datetime = Field(description="When.")


class CaseStep(SQLModel, table=True):
    """One step of a flag's way, with who took it and why; rows are only ever added."""

    __tablename__ = "case_step"
    __table_args__ = (Index("case_step_by_flag", "flag_id"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    flag_id: int = Field(foreign_key="flag.id", sa_type=BIG_ID, description="The flag.")
    event: str = Field(description="What was done.")
    from_state: str = Field(description="Where it stood before.")
    to_state: str = Field(description="Where it stands after.")
    by_user_id: int = Field(foreign_key="user.id", sa_type=BIG_ID, description="Who.")
    at: datetime = Field(description="When.")
    note: str = Field(default="", description="Why.")


class Decision(SQLModel, table=True):
    """An authority's reasoned outcome on a flag; public, appended to, never replaced."""

    __tablename__ = "decision"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    reference: str = Field(unique=True, description="Number people quote.")
    flag_id: int = Field(foreign_key="flag.id", sa_type=BIG_ID, index=True, description="The flag.")
    outcome: str = Field(description="What was decided, from the closed list.")
    reasons: str = Field(description="Statement of reasons.")
    plain_summary: str = Field(description="The same for everyone, in short sentences.")
    legal_basis: str = Field(description="Provision it rests on.")
    decided_by_id: int = Field(foreign_key="user.id", sa_type=BIG_ID, description="Who.")
    deployment_kind: str = Field(description="What kind of operator decided.")
    operator_name: str = Field(description="Who runs the archive that published it.")
    automated_detection: bool = Field(description="A machine's signal led to the flag.")
    decided_at: datetime = Field(description="When.")
