"""How a condition came to its answer: every step with its outcome, every fact with its value or reason.

Signals keep a trace; pages and statements of reasons read it. A trace evaluates the same closures
again, so that it cannot say anything else than they did.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from archive.records import MissingReason
from oversight.language.ast import And, Choice, Node, Or
from oversight.language.closures import Closure, read_fact
from oversight.language.values import Facts, FactValue, Value

MAX_ITEMS = 20
"""Items of a list that a trace shows one by one."""

MAX_CHARACTERS = 200
"""Characters of a text that a step shows; the facts beside the steps have all of it, once."""


class TraceStep(NamedTuple):
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
        """Names of the facts that the outcome hangs on, in written order, repeats included."""
        if self.fact:
            return [self.fact]
        deciding = [step for step in self.steps if step.decisive]
        return [name for step in deciding for name in step.list_deciding_facts()]

    def list_unknown_facts(self) -> list[str]:
        """Names of the facts that leave the outcome open, repeats included."""
        if self.outcome is not None or not self.decisive:
            return []
        return [self.fact] if self.fact else [n for s in self.steps for n in s.list_unknown_facts()]

    def as_json(self) -> dict[str, Any]:
        """The step as plain JSON, what is long cut; times in ISO 8601, lengths of time in seconds."""
        told = {
            "text": self.text,
            "outcome": write_value(_cut(self.outcome)),
            "decisive": self.decisive,
        }
        if self.fact:
            told["fact"] = self.fact
        if self.reason:
            told["missing"] = self.reason.value
        if self.steps:
            told["steps"] = [step.as_json() for step in self.steps]
        return told


def _cut(value: Value | None) -> Value | None:
    if isinstance(value, str):
        return value if len(value) <= MAX_CHARACTERS else f"{value[:MAX_CHARACTERS]}…"
    if isinstance(value, tuple) and len(value) > MAX_ITEMS:
        return (*value[:MAX_ITEMS], "…")
    return value


def write_value(value: FactValue | Value | None) -> Any:  # noqa: ANN401 (any JSON)
    """A value as JSON has it; a fact without one as `{"missing": reason}`."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, MissingReason):
        return {"missing": value.value}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return list(value) if isinstance(value, tuple) else value


def trace_closure(closure: Closure, facts: Facts) -> TraceStep:
    """The steps by which a condition comes to its answer on these facts."""
    return _trace(closure, facts, None)


def _trace(closure: Closure, facts: Facts, item: Value | None) -> TraceStep:
    """The steps to what a part comes to; each part is evaluated once, however deep it stands."""
    if closure.combine:
        steps = tuple([_trace(part, facts, item) for part in closure.parts])
        outcome = closure.combine(*[step.outcome for step in steps])
        return TraceStep(closure.text, outcome, steps=_mark_decisive(closure.node, steps, outcome))
    outcome = closure.evaluate(facts, item)
    if name := closure.fact:
        value = read_fact(facts, name)
        reason = value if isinstance(value, MissingReason) else None
        return TraceStep(closure.text, outcome, name, reason)
    steps = _trace_items(closure, facts, outcome) if closure.parts else ()
    return TraceStep(closure.text, outcome, steps=steps)


def _trace_items(closure: Closure, facts: Facts, outcome: Value | None) -> tuple[TraceStep, ...]:
    source, test = closure.parts
    listed = _trace(source, facts, None)
    items: Any = listed.outcome or ()
    tested = (_trace(test, facts, item) for item in items[:MAX_ITEMS])
    return (listed, *(step._replace(decisive=step.outcome is outcome) for step in tested))


def _mark_decisive(
    node: Node, steps: tuple[TraceStep, ...], outcome: Value | None
) -> tuple[TraceStep, ...]:
    """The steps; of and, or and a choice not every one explains the outcome."""
    if isinstance(node, (And, Or)):
        decides = [step.outcome is outcome for step in steps]
    elif isinstance(node, Choice):
        decides = [True, steps[0].outcome is True, steps[0].outcome is False]
    else:
        return steps
    pairs = zip(steps, decides, strict=True)
    return tuple([step if is_so else step._replace(decisive=False) for step, is_so in pairs])
