"""Rules: the law as data, open to all, with every version this archive has loaded."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.dependencies import MomentOf, Reading, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, Listing, answer_csv, answer_whole
from archive.models import RuleVersion
from archive.reading.descriptions import quote_field, view_of
from archive.reading.rules import (
    RuleCounts,
    RuleVersionView,
    count_answers,
    list_rule_versions,
)
from config.overlay import Origin
from oversight.reference.citations import Evidence
from oversight.rules.schema import LegalStatus, RuleFile, Stage, Validity
from oversight.rules.versions import AnyRule, list_rules_then, pick_in_force

router = APIRouter(prefix="/rules", tags=["rules"])


@view_of(RuleFile)
class RuleFacts(BaseModel):
    """What a rule is."""

    id: str
    version: int
    title: str
    jurisdiction: str
    kind: str
    legal_status: LegalStatus = Field(description=quote_field(Validity, "status"))
    stage: Stage
    evidence: Evidence = Field(description="How well it is founded: as its weakest text is.")
    origin: Origin | None = Field(
        description="shipped, changed by the operator, or local; empty: a version no longer in use."
    )
    sha256: str = Field(description=quote_field(RuleVersion, "sha256"))


class RuleItem(RuleFacts):
    """A rule in one line."""

    counts: RuleCounts = Field(description="How often this version answered what.")


class RuleRow(RuleFacts, RuleCounts):
    """The same line for a table, each count in a column of its own."""


class RuleView(RuleItem):
    """A rule whole: as data, word for word, and its versions."""

    file: RuleFile = Field(description="The rule as data.")
    text: str = Field(description=quote_field(RuleVersion, "text"))
    versions: list[RuleVersionView] = Field(description="Versions loaded here, oldest first.")


@router.get("", response_model=Listing[RuleItem], responses=CSV_TOO)
def get_rules(
    rooms: RoomsDep, session: Reading, moment: MomentOf, shape: FormatOf = Format.JSON
) -> Listing[RuleItem] | Response:
    """The rules by id, with how often each has answered what up to now.

    With `as_of` the versions this archive had loaded by then; with `valid_at` those in force that day.
    """
    rules = pick_in_force(list_rules_then(session, rooms.rules, moment), moment)
    items = [RuleItem(**described) for described in _describe(session, rules)]
    return _answer_rows(items) if shape is Format.CSV else answer_whole(session, items, moment)


@router.get("/{rule_id}", response_model=RuleView, responses=CSV_TOO)
def get_rule(
    rooms: RoomsDep,
    session: Reading,
    rule_id: Annotated[str, Path(description="Id of the rule.")],
    shape: FormatOf = Format.JSON,
) -> RuleView | Response:
    """One rule whole; as CSV its row of the list."""
    rule = rooms.find_rule(rule_id)
    view = RuleView(
        **_describe(session, [rule])[0],
        file=rule.file,
        text=rule.text,
        versions=list_rule_versions(session, rule_id),
    )
    return _answer_rows([view]) if shape is Format.CSV else view


def _answer_rows(items: Sequence[RuleItem]) -> Response:
    return answer_csv(RuleRow, [RuleRow(**dict(item), **dict(item.counts)) for item in items])


def _describe(session: Session, rules: Sequence[AnyRule]) -> list[dict[str, Any]]:
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
