"""What a rule answers at a time: its window, the figures and the law of the days on which an ad ran.

Evaluation asks it of ads, a rule's file of its own tests.
"""

from archive.records import MissingReason
from oversight.language import Facts, FactValue
from oversight.reference.elections import Election
from oversight.reference.periods import EARLIEST, LATEST, Period, begin_day
from oversight.reference.windows import Window
from oversight.rules.answers import ExplainedAnswer
from oversight.rules.loading import Rule, answer_rule
from oversight.rules.validity import Validity


def answer_then(
    rule: Rule, facts: Facts, period: Period, election: Election | None, window: Window | None
) -> tuple[ExplainedAnswer, bool | None]:
    """What a rule answers of an ad that ran then; and whether it was law then.

    `facts` are those of the ad and of the election.
    """
    known = {
        **facts,
        **rule.find_parameters(period.start_days, election),
        **_read_window(window, period),
    }
    in_force = was_in_force(rule.file.validity, period)
    return answer_rule(rule, known, in_force=in_force), in_force


def tell_election(election: Election) -> dict[str, FactValue]:
    """The facts of an election that rules may read."""
    return {f"election.{name}": getattr(election, name) for name in ("id", "country", "kind")}


def _read_window(window: Window | None, period: Period) -> dict[str, FactValue]:
    if window is None:
        return {}
    answers = {
        "window.overlaps": window.overlaps(period),
        "window.inside": window.contains(period),
        "window.starts_inside": window.contains_start(period),
    }
    return {k: MissingReason.NOT_PROVIDED if v is None else v for k, v in answers.items()}


def was_in_force(validity: Validity, period: Period) -> bool | None:
    """Whether a rule was law at some time of a run; its days are those of its zone."""
    told = set()
    for starts_on, ends_on in validity.spans:
        start_at = begin_day(starts_on, validity.zone) if starts_on else EARLIEST
        end_at = begin_day(ends_on, validity.zone) if ends_on else LATEST
        is_always = (start_at, end_at) == (EARLIEST, LATEST)
        told.add(True if is_always else period.overlaps(start_at, end_at))
    return True if True in told else None if None in told else False
