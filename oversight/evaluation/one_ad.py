"""One ad against the rules: which questions there are, and what each answers about the ad.

Evaluation calls it for each ad; it reads no table and writes none.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from archive.models.oversight import Exemption, RuleAnswer
from archive.reading.rules import MOST_ASKING
from archive.records import MissingReason
from archive.records.canonical import hash_json
from config.citations import Evidence
from oversight.language import Closure, Facts, FactValue
from oversight.language.closures import read_fact
from oversight.reference.elections import Election
from oversight.reference.labels import LabelFact, Said
from oversight.reference.periods import Bounds, Period, find_period
from oversight.reference.windows import Window, find_window
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.facts import SHARED, name_fact, read_facts
from oversight.rules.loading import Rule
from oversight.rules.made_facts import AdRow
from oversight.rules.moments import answer_then, read_window, tell_election, was_in_force
from oversight.rules.schema import Severity

Stretch = tuple[int, int] | None
"""Between which turns of the law's figures an ad may have started; `None`: nobody knows when it did."""


@dataclass(frozen=True)
class Question:
    """A rule to hold ads against; with a window, once for each election it concerns."""

    rule: Rule
    election: Election | None = None
    window: Window | None = None
    is_historic: bool = False
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    figures: dict[Stretch, Mapping[str, FactValue]] = field(default_factory=dict)
    """Its parameters as found so far."""

    @property
    def election_id(self) -> str:
        """Id of the election, empty when the rule has no window."""
        return self.election.id if self.election else ""

    @cached_property
    def cited(self) -> dict[str, Any]:
        """What it rests on beside the rule, by hash of the text (`/texts`), and how well all is founded."""
        election = {f"election {self.election.id}": self.election.sha256} if self.election else {}
        ranks = [self.rule.evidence, *([self.election.evidence] if self.election else [])]
        weakest = max(ranks, key=list(Evidence).index)
        return {"rests_on": self.rule.cited | election, "evidence": weakest.value}

    def find_figures(self, days: tuple[date, date] | None) -> Mapping[str, FactValue]:
        """Its parameters, for an ad that may have started on these days."""
        stretch = find_stretch(self.rule.turns, days)
        if stretch not in self.figures:
            self.figures[stretch] = self.rule.find_parameters(days, self.election)
        return self.figures[stretch]


def find_stretch(turns: Sequence[date], days: tuple[date, date] | None) -> Stretch:
    """Of how many turns, in order, each of the days is one or comes after; between them nothing turns."""
    return (bisect_right(turns, days[0]), bisect_right(turns, days[1])) if days else None


@dataclass(frozen=True)
class QuestionSet:
    """All questions there are, and of them those that may concern ads with the same shared facts."""

    asked: Sequence[Question]
    concerned: dict[tuple[object, ...], tuple[list[Question], list[str]]] = field(
        default_factory=dict
    )
    """As found so far, by the shared facts and the law's figures, with what else of an ad they read."""

    @cached_property
    def turns(self) -> list[date]:
        """The days on which a figure of a rule turns, in order."""
        return sorted({day for question in self.asked for day in question.rule.turns})

    def pick(
        self, shared: Facts, days: tuple[date, date] | None
    ) -> tuple[list[Question], list[str]]:
        """Those that such an ad is not surely left out of, and the other facts that they read."""
        key = (*shared.values(), find_stretch(self.turns, days))
        if key not in self.concerned:
            known = ((q, {**shared, **q.facts, **q.find_figures(days)}) for q in self.asked)
            left = [q for q, facts in known if not _fails(q.rule.clauses.gates[0], facts)]
            self.concerned[key] = left, [n for n in list_ad_facts(left) if n not in SHARED]
        return self.concerned[key]


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


def list_questions(
    rules: Iterable[Rule], elections: Sequence[Election], now: datetime
) -> QuestionSet:
    """The questions that rules in use ask, by rule and then by election."""
    in_use = [rule for rule in rules if rule.is_evaluated]
    return QuestionSet([question for rule in in_use for question in ask_rule(rule, elections, now)])


def ask_rule(rule: Rule, elections: Sequence[Election], now: datetime) -> list[Question]:
    """The questions that one rule asks, whatever its stage."""
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


def reads_labels(questions: Iterable[Question]) -> bool:
    """Whether rules ask what people and programs say of ads."""
    return any(question.rule.labels_read for question in questions)


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
    """The answers of all rules that do not surely leave the ad out."""
    shared, run = read_facts(ad, SHARED), run or find_run(ad)
    concerned, names = questions.pick(shared, run.period.start_days)
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
    if _fails(own_gate, known):
        return None
    if question.window:
        known = {**known, **read_window(question.window, run.period, run.whole)}
        if _fails(window_gate, known):
            return None
    ad_answer = _answer(question, known, run)
    return None if ad_answer.outcome.verdict.exemption is Exemption.NOT_ABOUT_IT else ad_answer


def _fails(gate: Closure | None, known: Facts) -> bool:
    return gate is not None and gate.answer(known) is False


def _explain(question: Question, facts: Facts, run: AdRun) -> AdAnswer:
    window = read_window(question.window, run.period, run.whole)
    return _answer(question, {**facts, **question.facts, **window}, run)


def _answer(question: Question, known: Facts, run: AdRun) -> AdAnswer:
    rule, days = question.rule, run.period.start_days
    in_force = was_in_force(rule.file.validity, run.period)
    if rule.figures:
        known = {**known, **question.find_figures(days)}
    labels = rule.find_labels(run.said, run.ad.public_id, days) if rule.labels_read else {}
    if labels:
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
