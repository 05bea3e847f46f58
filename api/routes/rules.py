"""Rules: the law as data, open to all, with every version this archive has loaded."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.dependencies import Reading, RoomsDep
from api.listings import Listing, answer_whole
from archive.models import RuleVersion
from archive.reading.descriptions import quote_field
from archive.reading.rules import (
    AnswerCounts,
    RuleVersionView,
    count_answers,
    list_rule_versions,
)
from config.overlay import Origin
from oversight.citations import Evidence
from oversight.rule_file import LegalStatus, RuleFile, Stage, Validity
from oversight.rules import Rule

router = APIRouter(prefix="/rules", tags=["rules"])


class RuleItem(BaseModel):
    """A rule in one line."""

    id: str = Field(description=quote_field(RuleFile, "id"))
    version: int = Field(description=quote_field(RuleFile, "version"))
    title: str = Field(description=quote_field(RuleFile, "title"))
    jurisdiction: str = Field(description=quote_field(RuleFile, "jurisdiction"))
    kind: str = Field(description=quote_field(RuleFile, "kind"))
    legal_status: LegalStatus = Field(description=quote_field(Validity, "status"))
    stage: Stage = Field(description=quote_field(RuleFile, "stage"))
    evidence: Evidence = Field(description="How well it is founded: as its weakest text is.")
    origin: Origin = Field(description="shipped, changed by the operator, or local.")
    sha256: str = Field(description=quote_field(RuleVersion, "sha256"))
    counts: AnswerCounts = Field(description="How often this version answered what.")


class RuleView(RuleItem):
    """A rule whole: as data, word for word, and its versions."""

    file: RuleFile = Field(description="The rule as data.")
    text: str = Field(description=quote_field(RuleVersion, "text"))
    versions: list[RuleVersionView] = Field(description="Versions loaded here, oldest first.")


@router.get("")
def get_rules(rooms: RoomsDep, session: Reading) -> Listing[RuleItem]:
    """The rules in use, by id, with how often each answered what."""
    return answer_whole(session, [RuleItem(**v) for v in _describe(session, rooms.rules)])


@router.get("/{rule_id}")
def get_rule(
    rooms: RoomsDep,
    session: Reading,
    rule_id: Annotated[str, Path(description="Id of the rule.")],
) -> RuleView:
    """One rule whole."""
    rule = rooms.find_rule(rule_id)
    return RuleView(
        **_describe(session, [rule])[0],
        file=rule.file,
        text=rule.text,
        versions=list_rule_versions(session, rule_id),
    )


def _describe(session: Session, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    counts = count_answers(session, [rule.sha256 for rule in rules])
    names = ("id", "version", "title", "jurisdiction", "kind", "stage", "evidence")
    return [
        {name: getattr(rule.file, name) for name in names}
        | {
            "legal_status": rule.file.validity.status,
            "origin": rule.origin,
            "sha256": rule.sha256,
            "counts": counts[rule.sha256],
        }
        for rule in rules
    ]
