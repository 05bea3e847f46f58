"""What an archive must hold of the invented data when it has read it all: counted as it is made.

Tests compare an archive with it. Nothing here comes from the spiders or the archive.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from scrapers.replica.seeded.states import DayStep, State

MINOR_UNITS = {"JPY": 1}
"""Minor units of a unit of money, where they are not a hundred."""


class Amount(NamedTuple):
    """What a thing is said to have cost, in whole units; no upper bound: open, neither: not said."""

    currency: str
    lower: int | None
    upper: int | None


@dataclass
class Total:
    """Sums over the things that state an amount in one currency; an open one adds its lower bound."""

    things: int = 0
    lower_minor: int = 0
    upper_minor: int = 0
    open_count: int = 0

    def add(self, amount: Amount) -> None:
        """Add an amount that is stated."""
        unit = MINOR_UNITS.get(amount.currency, 100)
        lower = amount.lower or 0
        self.things += 1
        self.lower_minor += lower * unit
        self.upper_minor += (lower if amount.upper is None else amount.upper) * unit
        self.open_count += amount.upper is None


@dataclass
class PartitionTruth:
    """The truth of one partition of a source on one day, for one kind of thing."""

    source: str
    partition: str
    kind: str
    shown: int = 0
    new: int = 0
    grown: int = 0
    lowered: int = 0
    reworded: int = 0
    vanished_refs: list[str] = field(default_factory=list)
    """Those that the day before still showed."""
    totals: dict[str, Total] = field(default_factory=dict)
    """By currency, over what is shown."""
    changed_day: int = 1
    """The last day that changed any of it."""

    def show_things(
        self,
        steps: Iterable[DayStep],
        name_thing: Callable[[int], str],
        find_amount: Callable[[int, State], Amount],
    ) -> Iterator[DayStep]:
        """Pass on what is shown, after it was counted; what vanished is counted only."""
        for step in steps:
            self.changed_day = max(self.changed_day, step.now.changed_day)
            self._count_change(step, name_thing)
            if step.is_shown:
                self._count_shown(find_amount(step.index, step.now))
                yield step

    def _count_change(self, step: DayStep, name_thing: Callable[[int], str]) -> None:
        before, now = step.before, step.now
        if before is None:
            self.new += 1
        elif now.is_gone and not before.is_gone:
            self.vanished_refs.append(name_thing(step.index))
        else:
            self.grown += now.level > before.level
            self.lowered += now.level < before.level
            self.reworded += now.wording > before.wording

    def _count_shown(self, amount: Amount) -> None:
        self.shown += 1
        if amount.lower is not None:
            self.totals.setdefault(amount.currency, Total()).add(amount)

    def describe(self) -> dict[str, Any]:
        """As `truth.json` holds it."""
        return asdict(self)
