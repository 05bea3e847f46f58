"""What a rule's clauses come to together, in four answers, with the reasons in plain sentences.

`rules.answer_rule` calls it. A rule never finds a breach: `not_met` is a ground for a person to look.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from archive.models.oversight import RuleAnswer
from oversight.language import Closure, Facts, TraceStep, trace_closure
from oversight.language.closures import read_fact
from oversight.language.trace import write_value
from oversight.reference.parameters import Parameter
from oversight.rules.facts import describe_fact, name_fact
from oversight.rules.schema import ExceptionClause


@dataclass(frozen=True)
class Clauses:
    """The conditions of a rule, ready to answer."""

    applies_when: Closure
    duty: Closure
    is_forbidden: bool
    unless: Mapping[ExceptionClause, Closure]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def describe(self, name: str, facts: Facts) -> str:
        """A sentence on what is known of a fact; of a figure of the law with its value, day and source."""
        for parameter in self.parameters.values():
            if name.removeprefix("p.") in parameter.fact_types:
                return f"{name_fact(name)}: {parameter.tell(parameter.find_read(facts))}"
        return describe_fact(name, facts)

    @cached_property
    def by_name(self) -> dict[str, Closure]:
        """Each by its name in a trace."""
        duty = {"forbids" if self.is_forbidden else "requires": self.duty}
        unless = {f"unless {clause.id}": closure for clause, closure in self.unless.items()}
        return {"applies_when": self.applies_when} | duty | unless


@dataclass(frozen=True)
class ExplainedAnswer:
    """A rule's answer on some facts; why, and by which steps, is reckoned when somebody asks."""

    answer: RuleAnswer
    reason: str
    deciding: tuple[Closure, ...]
    """The clauses that the answer hangs on."""
    clauses: Clauses
    facts: Facts

    @property
    def because(self) -> tuple[str, ...]:
        """Why, in sentences: the reason, then each deciding fact."""
        steps = [trace_closure(closure, self.facts) for closure in self.deciding]
        names = dict.fromkeys(name for step in steps for name in step.list_deciding_facts())
        return (
            self.reason,
            *dict.fromkeys(self.clauses.describe(name, self.facts) for name in names),
        )

    def as_trace(self) -> dict[str, Any]:
        """The reckoning as JSON: clauses with their steps, facts with their value or reason."""
        named = self.clauses.by_name.items()
        steps = {name: trace_closure(closure, self.facts) for name, closure in named}
        return {
            "clauses": {name: step.as_json() for name, step in steps.items()},
            "facts": {
                name: write_value(read_fact(self.facts, name))
                for name in _list_facts(steps.values())
            },
        }


Verdict = tuple[RuleAnswer, str, *tuple[Closure, ...]]
"""An answer, its reason, and the clauses it hangs on."""


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
    """The answer of a rule made of these clauses."""
    verdict = _leave_out(clauses, facts, in_force=in_force) or _evaluate_duty(clauses, facts)
    answer, reason, *deciding = verdict
    return ExplainedAnswer(answer, reason, tuple(deciding), clauses, facts)


def _leave_out(clauses: Clauses, facts: Facts, *, in_force: bool | None) -> Verdict | None:
    """The answer if the rule does not apply or nobody can tell whether it does."""
    applies = clauses.applies_when.answer(facts)
    if applies is False:
        reason = "The rule is not about this ad."
        return RuleAnswer.DOES_NOT_APPLY, reason, clauses.applies_when
    if in_force is False:
        return RuleAnswer.DOES_NOT_APPLY, "The rule was not in force while the ad ran."
    for clause, closure in clauses.unless.items():
        if closure.answer(facts) is True:
            reason = f"The exception “{clause.id}” holds ({clause.cite})."
            return RuleAnswer.DOES_NOT_APPLY, reason, closure
    if applies is None:
        reason = "Nobody can tell from what is known whether the rule is about this ad."
        return RuleAnswer.CANNOT_TELL, reason, clauses.applies_when
    if in_force is None:
        reason = "It is not known when the ad ran, so not whether the rule was in force."
        return RuleAnswer.CANNOT_TELL, reason
    return None


def _evaluate_duty(clauses: Clauses, facts: Facts) -> Verdict:
    """The answer of a rule that applies."""
    duty = clauses.duty.answer(facts)
    if duty is None:
        reason = "Nobody can tell from what is known whether the ad does as the rule says."
        return RuleAnswer.CANNOT_TELL, reason, clauses.duty
    if duty is not clauses.is_forbidden:
        return RuleAnswer.MET, "The ad does as the rule says.", clauses.duty
    unless = clauses.unless.items()
    open_exceptions = {c: closure for c, closure in unless if closure.answer(facts) is None}
    if open_exceptions:
        names = ", ".join(f"“{clause.id}” ({clause.cite})" for clause in open_exceptions)
        reason = f"The ad does not do as the rule says, unless an exception holds: {names}."
        return RuleAnswer.CANNOT_TELL, reason, *open_exceptions.values()
    return RuleAnswer.NOT_MET, "The ad does not do as the rule says.", clauses.duty
