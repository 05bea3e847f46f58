"""One ad against the rules: what each question (`questions`) answers about it.

Evaluation calls it for each ad; it reads no table and writes none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from archive.models.oversight import Exemption, RuleAnswer
from archive.reading.rules import MOST_ASKING
from archive.records import MissingReason
from archive.records.canonical import hash_json
from oversight.evaluation.questions import Question, QuestionSet, ask_rule, fails, list_ad_facts
from oversight.language import Facts
from oversight.language.closures import read_fact
from oversight.reference.elections import Election
from oversight.reference.labels import LabelFact, Said
from oversight.reference.periods import Bounds, Period, find_period
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.facts import SHARED, name_fact, read_facts
from oversight.rules.loading import Rule
from oversight.rules.made_facts import AdRow
from oversight.rules.moments import answer_then, read_window, was_in_force
from oversight.rules.schema import Severity


@dataclass
class AdAnswer:
    """What a rule answered about an ad that it is, or may be, about."""

    question: Question
    outcome: ExplainedAnswer
    in_force: bool | None
    run: "AdRun"
    labels: Mapping[str, LabelFact] = field(default_factory=dict)
    """What labels say of the ad, of those that the rule reads."""

    @cached_property
    def machine_said(self) -> list[str]:
        """The facts it hangs on that programs alone say."""
        alone = [name for name, label in self.labels.items() if label.is_machine_alone]
        return sorted(self.outcome.deciding_facts.keys() & alone) if alone else []

    @property
    def severity(self) -> Severity:
        """How soon a person should look: what a program alone says of an ad never hurries anybody."""
        return Severity.INFO if self.machine_said else self.question.rule.file.severity

    @property
    def because(self) -> list[str]:
        """Why, in sentences; where it hangs on what programs alone say, that too."""
        why = "only a program says so, so it stays of severity info."
        return [*self.outcome.because, *(f"{name_fact(n)}: {why}" for n in self.machine_said)]

    @property
    def source_facts(self) -> list[str]:
        """Facts that leave it open, if the source gives none of them; else nothing."""
        if self.outcome.answer is not RuleAnswer.CANNOT_TELL:
            return []
        facts, days = self.outcome.facts, self.run.lacking
        unknown = self.outcome.list_unknowns()
        if not self.labels.keys().isdisjoint(unknown):
            return []  # No source can say what nobody has said beside it.
        of_ad = {n: read_fact(facts, n) for n in unknown if n.startswith("ad.")}
        if self.in_force is None or len(of_ad) < len(unknown):
            # What the host reckons from the days of the run is open with them, or for this ad alone.
            of_ad |= days or {"": MissingReason.UNREADABLE}
        is_never_given = all(why is MissingReason.NOT_PROVIDED for why in of_ad.values())
        return sorted(of_ad) if is_never_given else []

    @cached_property
    def trace(self) -> dict[str, Any]:
        """The whole reckoning as JSON; it takes longer than the answer, and only signals keep it."""
        beside: dict[str, Any] = {"in_force": self.in_force, "severity": self.severity.value}
        if self.labels:
            beside["said_by"] = {name: label.said_by for name, label in self.labels.items()}
        if self.run.seen_at:
            beside["observed_running_at"] = self.run.seen_at.isoformat()
        if self.run.period != self.run.whole:
            beside["version_shown"] = self.run.period.as_json()
        told = self.outcome.as_trace() | beside | _describe_window(self.question)
        return told | self.question.cited

    @cached_property
    def facts_sha256(self) -> str:
        """Hash of the answer and what decides it: while it stays, there is no second signal."""
        decided = {"answer": self.outcome.answer.value, "facts": self.outcome.deciding_facts}
        beside = {"in_force": self.in_force, "window": _describe_window(self.question)}
        machine = {"machine_said": self.machine_said} if self.machine_said else {}
        return hash_json(decided | beside | machine)


def explain_ad(
    ad: AdRow,
    rule: Rule,
    elections: Sequence[Election],
    now: datetime,
    run: "AdRun | None" = None,
) -> AdAnswer | None:
    """What a rule answers about one ad, does not apply included; `None`: no election has its window.

    Of several elections the one that asks most of a person, then one that is not over.
    """
    questions = ask_rule(rule, elections, now)
    facts, run = read_facts(ad, list_ad_facts(questions)), run or find_run(ad)
    return min(
        (_explain(question, facts, run) for question in questions),
        key=lambda a: (MOST_ASKING.index(a.outcome.answer), a.question.is_historic),
        default=None,
    )


def evaluate_ad(ad: AdRow, questions: QuestionSet, run: "AdRun | None" = None) -> list[AdAnswer]:
    """The answers of all rules that may be about the ad."""
    shared, run = read_facts(ad, SHARED), run or find_run(ad)
    concerned, names = questions.pick(shared, run.start_days)
    facts = shared | read_facts(ad, names)
    evaluated = [_evaluate(question, facts, run) for question in concerned]
    return [ad_answer for ad_answer in evaluated if ad_answer]


@dataclass
class AdRun:
    """When an ad, or a version of it, ran."""

    ad: AdRow
    period: Period
    seen_at: datetime | None
    """When the ad was last seen to be running, without an end; `None`: no run tells."""
    whole: Period
    """The ad's whole run: another version, shown later, is no start of the ad."""
    said: Said = field(default_factory=dict)
    """The words of people and programs on the ad."""

    @cached_property
    def start_days(self) -> tuple[date, date] | None:
        """First and last UTC day on which it may have started; `None`: nothing is known of it."""
        return self.period.start_days

    @cached_property
    def lacking(self) -> Mapping[str, MissingReason]:
        """Ends of the run that the source does not tell, by fact, each with the reason."""
        ends = ("started", "ended")
        days = read_facts(self.ad, [f"{end}_{unit}" for end in ends for unit in ("at", "on")])
        lacking = {}
        for end in ends:
            at, on = days[f"ad.{end}_at"], days[f"ad.{end}_on"]
            if isinstance(at, MissingReason) and isinstance(on, MissingReason):
                never = at is on is MissingReason.NOT_PROVIDED
                is_of_day = never or on is not MissingReason.NOT_PROVIDED
                lacking[f"ad.{end}_on"] = on if is_of_day else at
        if self.seen_at:
            # A source that leaves out the end of an ad that runs does give ends.
            lacking["ad.ended_on"] = MissingReason.NOT_DISCLOSED
        return lacking

    def cut(self, since: Bounds | None, until: Bounds | None) -> "AdRun | None":
        """The part in which a version was shown; `None`: it was replaced before the ad ran."""
        if since is until is None:
            return self
        period = self.period.cut(since, until)
        return replace(self, period=period) if period else None


def find_run(ad: AdRow, seen_at: datetime | None = None, said: Said | None = None) -> AdRun:
    """When an ad ran, as its newest version says; `seen_at`: when it was last seen running without an end."""
    period = find_period(ad, seen_at)
    return AdRun(ad, period, seen_at, period, said or {})


def _evaluate(question: Question, facts: Facts, run: AdRun) -> AdAnswer | None:
    _, own_gate, window_gate = question.rule.clauses.gates
    known = {**facts, **question.facts} if question.facts else facts
    if fails(own_gate, known):
        return None
    if question.window:
        known = {**known, **read_window(question.window, run.period, run.whole)}
        if fails(window_gate, known):
            return None
    ad_answer = _answer(question, known, run)
    return None if ad_answer.outcome.verdict.exemption is Exemption.NOT_ABOUT_IT else ad_answer


def _explain(question: Question, facts: Facts, run: AdRun) -> AdAnswer:
    window = read_window(question.window, run.period, run.whole)
    return _answer(question, {**facts, **question.facts, **window}, run)


def _answer(question: Question, known: Facts, run: AdRun) -> AdAnswer:
    rule, days = question.rule, run.start_days
    in_force = was_in_force(rule.file.validity, run.period)
    if rule.reads_figures:
        known = {**known, **question.find_figures(days)}
    if not rule.labels_read:
        return AdAnswer(question, answer_then(rule, known, days, in_force=in_force), in_force, run)
    labels = rule.find_labels(run.said, run.ad.public_id, days)
    known = {**known, **{name: label.value for name, label in labels.items()}}
    outcome = answer_then(rule, known, days, in_force=in_force)
    alone = {n: MissingReason.NOT_LOOKED for n, label in labels.items() if label.is_machine_alone}
    if alone and outcome.verdict.exemption is Exemption.EXCEPTION:
        # A program alone excuses nobody.
        outcome = answer_then(rule, {**known, **alone}, days, in_force=in_force)
    return AdAnswer(question, outcome, in_force, run, labels)


def _describe_window(question: Question) -> dict[str, Any]:
    if question.window is None:
        return {}
    spans = [
        {"zone": s.zone, "start_at": s.start_at.isoformat(), "end_at": s.end_at.isoformat()}
        for s in question.window.spans
    ]
    return {"election": question.election_id, "window": spans}
