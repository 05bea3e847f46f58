"""What a rule answers at a time: its window, the figures and the law of the days on which an ad ran.

Evaluation asks it of ads, a rule's file of its own tests.
"""

from datetime import date

from archive.records import MissingReason
from oversight.language import Facts, FactValue
from oversight.reference.elections import Election
from oversight.reference.periods import OPEN, Period
from oversight.reference.windows import Window
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.loading import Rule, answer_rule
from oversight.rules.validity import Validity


def answer_then(
    rule: Rule, known: Facts, days: tuple[date, date] | None, *, in_force: bool | None
) -> ExplainedAnswer:
    """What a rule answers of an ad that may have started on these days.

    `known` is all but what it looks up: facts of the ad, of election and window, and its figures.
    """
    if looked_up := rule.find_looked_up(known, days):
        known = {**known, **looked_up}
    return answer_rule(rule, known, in_force=in_force)


def tell_election(election: Election) -> dict[str, FactValue]:
    """The facts of an election that rules may read."""
    return {f"election.{name}": getattr(election, name) for name in ("id", "country", "kind")}


def read_window(window: Window | None, period: Period, whole: Period) -> dict[str, FactValue]:
    """The facts of a window, for what was shown in a period of the whole run of an ad."""
    if window is None:
        return {}
    answers = {
        "window.overlaps": window.overlaps(period),
        "window.inside": window.contains(period),
        "window.starts_inside": window.contains_start(whole),
    }
    return {k: MissingReason.NOT_PROVIDED if v is None else v for k, v in answers.items()}


def was_in_force(validity: Validity, period: Period) -> bool | None:
    """Whether a rule was law at some time of a run; its days are those of its zone."""
    held: bool | None = False
    for bounds in validity.bounds:
        told = bounds == OPEN or period.overlaps(*bounds)
        if told:
            return True
        held = None if told is None else held
    return held
