"""One ad against the rules: which questions there are, and what each answers about the ad.

Evaluation calls it for each ad; it reads no table and writes none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from archive.models.oversight import RuleAnswer
from archive.records import MissingReason
from archive.records.canonical import hash_json
from config.citations import Evidence
from oversight.language import Facts, FactValue
from oversight.language.closures import read_fact
from oversight.reference.elections import Election
from oversight.reference.periods import Period, find_period
from oversight.reference.windows import Window, find_window
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.facts import AdRow, read_facts
from oversight.rules.loading import Rule
from oversight.rules.moments import answer_then, tell_election


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
    """What a rule answered about an ad that it does not surely leave out."""

    question: Question
    outcome: ExplainedAnswer
    in_force: bool | None
    lacking_days: Mapping[str, MissingReason]
    """Ends of the ad's run that the source does not tell, by fact, each with the reason."""
    seen_at: datetime | None
    """When it was last seen to be running, without an end; `None`: no run tells."""

    @property
    def source_facts(self) -> list[str]:
        """Facts that leave it open, if the source gives none of them; else nothing."""
        if self.outcome.answer is not RuleAnswer.CANNOT_TELL:
            return []
        facts, days = self.outcome.facts, self.lacking_days
        unknown = self.outcome.list_unknowns()
        of_ad = {n: read_fact(facts, n) for n in unknown if n.startswith("ad.")}
        if self.in_force is None or len(of_ad) < len(unknown):
            # What the host reckons from the days of the run is open with them, or for this ad alone.
            of_ad |= days or {"": MissingReason.UNREADABLE}
        is_never_given = all(why is MissingReason.NOT_PROVIDED for why in of_ad.values())
        return sorted(of_ad) if is_never_given else []

    @cached_property
    def trace(self) -> dict[str, Any]:
        """The whole reckoning as JSON; it takes longer than the answer, and only signals keep it."""
        beside: dict[str, Any] = {"in_force": self.in_force}
        if self.seen_at:
            beside["observed_running_at"] = self.seen_at.isoformat()
        told = self.outcome.as_trace() | beside | _describe_window(self.question)
        return told | self.question.cited

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
            facts=tell_election(election),
        )
        for election in elections
        if spec.concerns(election)
    ]


def list_ad_facts(questions: Iterable[Question]) -> list[str]:
    """The facts of an ad, without `ad.`, that rules ask for."""
    asked = {name for question in questions for name in question.rule.fact_names}
    return sorted(name.removeprefix("ad.") for name in asked if name.startswith("ad."))


def explain_ad(
    ad: AdRow,
    rule: Rule,
    elections: Sequence[Election],
    now: datetime,
    seen_at: datetime | None = None,
) -> AdAnswer | None:
    """What a rule answers about one ad, does not apply included; `None`: no election has its window.

    Of several elections the one that asks most of a person, then one that is not over.
    """
    questions = _ask(rule, elections, now)
    facts, run = read_facts(ad, list_ad_facts(questions)), _find_run(ad, seen_at)
    order = [RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL, RuleAnswer.MET]
    order += [RuleAnswer.NO_BREACH_POSSIBLE, RuleAnswer.NOT_ASKED, RuleAnswer.DOES_NOT_APPLY]
    return min(
        (_answer(question, facts, run) for question in questions),
        key=lambda a: (order.index(a.outcome.answer), a.question.is_historic),
        default=None,
    )


def evaluate_ad(
    ad: AdRow,
    questions: Iterable[Question],
    names: Iterable[str],
    seen_at: datetime | None = None,
) -> list[AdAnswer]:
    """The answers of all rules that do not surely leave the ad out; `names` are the facts they read."""
    facts, run = read_facts(ad, names), _find_run(ad, seen_at)
    evaluated = (_evaluate(question, facts, run) for question in questions)
    return [ad_answer for ad_answer in evaluated if ad_answer]


class _Run(NamedTuple):
    """When an ad ran, and why an end of that is not told."""

    period: Period
    lacking: dict[str, MissingReason]
    seen_at: datetime | None


def _find_run(ad: AdRow, seen_at: datetime | None) -> _Run:
    ends = ("started", "ended")
    days = read_facts(ad, [f"{end}_{unit}" for end in ends for unit in ("at", "on")])
    lacking = {}
    for end in ends:
        at, on = days[f"ad.{end}_at"], days[f"ad.{end}_on"]
        if isinstance(at, MissingReason) and isinstance(on, MissingReason):
            never = at is on is MissingReason.NOT_PROVIDED
            lacking[f"ad.{end}_on"] = on if never or on is not MissingReason.NOT_PROVIDED else at
    if seen_at:
        # A source that leaves out the end of an ad that runs does give ends.
        lacking["ad.ended_on"] = MissingReason.NOT_DISCLOSED
    return _Run(find_period(ad, seen_at), lacking, seen_at)


def _evaluate(question: Question, facts: Facts, run: _Run) -> AdAnswer | None:
    known = {**facts, **question.facts}
    if any(gate.answer(known) is False for gate in question.rule.gates):
        return None
    ad_answer = _answer(question, facts, run)
    return None if ad_answer.outcome.answer is RuleAnswer.DOES_NOT_APPLY else ad_answer


def _answer(question: Question, facts: Facts, run: _Run) -> AdAnswer:
    known = {**facts, **question.facts}
    outcome, in_force = answer_then(
        question.rule, known, run.period, question.election, question.window
    )
    return AdAnswer(question, outcome, in_force, run.lacking, run.seen_at)


def _describe_window(question: Question) -> dict[str, Any]:
    if question.window is None:
        return {}
    spans = [
        {"zone": s.zone, "start_at": s.start_at.isoformat(), "end_at": s.end_at.isoformat()}
        for s in question.window.spans
    ]
    return {"election": question.election_id, "window": spans}
