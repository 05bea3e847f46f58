"""What a rule's clauses come to together, by Kleene's tables, with the reasons in plain sentences.

`rules.answer_rule` calls it. A rule never finds a breach: `not_met` is a ground for a person to look.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from archive.models.oversight import Exemption, RuleAnswer
from archive.records import MissingReason
from oversight.language import Closure, Facts, FactValue, TraceStep, list_facts, trace_closure
from oversight.language.closures import join_closures, read_fact
from oversight.language.trace import write_value
from oversight.reference.labels import LABEL_FACTS
from oversight.reference.parameters import Parameter
from oversight.rules.facts import SHARED, describe_fact, name_fact
from oversight.rules.schema import ExceptionClause, ShownBy

LOOKED_UP = ("p.", "register.", "label.")
"""How the names of facts begin that take the host some looking up for each ad."""


@dataclass(frozen=True)
class Clauses:
    """The conditions of a rule, ready to answer."""

    applies_when: Closure
    duty: Closure
    is_forbidden: bool
    unless: Mapping[ExceptionClause, Closure]
    asks_where: tuple[str, ...] = ()
    """Facts that must be given, or declared blank, for the rule to be asked."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    label_lists: tuple[str, ...] = ()
    """Names of those it takes a no from."""

    def describe(self, name: str, facts: Facts) -> str:
        """A sentence on what is known of a fact; of a figure of the law with its value, day and source."""
        for parameter in self.parameters.values():
            if name.removeprefix("p.") in parameter.fact_types:
                return f"{name_fact(name)}: {parameter.tell(parameter.find_read(facts))}"
        if self.label_lists and name in LABEL_FACTS and not isinstance(facts.get(name), bool):
            lists = f"label list {', '.join(self.label_lists)} is not loaded"
            return f"{name_fact(name)}: nobody says so of it, and {lists} for its source and days."
        return describe_fact(name, facts)

    @cached_property
    def by_name(self) -> dict[str, Closure]:
        """Each by its name in a trace."""
        duty = {"forbids" if self.is_forbidden else "requires": self.duty}
        unless = {f"unless {clause.id}": closure for clause, closure in self.unless.items()}
        return {"applies_when": self.applies_when} | duty | unless

    @cached_property
    def gates(self) -> list[Closure | None]:
        """What must hold for the rule to apply: of facts that many ads share, of the ad's own, of its window.

        The first may name parameters; what else names one, or a register, is in none of the three.
        """
        gates: list[list[Closure]] = [[], [], []]
        for condition in self.applies_when.list_conjuncts():
            names = list_facts(condition.node)
            if all(map(_is_shared, names)):
                gates[0].append(condition)
            elif not any(name.startswith(LOOKED_UP) for name in names):
                gates[2 if any(name.startswith("window.") for name in names) else 1].append(
                    condition
                )
        return [join_closures(conditions) for conditions in gates]


def _is_shared(name: str) -> bool:
    group, _, column = name.partition(".")
    return group in {"p", "election"} or column in SHARED


@dataclass
class ExplainedAnswer:
    """A rule's answer on some facts; why, and by which steps, is reckoned when somebody asks."""

    verdict: "Verdict"
    clauses: Clauses
    facts: Facts

    @property
    def answer(self) -> RuleAnswer:
        """What it is."""
        return self.verdict.answer

    @property
    def counted_as(self) -> str:
        """The answer; of one that does not apply, why."""
        return (self.verdict.exemption or self.answer).value

    @property
    def because(self) -> tuple[str, ...]:
        """Why, in sentences: the reason, then each deciding fact."""
        names = [name for step in self._list_deciding() for name in step.list_deciding_facts()]
        told = dict.fromkeys((*self.verdict.lacking, *names))
        sentences = (self.clauses.describe(name, self.facts) for name in told)
        return (self.verdict.reason, *dict.fromkeys(sentences))

    def list_unknowns(self) -> list[str]:
        """Facts without a value that an open answer hangs on, each once."""
        names = [name for step in self._list_deciding() for name in step.list_unknown_facts()]
        return list(dict.fromkeys(names))

    @cached_property
    def steps(self) -> dict[str, TraceStep]:
        """How each clause comes to what it comes to, by its name in a trace."""
        named = self.clauses.by_name.items()
        return {name: trace_closure(closure, self.facts) for name, closure in named}

    @property
    def deciding_facts(self) -> dict[str, Any]:
        """The facts that some clause hangs on, by name, as JSON: while they stay, so does the answer."""
        names = [name for step in self.steps.values() for name in step.list_deciding_facts()]
        return self._write_facts(dict.fromkeys((*self.verdict.lacking, *names)))

    def as_trace(self) -> dict[str, Any]:
        """The reckoning as JSON: clauses with their steps, facts with their value or reason."""
        depends_on = {clause.id: clause.question for clause in self.verdict.depends_on}
        return {
            "clauses": {name: step.as_json() for name, step in self.steps.items()},
            "facts": self._write_facts(_list_facts(self.steps.values())),
        } | ({"depends_on": depends_on} if depends_on else {})

    def _list_deciding(self) -> list[TraceStep]:
        named = self.clauses.by_name.items()
        deciding = self.verdict.deciding
        return [self.steps[name] for one in deciding for name, each in named if each is one]

    def _write_facts(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: write_value(read_fact(self.facts, name)) for name in names}


class Verdict(NamedTuple):
    """An answer, its reason, and what it hangs on: clauses, or facts of `asks_where` that are lacking."""

    answer: RuleAnswer
    reason: str
    deciding: tuple[Closure, ...] = ()
    exemption: Exemption | None = None
    lacking: tuple[str, ...] = ()
    depends_on: tuple[ExceptionClause, ...] = ()
    """Exceptions that may hold, which the addressee has to show."""


def _list_facts(clauses: Iterable[TraceStep]) -> list[str]:
    """Names of all facts the clauses read, decisive or not, each once."""
    names: dict[str, None] = {}
    stack = [*clauses][::-1]
    while stack:
        step = stack.pop()
        if step.fact:
            names[step.fact] = None
        stack.extend(step.steps[::-1])
    return list(names)


def answer_clauses(clauses: Clauses, facts: Facts, *, in_force: bool | None) -> ExplainedAnswer:
    """The answer of a rule made of these clauses.

    In this order: it surely does not apply, is not asked, the duty is surely kept, all is sure and the duty
    is broken; what is left, nobody can tell.
    """
    applies = clauses.applies_when.answer(facts)
    verdict = _leave_out(clauses, facts, applies=applies, in_force=in_force)
    if verdict is None:
        verdict = _evaluate_duty(clauses, facts, applies=applies, in_force=in_force)
    return ExplainedAnswer(verdict, clauses, facts)


def _leave_out(
    clauses: Clauses, facts: Facts, *, applies: bool | None, in_force: bool | None
) -> Verdict | None:
    """The answer if the rule surely does not apply, or is not asked."""
    no = RuleAnswer.DOES_NOT_APPLY
    if applies is False:
        reason = "The rule is not about this ad."
        return Verdict(no, reason, (clauses.applies_when,), Exemption.NOT_ABOUT_IT)
    if in_force is False:
        reason = "The rule was not in force while the ad ran."
        return Verdict(no, reason, exemption=Exemption.NOT_IN_FORCE)
    for clause, closure in clauses.unless.items():
        if closure.answer(facts) is True:
            reason = f"The exception “{clause.id}” holds ({clause.cite})."
            return Verdict(no, reason, (closure,), Exemption.EXCEPTION)
    lacking = tuple([name for name in clauses.asks_where if _is_lacking(read_fact(facts, name))])
    if lacking:
        reason = "The rule asks only about ads of which more is known."
        return Verdict(RuleAnswer.NOT_ASKED, reason, lacking=lacking)
    return None


def _is_lacking(value: FactValue) -> bool:
    return isinstance(value, MissingReason) and value is not MissingReason.NOT_DISCLOSED


def _evaluate_duty(
    clauses: Clauses, facts: Facts, *, applies: bool | None, in_force: bool | None
) -> Verdict:
    """The answer of a rule that applies or may apply."""
    duty = clauses.duty.answer(facts)
    if duty is (not clauses.is_forbidden):
        if applies and in_force:
            return Verdict(RuleAnswer.MET, "The ad does as the rule says.", (clauses.duty,))
        reason = "Whether or not the rule is about this ad, the ad does as it says."
        return Verdict(RuleAnswer.NO_BREACH_POSSIBLE, reason, (clauses.duty,))
    unknown = {c: test for c, test in clauses.unless.items() if test.answer(facts) is None}
    to_show = {c: test for c, test in unknown.items() if c.shown_by is ShownBy.ADDRESSEE}
    open_exceptions = {c: test for c, test in unknown.items() if c not in to_show}
    open_clauses = [
        *([clauses.applies_when] if applies is None else []),
        *([clauses.duty] if duty is None else []),
        *open_exceptions.values(),
    ]
    if in_force and not open_clauses:
        reason = "The ad does not do as the rule says."
        if to_show:
            asked = " ".join(f"{c.question} (“{c.id}”, {c.cite})" for c in to_show)
            reason = (
                f"The ad does not do as the rule says, and the addressee is to be asked: {asked}"
            )
        deciding = (clauses.duty, *to_show.values())
        return Verdict(RuleAnswer.NOT_MET, reason, deciding, depends_on=tuple(to_show))
    if applies is None:
        reason = "Nobody can tell from what is known whether the rule is about this ad."
    elif in_force is None:
        reason = "It is not known when the ad ran, so not whether the rule was in force."
    elif duty is None:
        reason = "Nobody can tell from what is known whether the ad does as the rule says."
    else:
        names = ", ".join(f"“{clause.id}” ({clause.cite})" for clause in open_exceptions)
        reason = f"The ad does not do as the rule says, unless an exception holds: {names}."
    return Verdict(RuleAnswer.CANNOT_TELL, reason, tuple(open_clauses))
