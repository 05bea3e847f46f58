"""How a condition came to its answer: every step with its outcome, every fact with its value or reason.

Signals keep a trace; pages and statements of reasons read it. A trace evaluates the same closures
again, so that it cannot say anything else than they did.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archive.records import MissingReason
from oversight.language.ast import And, Choice, Fact, ForItems, Has, Or
from oversight.language.closures import Closure, read_fact
from oversight.language.values import Facts, FactValue, Value

MAX_ITEMS = 20
"""Items of a list that a trace shows one by one."""


@dataclass(frozen=True)
class TraceStep:
    """One sub-expression: its text, what it came to (`None`: unknown) and its own steps.

    For a fact, `fact` is its name and `reason` says why it has no value. `decisive` is false for a
    step that could have come out otherwise without changing the step above it.
    """

    text: str
    outcome: Value | None
    fact: str | None = None
    reason: MissingReason | None = None
    decisive: bool = True
    steps: tuple["TraceStep", ...] = ()

    def list_deciding_facts(self) -> list[str]:
        """Names of the facts that the outcome hangs on, each once, in written order."""
        return list(dict.fromkeys(self.walk_deciding_facts()))

    def walk_deciding_facts(self) -> Iterator[str]:
        """The same names wherever they stand, repeats included."""
        if self.fact:
            yield self.fact
        for step in self.steps:
            if step.decisive:
                yield from step.walk_deciding_facts()

    def walk_unknown_facts(self) -> Iterator[str]:
        """Names of the facts that leave the outcome open, repeats included."""
        if self.outcome is None and self.decisive:
            if self.fact:
                yield self.fact
            for step in self.steps:
                yield from step.walk_unknown_facts()

    def as_json(self) -> dict[str, Any]:
        """The step as plain JSON; times in ISO 8601, lengths of time in seconds."""
        return {
            "text": self.text,
            "outcome": write_value(self.outcome),
            "decisive": self.decisive,
            **({"fact": self.fact} if self.fact else {}),
            **({"missing": self.reason.value} if self.reason else {}),
            **({"steps": [step.as_json() for step in self.steps]} if self.steps else {}),
        }


def write_value(value: FactValue | Value | None) -> Any:  # noqa: ANN401 (any JSON)
    """A value as JSON has it; a fact without one as `{"missing": reason}`."""
    if isinstance(value, MissingReason):
        return {"missing": value.value}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return list(value) if isinstance(value, tuple) else value


def trace_closure(closure: Closure, facts: Facts) -> TraceStep:
    """The steps by which a condition comes to its answer on these facts."""
    return _trace(closure, facts, None, closure.evaluate(facts, None))


def _trace(
    closure: Closure,
    facts: Facts,
    item: Value | None,
    outcome: Value | None,
    *,
    decisive: bool = True,
) -> TraceStep:
    """The steps to an outcome that is known; each part is evaluated once."""
    node, text = closure.node, closure.text
    if isinstance(node, Fact | Has):
        name = node.name if isinstance(node, Fact) else node.fact.name
        value = read_fact(facts, name)
        reason = value if isinstance(value, MissingReason) else None
        return TraceStep(text, outcome, fact=name, reason=reason, decisive=decisive)
    if isinstance(node, ForItems):
        steps = _trace_items(closure, facts, outcome)
        return TraceStep(text, outcome, decisive=decisive, steps=steps)
    values = [part.evaluate(facts, item) for part in closure.parts]
    decides = _tell_decisive(closure, values, outcome)
    steps = tuple(
        _trace(part, facts, item, value, decisive=is_so)
        for part, value, is_so in zip(closure.parts, values, decides, strict=True)
    )
    return TraceStep(text, outcome, decisive=decisive, steps=steps)


def _trace_items(closure: Closure, facts: Facts, outcome: Value | None) -> tuple[TraceStep, ...]:
    source, test = closure.parts
    items: Any = source.evaluate(facts, None)
    tested = []
    for item in (items or ())[:MAX_ITEMS]:
        value = test.evaluate(facts, item)
        tested.append(_trace(test, facts, item, value, decisive=value is outcome))
    return (_trace(source, facts, None, items), *tested)


def _tell_decisive(
    closure: Closure, values: Sequence[Value | None], outcome: Value | None
) -> list[bool]:
    """Whether each part explains the outcome: of and, or and a choice not every part does."""
    if isinstance(closure.node, And | Or):
        return [value is outcome for value in values]
    if isinstance(closure.node, Choice):
        chosen = values[0]
        return [True, chosen is True, chosen is False]
    return [True] * len(values)
