"""One ad against the rules: which questions there are, and what each answers about the ad.

Evaluation calls it for each ad; it reads no table and writes none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from archive.records.canonical import hash_json
from config.citations import Evidence
from oversight.language import Facts, FactValue
from oversight.reference.elections import Election
from oversight.reference.periods import EARLIEST, LATEST, Period, find_period
from oversight.reference.windows import Window, find_window
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.facts import AdRow, read_facts
from oversight.rules.loading import Rule, answer_rule
from oversight.rules.schema import LegalStatus, Validity


@dataclass(frozen=True)
class Question:
    """A rule to hold ads against; with a window, once for each election it concerns."""

    rule: Rule
    election: Election | None = None
    window: Window | None = None
    is_historic: bool = False
    facts: Mapping[str, FactValue] = field(default_factory=dict)

    @property
    def election_id(self) -> str:
        """Id of the election, empty when the rule has no window."""
        return self.election.id if self.election else ""

    @property
    def cited(self) -> dict[str, Any]:
        """What it rests on beside the rule, by hash of the text (`/texts`), and how well all is founded."""
        parameters = {f"parameter {p.id}": p.sha256 for p in self.rule.parameters.values()}
        election = {f"election {self.election.id}": self.election.sha256} if self.election else {}
        ranks = [self.rule.evidence, *([self.election.evidence] if self.election else [])]
        weakest = max(ranks, key=list(Evidence).index)
        return {"rests_on": parameters | election, "evidence": weakest.value}


@dataclass(frozen=True)
class AdAnswer:
    """What a rule that applies, or may apply, answered about an ad."""

    question: Question
    outcome: ExplainedAnswer
    in_force: bool | None

    @cached_property
    def trace(self) -> dict[str, Any]:
        """The whole reckoning as JSON; it takes longer than the answer, and only signals keep it."""
        in_force = {"in_force": self.in_force}
        return (
            self.outcome.as_trace()
            | in_force
            | _describe_window(self.question)
            | self.question.cited
        )

    @property
    def facts_sha256(self) -> str:
        """Hash of what the answer was reckoned from: equal facts give no second signal."""
        return hash_json({name: self.trace[name] for name in ("facts", "in_force")})


def list_questions(
    rules: Iterable[Rule], elections: Sequence[Election], now: datetime
) -> list[Question]:
    """The questions that rules in use ask, by rule and then by election."""
    in_use = [rule for rule in rules if rule.is_evaluated]
    return [question for rule in in_use for question in _ask(rule, elections, now)]


def _ask(rule: Rule, elections: Sequence[Election], now: datetime) -> list[Question]:
    spec = rule.file.window
    if spec is None:
        return [Question(rule)]
    return [
        Question(
            rule=rule,
            election=election,
            window=find_window(spec, election),
            is_historic=election.is_over(now),
            facts={
                "election.id": election.id,
                "election.country": election.country,
                "election.kind": election.kind,
            },
        )
        for election in elections
        if spec.concerns(election)
    ]


def list_ad_facts(questions: Iterable[Question]) -> list[str]:
    """The facts of an ad, without `ad.`, that rules ask for."""
    asked = {name for question in questions for name in question.rule.fact_names}
    return sorted(name.removeprefix("ad.") for name in asked if name.startswith("ad."))


def explain_ad(
    ad: AdRow, rule: Rule, elections: Sequence[Election], now: datetime
) -> AdAnswer | None:
    """What a rule answers about one ad, does not apply included; `None`: no election has its window.

    Of several elections the one that asks most of a person, then one that is not over.
    """
    questions = _ask(rule, elections, now)
    facts, period = read_facts(ad, list_ad_facts(questions)), find_period(ad)
    order = [RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL, RuleAnswer.MET, RuleAnswer.DOES_NOT_APPLY]
    return min(
        (_answer(question, facts, period) for question in questions),
        key=lambda a: (order.index(a.outcome.answer), a.question.is_historic),
        default=None,
    )


def evaluate_ad(ad: AdRow, questions: Iterable[Question], names: Iterable[str]) -> list[AdAnswer]:
    """The answers of all rules that apply to an ad or may apply; `names` are the facts they read."""
    facts, period = read_facts(ad, names), find_period(ad)
    evaluated = (_evaluate(question, facts, period) for question in questions)
    return [ad_answer for ad_answer in evaluated if ad_answer]


def _evaluate(question: Question, facts: Facts, period: Period) -> AdAnswer | None:
    known = {**facts, **question.facts}
    if any(gate.answer(known) is False for gate in question.rule.gates):
        return None
    ad_answer = _answer(question, facts, period)
    return None if ad_answer.outcome.answer is RuleAnswer.DOES_NOT_APPLY else ad_answer


def _answer(question: Question, facts: Facts, period: Period) -> AdAnswer:
    rule = question.rule
    known = {
        **facts,
        **question.facts,
        **rule.find_parameters(period.start_day, question.election),
        **_read_window(question.window, period),
    }
    in_force = was_in_force(rule.file.validity, period)
    return AdAnswer(question, answer_rule(rule, known, in_force=in_force), in_force)


def _read_window(window: Window | None, period: Period) -> dict[str, FactValue]:
    if window is None:
        return {}
    answers = {
        "window.overlaps": window.overlaps(period),
        "window.inside": window.contains(period),
        "window.starts_inside": window.contains_start(period),
    }
    return {k: MissingReason.NOT_PROVIDED if v is None else v for k, v in answers.items()}


def _describe_window(question: Question) -> dict[str, Any]:
    if question.window is None:
        return {}
    spans = [
        {"zone": s.zone, "start_at": s.start_at.isoformat(), "end_at": s.end_at.isoformat()}
        for s in question.window.spans
    ]
    return {"election": question.election_id, "window": spans}


def was_in_force(validity: Validity, period: Period) -> bool | None:
    """Whether a rule was law at some time of a run; its days are read as UTC days."""
    if validity.status is LegalStatus.ANNOUNCED:
        return False
    start_at = _begin(validity.starts_on) if validity.starts_on else EARLIEST
    end_at = _begin(validity.ends_on) if validity.ends_on else LATEST
    if (start_at, end_at) == (EARLIEST, LATEST):
        return True
    return period.overlaps(start_at, end_at)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
