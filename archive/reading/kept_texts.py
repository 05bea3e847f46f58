"""Texts that this archive keeps word for word: versions of rules and of what they rest on, by hash."""

from datetime import datetime

from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import NotFoundError
from archive.models import ReferenceVersion, RuleUse, RuleVersion
from archive.reading.descriptions import view_of

RULE = "rule"


@view_of(RuleUse, "action, stage, by_name, because, at")
class UseStepView(SQLModel):
    """One step in the use of a version of a rule."""


@view_of(ReferenceVersion)
class KeptTextView(SQLModel):
    """A text as it is kept, for ever under its hash."""

    kind: str = Field(description="rule, parameter, election, holidays, register or label_list.")
    name: str
    sha256: str
    text: str
    recorded_at: datetime
    version: int | None = Field(description="Of a rule: the number its author gave.")
    uses: list[UseStepView] = Field(
        description="Of a rule: when this version came into use, was suspended and resumed, oldest first."
    )


def find_text(session: Session, sha256: str) -> KeptTextView:
    """The text of that hash.

    Raises:
        NotFoundError: if none is kept.
    """
    rule = session.exec(select(RuleVersion).where(RuleVersion.sha256 == sha256)).first()
    if rule is not None:
        steps = select(RuleUse).where(RuleUse.rule_sha256 == sha256).order_by(col(RuleUse.id))
        uses = [UseStepView.model_validate(step) for step in session.exec(steps)]
        named = {"kind": RULE, "name": rule.rule_id, "uses": uses}
        return KeptTextView.model_validate(rule.model_dump() | named)
    kept = session.exec(select(ReferenceVersion).where(ReferenceVersion.sha256 == sha256)).first()
    if kept is None:
        raise NotFoundError("text", sha256)
    return KeptTextView.model_validate(kept.model_dump() | {"version": None, "uses": []})
