"""Election mode: windows of rules on the election calendar, and how closely their ads must be watched.

The scheduler, the worker and `planning.py` ask `find_demands`. A source is looked at more often only
where its schedule grants it (`Schedule.fastest`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from archive.terminal import note
from config.settings import Settings
from oversight.elections import Election, load_elections
from oversight.parameters import Parameter, load_parameters
from oversight.reference_files import ReferenceFileError
from oversight.rules import Rule, load_rules
from oversight.windows import compute_window
from scrapers.schedule import Demand

LOOKS_PER_WINDOW = 12
"""So many looks tell an ad's first and last day to a twelfth of the window: of 48 hours, to four."""
EVERYWHERE = "*"
EUROPEAN_UNION = "EU"
MEMBER_STATES = "eu_member_states"


def find_demands(settings: Settings, now: datetime) -> list[Demand]:
    """What the windows that are not over ask for, the first to open first.

    Reference files that cannot be read ask for nothing, and are named on standard error.
    """
    try:
        rules, elections = load_rules(settings), load_elections(settings)
        parameters = load_parameters(settings)
    except ReferenceFileError as error:
        note(f"no window of a rule makes us look more often: {error}")
        return []
    found = list_demands(rules, elections, parameters.get(MEMBER_STATES), now)
    return sorted(found, key=lambda demand: (demand.start_at, demand.rule))


def list_demands(
    rules: Iterable[Rule],
    elections: Sequence[Election],
    member_states: Parameter | None,
    now: datetime,
) -> list[Demand]:
    """The demands of evaluated rules at elections that they are law for and whose windows can be placed."""
    made = [
        make_demand(rule, election)
        for rule in rules
        for election in elections
        if rule.is_evaluated and governs(rule, election, member_states)
    ]
    return [demand for demand in made if demand and now < demand.end_at + demand.resolution]


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


def make_demand(rule: Rule, election: Election) -> Demand | None:
    """What a rule's window at an election asks for; `None`: no window, or none that can be placed yet."""
    spec = rule.file.window
    if spec is None or not spec.concerns(election):
        return None
    spans = compute_window(spec, election).spans
    if not spans:
        return None
    start_at, end_at = min(s.start_at for s in spans), max(s.end_at for s in spans)
    resolution = (end_at - start_at) / LOOKS_PER_WINDOW
    return Demand(rule.id, election.id, election.country, start_at, end_at, resolution)
