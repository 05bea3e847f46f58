"""Election mode: windows of rules on the election calendar, and how closely their ads must be watched.

The scheduler, the worker and `paidforby schedule` look ahead through it. A source is crawled more often
only where its schedule grants it (`Schedule.fastest`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from oversight.reference.elections import Election
from oversight.reference.parameters import Parameter
from oversight.reference.windows import find_window
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook
from scrapers.work.plan.schedule import Demand

CRAWLS_PER_WINDOW = 12
"""So many runs tell an ad's first and last day to a twelfth of the window: of 48 hours, to four."""
EVERYWHERE = "*"
EUROPEAN_UNION = "EU"
MEMBER_STATES = "eu_member_states"


@dataclass(frozen=True)
class Undated:
    """A rule's window at an election that cannot be placed: a day it is counted from is not known."""

    rule: str
    election: str
    country: str
    """ISO 3166-1 alpha-2."""
    polling_on: date
    """The election's last polling day."""


@dataclass(frozen=True)
class Outlook:
    """The windows ahead: what those that can be placed ask for, and those that cannot be."""

    demands: list[Demand]
    """Of windows that are not over, the first to open first."""
    undated: list[Undated]
    """Of elections that are not over, the first to vote first."""


def look_ahead(book: RuleBook, rules: Iterable[Rule], now: datetime) -> Outlook:
    """The windows of those rules in use that are evaluated, at the elections that they are law for."""
    demands, undated = [], []
    for rule, election in _list_windows(book, rules):
        demand = make_demand(rule, election)
        if demand is None:
            undated.append(
                Undated(rule.id, election.id, election.country, election.polling_days[-1])
            )
        elif now < demand.end_at + demand.resolution:
            demands.append(demand)
    return Outlook(
        sorted(demands, key=lambda demand: (demand.start_at, demand.rule)),
        sorted(
            (window for window in undated if window.polling_on >= now.date()),
            key=lambda window: (window.polling_on, window.rule),
        ),
    )


def _list_windows(book: RuleBook, rules: Iterable[Rule]) -> list[tuple[Rule, Election]]:
    """The evaluated rules that watch a window, each with every election that it is law for."""
    member_states = book.parameters.values.get(MEMBER_STATES)
    return [
        (rule, election)
        for rule in rules
        for election in book.elections
        if rule.is_evaluated and has_window(rule, election)
        if governs(rule, election, member_states)
    ]


def governs(rule: Rule, election: Election, member_states: Parameter | None) -> bool:
    """Whether a rule is law, on polling day, where the election is held."""
    day = election.polling_days[0]
    country = rule.file.jurisdiction.split("-")[0]
    if country == EUROPEAN_UNION:
        members = member_states.find_value(day) if member_states else ()
        is_here = isinstance(members, tuple) and election.country in members
    else:
        is_here = country in {EVERYWHERE, election.country}
    return is_here and rule.file.validity.holds_on(day)


def has_window(rule: Rule, election: Election) -> bool:
    """Whether a rule watches a window at an election, wherever that may lie."""
    return rule.file.window is not None and rule.file.window.concerns(election)


def make_demand(rule: Rule, election: Election) -> Demand | None:
    """What a rule's window at an election asks for; `None`: it cannot be placed yet."""
    spans = find_window(rule.file.window, election).spans if rule.file.window else ()
    if not spans:
        return None
    start_at, end_at = min(s.start_at for s in spans), max(s.end_at for s in spans)
    resolution = (end_at - start_at) / CRAWLS_PER_WINDOW
    return Demand(rule.id, election.id, election.country, start_at, end_at, resolution)
