"""The questions that rules ask: of each rule, at each election that it concerns, and of which ads.

Evaluation puts them to one ad after the other (`one_ad`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from config.citations import Evidence
from oversight.language import Closure, Facts, FactValue
from oversight.reference.elections import Election
from oversight.reference.windows import Window, find_window
from oversight.rules.facts import SHARED
from oversight.rules.loading import Rule
from oversight.rules.moments import tell_election

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
            left = [q for q, facts in known if not fails(q.rule.clauses.gates[0], facts)]
            self.concerned[key] = left, [n for n in list_ad_facts(left) if n not in SHARED]
        return self.concerned[key]


def list_questions(
    rules: Iterable[Rule], elections: Sequence[Election], now: datetime
) -> QuestionSet:
    """The questions that rules in use ask, by rule and then by election."""
    in_use = [rule for rule in rules if rule.is_evaluated]
    return QuestionSet([q for rule in in_use for q in ask_rule(rule, elections, now)])


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


def fails(gate: Closure | None, known: Facts) -> bool:
    """Whether what must hold surely does not; without a gate nothing need hold."""
    return gate is not None and gate.evaluate(known, None) is False
