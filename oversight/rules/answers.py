"""What a rule's clauses come to together, in four answers, with the reasons in plain sentences.

`rules.answer_rule` calls it. A rule never finds a breach: `not_met` is a ground for a person to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.models.oversight import RuleAnswer
from oversight.language import Closure, Facts, TraceStep, trace_closure
from oversight.language.closures import read_fact
from oversight.language.trace import write_value
from oversight.rules.facts import describe_fact
from oversight.rules.schema import ExceptionClause


@dataclass(frozen=True)
class ExplainedAnswer:
    """A rule's answer, why in sentences, and the steps of each clause that was crawled."""

    answer: RuleAnswer
    because: tuple[str, ...]
    steps: Mapping[str, TraceStep]

    def list_facts(self) -> list[str]:
        """Names of all facts the clauses read, decisive or not, each once."""
        names: dict[str, None] = {}
        stack = list(self.steps.values())[::-1]
        while stack:
            step = stack.pop()
            if step.fact:
                names[step.fact] = None
            stack.extend(step.steps[::-1])
        return list(names)

    def as_trace(self, facts: Facts) -> dict[str, Any]:
        """The reckoning as JSON: clauses with their steps, facts with their value or reason."""
        read = {name: write_value(read_fact(facts, name)) for name in self.list_facts()}
        return {
            "clauses": {name: step.as_json() for name, step in self.steps.items()},
            "facts": read,
        }


@dataclass(frozen=True)
class _Clauses:
    """What each clause came to."""

    applies: TraceStep
    duty: TraceStep
    unless: Mapping[ExceptionClause, TraceStep]
    is_forbidden: bool
    facts: Facts

    def conclude(self, answer: RuleAnswer, reason: str, *deciding: TraceStep) -> ExplainedAnswer:
        names = [name for step in deciding for name in step.list_deciding_facts()]
        sentences = [describe_fact(name, self.facts) for name in dict.fromkeys(names)]
        steps = {
            "applies_when": self.applies,
            "forbids" if self.is_forbidden else "requires": self.duty,
        }
        exceptions = {f"unless {clause.id}": step for clause, step in self.unless.items()}
        return ExplainedAnswer(answer, (reason, *sentences), steps | exceptions)


def answer_clauses(
    *,
    applies_when: Closure,
    duty: Closure,
    is_forbidden: bool,
    unless: Mapping[ExceptionClause, Closure],
    facts: Facts,
    in_force: bool | None,
) -> ExplainedAnswer:
    """The answer of a rule made of these clauses."""
    clauses = _Clauses(
        applies=trace_closure(applies_when, facts),
        duty=trace_closure(duty, facts),
        unless={clause: trace_closure(closure, facts) for clause, closure in unless.items()},
        is_forbidden=is_forbidden,
        facts=facts,
    )
    return _leave_out(clauses, in_force) or _evaluate_duty(clauses)


def _leave_out(clauses: _Clauses, in_force: bool | None) -> ExplainedAnswer | None:
    """The answer if the rule does not apply or nobody can tell whether it does."""
    applies = clauses.applies
    if applies.outcome is False:
        reason = "The rule is not about this ad."
        return clauses.conclude(RuleAnswer.DOES_NOT_APPLY, reason, applies)
    if in_force is False:
        return clauses.conclude(
            RuleAnswer.DOES_NOT_APPLY, "The rule was not in force while the ad ran."
        )
    for clause, step in clauses.unless.items():
        if step.outcome is True:
            reason = f"The exception “{clause.id}” holds ({clause.cite})."
            return clauses.conclude(RuleAnswer.DOES_NOT_APPLY, reason, step)
    if applies.outcome is None:
        reason = "Nobody can tell from what is known whether the rule is about this ad."
        return clauses.conclude(RuleAnswer.CANNOT_TELL, reason, applies)
    if in_force is None:
        reason = "It is not known when the ad ran, so not whether the rule was in force."
        return clauses.conclude(RuleAnswer.CANNOT_TELL, reason)
    return None


def _evaluate_duty(clauses: _Clauses) -> ExplainedAnswer:
    """The answer of a rule that applies."""
    duty, is_forbidden = clauses.duty, clauses.is_forbidden
    if duty.outcome is None:
        reason = "Nobody can tell from what is known whether the ad does as the rule says."
        return clauses.conclude(RuleAnswer.CANNOT_TELL, reason, duty)
    if duty.outcome is not is_forbidden:
        reason = "The ad does as the rule says."
        return clauses.conclude(RuleAnswer.MET, reason, duty)
    open_exceptions = {c: step for c, step in clauses.unless.items() if step.outcome is None}
    if open_exceptions:
        names = ", ".join(f"“{clause.id}” ({clause.cite})" for clause in open_exceptions)
        reason = f"The ad does not do as the rule says, unless an exception holds: {names}."
        return clauses.conclude(RuleAnswer.CANNOT_TELL, reason, *open_exceptions.values())
    reason = "The ad does not do as the rule says."
    return clauses.conclude(RuleAnswer.NOT_MET, reason, duty)
