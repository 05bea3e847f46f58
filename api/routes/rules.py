"""Rules: the law as data, open to all, with every version this archive has loaded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.dependencies import MomentOf, Reading, Rooms, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, Listing, answer_csv, answer_whole
from archive.models import RuleVersion
from archive.reading.as_of.moment import Moment
from archive.reading.descriptions import quote_field, view_of
from archive.reading.rules import (
    Exemptions,
    GivenAnswers,
    RuleCounts,
    RuleQuestions,
    RuleVersionView,
    list_questions,
    list_rule_versions,
)
from config.citations import Evidence
from config.overlay import Origin
from oversight.cases.decision_register import list_resting
from oversight.evaluation.kept_counts import count_ads, count_decided, count_kept
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.loading import KeptRule, Rule
from oversight.rules.rule_book import find_rule
from oversight.rules.schema import RuleFile, Stage
from oversight.rules.validity import LegalStatus
from oversight.rules.versions import (
    describe_rule,
    find_text_then,
    list_rules_then,
    pick_in_force,
)

router = APIRouter(prefix="/rules", tags=["rules"])


@view_of(RuleFile)
class RuleFacts(BaseModel):
    """What a rule is."""

    id: str
    version: int
    title: str
    jurisdiction: str
    kind: str
    legal_status: LegalStatus = Field(
        description="What it is in law on the day that is asked about: today, or that of the moment."
    )
    stage: Stage
    evidence: Evidence = Field(
        description="How well it is founded: as the weakest text of law and figures is."
    )
    origin: Origin | None = Field(
        description="shipped, changed by the operator, or local; empty: no file here has this text."
    )
    suspended_at: datetime | None = Field(
        description="Since when it takes no flag and carries no decision; empty: it is not suspended."
    )
    suspended_by: str | None = Field(description="Who suspended it.")
    suspended_because: str | None = Field(description="Why.")
    file_note: str = Field(
        description="What happened to its file since it came into use; empty: nothing."
    )
    sha256: str = Field(description=quote_field(RuleVersion, "sha256"))


class RuleItem(RuleFacts):
    """A rule in one line."""

    counts: RuleCounts = Field(description="How often this version answered what.")


class RuleRow(RuleFacts, GivenAnswers, Exemptions):
    """The same line for a table, each count in a column of its own."""

    unlabelled: int = Field(description=quote_field(RuleCounts, "unlabelled"))


class RuleView(RuleItem):
    """A rule whole: as data, word for word, and its versions."""

    file: RuleFile = Field(description="The rule as data.")
    text: str = Field(description=quote_field(RuleVersion, "text"))
    questions: RuleQuestions = Field(
        description="What this version cannot tell, and for want of what."
    )
    ads: int = Field(description="Ads that this archive holds.")
    decided: int | None = Field(
        description="Of these: those about which it answers, were it only that it is not about them; "
        "empty: not every ad has been held against it."
    )
    versions: list[RuleVersionView] = Field(description="Versions loaded here, oldest first.")
    decisions: list[str] = Field(
        description="Numbers of the decisions that rest on it, in whatever version, newest first."
    )


@router.get("", response_model=Listing[RuleItem], responses=CSV_TOO)
def get_rules(
    rooms: RoomsDep, session: Reading, moment: MomentOf, shape: FormatOf = Format.JSON
) -> Listing[RuleItem] | Response:
    """The rules by id, with how often each has answered what up to now.

    With `as_of` the versions this archive had loaded by then; with `valid_at` those in force that day.
    """
    in_use = rooms.book.list_in_use(session)
    held = list_rules_then(session, in_use, moment)
    described = _describe(rooms, session, pick_in_force(held, moment), in_use, moment)
    items = [RuleItem(**one) for one in described]
    return _answer_rows(items) if shape is Format.CSV else answer_whole(session, items, moment)


@router.get("/{rule_id}", response_model=RuleView, responses=CSV_TOO)
def get_rule(
    rooms: RoomsDep,
    session: Reading,
    moment: MomentOf,
    rule_id: Annotated[str, Path(description="Id of the rule.")],
    shape: FormatOf = Format.JSON,
) -> RuleView | Response:
    """One rule whole; as CSV its row of the list. At a moment it leads to its text of then, in `/texts`."""
    in_use = rooms.book.list_in_use(session)
    if not moment.is_now:
        return RedirectResponse(
            f"/api/v1/texts/{find_text_then(session, in_use, rule_id, moment)}?format={shape}"
        )
    rule = find_rule(in_use, rule_id)
    view = RuleView(
        **_describe(rooms, session, [rule], in_use, Moment())[0],
        file=rule.file,
        text=rule.text,
        questions=list_questions(session, [rule.sha256])[rule.sha256],
        ads=count_ads(session),
        decided=count_decided(session, rule, in_use, rooms.book.elections),
        versions=list_rule_versions(session, rule_id),
        decisions=list_resting(session, rule_id),
    )
    return _answer_rows([view]) if shape is Format.CSV else view


def _answer_rows(items: Sequence[RuleItem]) -> Response:
    rows = [
        RuleRow(**dict(item), **dict(item.counts), **dict(item.counts.does_not_apply))
        for item in items
    ]
    return answer_csv(RuleRow, rows)


def _describe(
    rooms: Rooms,
    session: Session,
    rules: Sequence[KeptRule],
    in_use: Sequence[Rule],
    moment: Moment,
) -> list[dict[str, Any]]:
    day = (moment.valid_at or moment.as_of or rooms.now()).date()
    hashes = [rule.sha256 for rule in rules]
    counts = count_kept(session, hashes, in_use, rooms.book.elections, rooms.now())
    told = tell_changed_files(rooms.settings, rules)
    return [
        describe_rule(rule, day, told.get(rule.id, "")) | {"counts": counts[rule.sha256]}
        for rule in rules
    ]
