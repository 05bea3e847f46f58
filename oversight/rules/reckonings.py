"""A signal's sentences and trace as they may be read today: made when read, with what is withheld left out.

Signals are never rewritten, and what they were reckoned from may have been withheld since. The list of
signals, flags and decisions show them through here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from archive.records import MissingReason
from archive.records.postal_addresses import cut_address
from oversight.rules.facts import describe_fact, name_fact
from oversight.rules.made_facts import MADE_FROM

TEXTS = ("titles", "bodies", "descriptions")

Trace = Mapping[str, Any]


def show_reckoning(
    because: Sequence[str], trace: Trace, missing: Mapping[str, str]
) -> tuple[list[str], dict[str, Any]]:
    """The sentences and the trace of a signal, given why fields of its ad have no value today.

    The first sentence is about the rule alone. One about a fact that the trace does not name is left out
    where anything is withheld.
    """
    facts = {name: _show_fact(name, value, missing) for name, value in trace["facts"].items()}
    changed = {name for name, value in facts.items() if value != trace["facts"][name]}
    if not changed:
        return list(because), dict(trace)
    sentences = [*because[:1], *_show_sentences(because[1:], facts, changed)]
    clauses = {name: _show_step(step, changed)[0] for name, step in trace["clauses"].items()}
    return sentences, {**trace, "facts": facts, "clauses": clauses}


def _show_fact(name: str, value: Any, missing: Mapping[str, str]) -> Any:  # noqa: ANN401 (any JSON)
    group, _, column = name.partition(".")
    if group != "ad":
        return value
    base = MADE_FROM.get(column, column)
    read = TEXTS if base == "bodies" else (base,)
    if any(missing.get(field) == MissingReason.REDACTED for field in read):
        return {"missing": MissingReason.REDACTED.value}
    return cut_address(value) if column.endswith("_name") and isinstance(value, str) else value


def _show_sentences(said: Sequence[str], facts: Mapping[str, Any], changed: set[str]) -> list[str]:
    shown = []
    for sentence in said:
        about = next((name for name in facts if sentence.startswith(f"{name_fact(name)}: ")), None)
        if about in changed:
            value = facts[about]
            told = value if isinstance(value, str) else MissingReason.REDACTED
            shown.append(describe_fact(about, {about: told}))
        elif about is not None:
            shown.append(sentence)
    return shown


def _show_step(step: Trace, changed: set[str]) -> tuple[dict[str, Any], bool]:
    """A step without what it came to, if it rests on a fact that is shown otherwise; and whether it does."""
    steps = [_show_step(inner, changed) for inner in step.get("steps", ())]
    is_touched = step.get("fact") in changed or any(touched for _, touched in steps)
    shown = dict(step)
    if steps:
        shown["steps"] = [_hide_outcome(s) if is_touched else s for s, _ in steps]
    return (_hide_outcome(shown) if is_touched else shown), is_touched


def _hide_outcome(step: Trace) -> dict[str, Any]:
    return {**step, "outcome": None, "missing": MissingReason.REDACTED.value}
