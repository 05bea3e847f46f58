"""Rules in the archive, for readers: the versions loaded and how often each answered what.

Counts are of ads and say nothing about any one ad: single signals are not public before review.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.models import Evaluation, RuleUse, RuleVersion, SourceQuestion
from archive.models.oversight import Exemption, RuleAction, RuleAnswer
from archive.reading.descriptions import quote_field, view_of
from archive.reading.visible import select_hidden

APPLIES = frozenset({RuleAnswer.MET, RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL})
"""Answers of a rule that is or may be about the ad, and asks something of it."""

MOST_ASKING = (
    *(RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL, RuleAnswer.MET),
    *(RuleAnswer.NO_BREACH_POSSIBLE, RuleAnswer.NOT_ASKED, RuleAnswer.DOES_NOT_APPLY),
)
"""Answers, the one that asks most of a person first."""

KEPT = (*MOST_ASKING[:-1], Exemption.EXCEPTION, Exemption.NOT_IN_FORCE)
"""What is kept of an answer about an ad, in the same order; of one that it is not about, nothing."""


@view_of(RuleVersion, "version, sha256, recorded_at")
class RuleVersionView(SQLModel):
    """One immutable version of a rule that signals, flags and decisions cite."""


class SuspensionView(SQLModel):
    """Since when a rule is suspended, by whom and why."""

    suspended_at: datetime = Field(description=quote_field(RuleUse, "at"))
    suspended_by: str = Field(description=quote_field(RuleUse, "by_name"))
    suspended_because: str = Field(description=quote_field(RuleUse, "because"))


class GivenAnswers(SQLModel):
    """How often one rule version answered what of ads that it may be about; one count an ad and election."""

    applies: int = Field(default=0, description="Ads it is or may be about, and asks something of.")
    met: int = Field(default=0, description="Of these: the rule is met.")
    not_met: int = Field(default=0, description="Of these: it is not met, as far as is known.")
    cannot_tell: int = Field(default=0, description="Of these: what is known does not suffice.")
    no_breach_possible: int = Field(
        default=0,
        description="Beside these: nobody can tell whether it applied, but the ad does as it says.",
    )
    not_asked: int = Field(
        default=0,
        description="Beside these: the source does not tell what the rule needs to be asked.",
    )


class Exemptions(SQLModel):
    """How often one rule version does not apply, by why; one count an ad and election."""

    not_about_it: int | None = Field(
        default=None,
        description="It is not about the ad; empty: not counted, as not every ad has been held against it.",
    )
    not_in_force: int = Field(default=0, description="It was not law while the ad ran.")
    exception: int = Field(default=0, description="One of its exceptions holds.")


class AnswerCounts(GivenAnswers):
    """How often one rule version answered what; one count an ad and election."""

    does_not_apply: Exemptions = Field(
        default_factory=Exemptions, description="Beside all these: it does not apply, by why."
    )

    def add(self, answer: str, number: int) -> None:
        """Count an answer, or why the rule does not apply."""
        of = self.does_not_apply if answer in set(Exemption) else self
        setattr(of, answer, (getattr(of, answer) or 0) + number)
        self.applies += number * (answer in APPLIES)


class RuleCounts(AnswerCounts):
    """The same over all ads, with how many of them no list shows."""

    unlabelled: int = Field(
        default=0,
        description="Of the ads it applied to: those that lists and sums leave out, because their source "
        "gave them no political label.",
    )

    @property
    def kept(self) -> int:
        """All that are kept: every answer but that the rule is not about the ad."""
        left_out = self.does_not_apply.not_in_force + self.does_not_apply.exception
        return self.applies + self.no_breach_possible + self.not_asked + left_out


class SourceQuestionView(SQLModel):
    """What a rule would have to know of a source's ads and the source never gives."""

    source: str = Field(description=quote_field(SourceQuestion, "source"))
    facts: list[str] = Field(description="Facts that are missing, by full name.")
    ads: int = Field(description="Ads of which nobody can tell for want of them.")


class RuleQuestions(SQLModel):
    """What is open about one rule version: ads to look at one by one, and what sources never give."""

    ads: int = Field(
        default=0, description="Ads of which nobody can tell, each for its own reason."
    )
    sources: list[SourceQuestionView] = Field(
        default_factory=list, description="Questions about sources, the most ads first."
    )


def list_rule_versions(session: Session, rule_id: str) -> list[RuleVersionView]:
    """The versions of a rule that this archive has loaded, oldest first."""
    query = select(RuleVersion).where(RuleVersion.rule_id == rule_id)
    rows = session.exec(query.order_by(col(RuleVersion.id)))
    return [RuleVersionView.model_validate(row) for row in rows]


def list_rule_texts(session: Session, as_of: datetime) -> list[RuleVersion]:
    """The version of each rule in use at a time, by id of the rule; of one never in use the newest loaded."""
    query = select(RuleVersion).where(col(RuleVersion.recorded_at) <= as_of)
    used = list_uses(session, RuleAction.USE, as_of=as_of)
    held: dict[str, RuleVersion] = {}
    for row in session.exec(query.order_by(col(RuleVersion.rule_id), col(RuleVersion.id))):
        if row.rule_id not in used or used[row.rule_id].rule_sha256 == row.sha256:
            held[row.rule_id] = row
    return list(held.values())


def list_uses(
    session: Session, *actions: RuleAction, as_of: datetime | None = None
) -> dict[str, RuleUse]:
    """The newest step of each rule among these kinds of steps, up to a time, by id of the rule."""
    newest = select_newest_uses(*actions)
    if as_of is not None:
        newest = newest.where(col(RuleUse.at) <= as_of)
    return {
        row.rule_id: row for row in session.exec(select(RuleUse).where(col(RuleUse.id).in_(newest)))
    }


def select_suspended() -> SelectOfScalar[str]:
    """The ids of rules that a person has suspended and nobody has resumed."""
    newest = select_newest_uses(RuleAction.SUSPEND, RuleAction.RESUME)
    is_last = col(RuleUse.id).in_(newest)
    return select(RuleUse.rule_id).where(is_last, RuleUse.action == RuleAction.SUSPEND)


def select_newest_uses(*actions: RuleAction) -> SelectOfScalar[int | None]:
    """Our id of the newest step of each rule among these kinds of steps."""
    of_kind = col(RuleUse.action).in_(actions)
    return select(func.max(RuleUse.id)).where(of_kind).group_by(col(RuleUse.rule_id))


def answer_alike(asked: type[RuleVersion], judged: type[RuleVersion]) -> ColumnElement[bool]:
    """Whether two versions are one rule in other words: answers stand under the first of them."""
    by_the_same = and_(
        col(asked.rule_id) == judged.rule_id,
        col(asked.meaning_sha256) == judged.meaning_sha256,
        col(asked.meaning_sha256) != "",
    )
    return or_(col(asked.id) == judged.id, by_the_same)


def count_answers(session: Session, sha256s: Iterable[str]) -> Mapping[str, RuleCounts]:
    """Counts of each of these rule versions, by hash; a version never evaluated counts zero.

    Of several versions of an ad the one counts that asks most of a person.
    """
    counts = {sha256: RuleCounts() for sha256 in sha256s}
    judged = aliased(RuleVersion)
    most = func.min(
        case(
            dict(zip(KEPT, range(len(KEPT)), strict=True)),
            value=col(Evaluation.answer),
        )
    )
    answers = (
        select(RuleVersion.sha256, Evaluation.ad_id, most.label("place"))
        .join(judged, col(Evaluation.rule_version_id) == judged.id)
        .join(RuleVersion, answer_alike(RuleVersion, judged))
        .where(col(RuleVersion.sha256).in_(counts))
        .group_by(col(RuleVersion.sha256), col(Evaluation.ad_id), col(Evaluation.election_id))
        .subquery()
    )
    is_unlisted = answers.c.ad_id.in_(select_hidden())
    columns = (answers.c.sha256, answers.c.place)
    query = select(*columns, func.count(), func.count(case((is_unlisted, 1))))
    for sha256, place, number, hidden_by_default in session.exec(query.group_by(*columns)):
        counts[sha256].add(KEPT[place], number)
        counts[sha256].unlabelled += hidden_by_default * (KEPT[place] in APPLIES)
    return counts


def list_questions(session: Session, sha256s: Iterable[str]) -> Mapping[str, RuleQuestions]:
    """What is open about each of these rule versions, by hash; elections that are over included.

    An ad is counted if any version of it leaves the question open.
    """
    questions = {sha256: RuleQuestions() for sha256 in sha256s}
    ads, judged = func.count(col(Evaluation.ad_id).distinct()), aliased(RuleVersion)
    query = (
        select(RuleVersion.sha256, SourceQuestion.source, SourceQuestion.facts, ads)
        .join(judged, answer_alike(RuleVersion, judged))
        .join(Evaluation, col(Evaluation.rule_version_id) == judged.id)
        .outerjoin(SourceQuestion, col(SourceQuestion.id) == Evaluation.source_question_id)
        .where(col(RuleVersion.sha256).in_(questions), Evaluation.answer == RuleAnswer.CANNOT_TELL)
        .group_by(RuleVersion.sha256, SourceQuestion.source, SourceQuestion.facts)
        .order_by(ads.desc(), col(SourceQuestion.source), col(SourceQuestion.facts))
    )
    for sha256, source, facts, number in session.exec(query):
        if source is None:
            questions[sha256].ads = number
        else:
            view = SourceQuestionView(source=source, facts=facts.split(), ads=number)
            questions[sha256].sources.append(view)
    return questions
