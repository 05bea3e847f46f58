"""Random ways an ad's money was spent and told, and an independent exact method for its bounds.

The method knows nothing of curves: it writes every look of every run as a constraint on the difference of
two days' sums, and finds the tightest bound by shortest paths (Bellman-Ford).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from archive.spending.windows import Bounds, Snapshot

DAY_0 = date(2026, 1, 1)
LAST_DAY = 28
BUCKETS = (0, 100, 500, 1000, 5000, 10000)


@dataclass(frozen=True)
class Look:
    """What a run saw on a day; not dated: the day is that of an import, the file is older or as old."""

    day: int
    lower: int
    upper: int | None
    is_dated: bool = True


@dataclass(frozen=True)
class Series:
    """One ad: `spent` on each of its days, and what was seen of it."""

    start: int
    spent: tuple[int, ...]
    looks: tuple[Look, ...]
    is_start_stated: bool
    is_end_stated: bool

    @property
    def end(self) -> int:
        return self.start + len(self.spent) - 1

    @property
    def start_on(self) -> date | None:
        return on(self.start) if self.is_start_stated else None

    @property
    def end_on(self) -> date | None:
        return on(self.end) if self.is_end_stated else None

    def total(self, day: int) -> int:
        """Truly spent by the end of a day."""
        return sum(self.spent[: max(0, day - self.start + 1)])

    @property
    def snapshots(self) -> list[Snapshot]:
        """The looks as the archive keeps them: a row where the figures moved, runs where they did not."""
        rows: list[tuple[Look, int | None]] = []
        for look in self.looks:
            day = look.day if look.is_dated else None
            if rows and (rows[-1][0].lower, rows[-1][0].upper) == (look.lower, look.upper):
                rows[-1] = rows[-1][0], rows[-1][1] if day is None else day
            else:
                rows.append((look, day))
        return [
            Snapshot(on(look.day), look.lower, look.upper, None if last is None else on(last))
            for look, last in rows
        ]


def on(day: int) -> date:
    return DAY_0 + timedelta(days=day)


def draw_series(dice: Random) -> Series:
    """An ad that runs for some days, looked at on some; sometimes it is settled late or lowered."""
    start = dice.randint(0, 8)
    spent = tuple(dice.choice((0, 0, dice.randint(0, 700))) for _ in range(dice.randint(1, 12)))
    told = Series(start, spent, (), dice.random() < 0.8, dice.random() < 0.7)
    days = sorted(dice.sample(range(start, LAST_DAY), dice.randint(1, 8)))
    after = [day for day in days if day > told.end]
    # Where nobody states the end, nobody can tell a late settlement from money spent that day.
    is_late = told.is_end_stated and len(after) > 1 and dice.random() < 0.4
    hidden = dice.randint(0, told.total(told.end)) if is_late else 0
    settled_on = dice.choice(after[1:]) if is_late else LAST_DAY
    exact = dice.random() < 0.3
    looks = [_look(dice, told, day, hidden if day < settled_on else 0, exact) for day in days]
    if hidden and looks[-len(after)].upper == looks[-1].upper:
        # Within one bucket the late part shows nowhere, so the figures before it must be true.
        looks = [_look(dice, told, day, 0, exact) for day in days]
    if dice.random() < 0.2:
        looks.append(_import_undated(dice, looks))
    if dice.random() < 0.05 and max(look.lower for look in looks):
        looks.append(Look(LAST_DAY, 0, 0))
    return replace(told, looks=tuple(sorted(looks, key=lambda look: look.day)))


def _look(dice: Random, told: Series, day: int, hidden: int, exact: bool) -> Look:
    before = told.total(day - 1)
    shown = max(0, before + dice.randint(0, told.total(day) - before) - hidden)
    if day > told.end:
        shown = told.total(told.end) - hidden
    return Look(day, shown, shown) if exact else Look(day, *find_bucket(shown))


def _import_undated(dice: Random, looks: list[Look]) -> Look:
    copied = dice.choice(looks)
    return replace(copied, day=dice.randint(copied.day, LAST_DAY), is_dated=False)


def find_bucket(amount: int) -> tuple[int, int | None]:
    """The range a platform publishes for an amount."""
    lower = max(cut for cut in BUCKETS if cut <= amount)
    return lower, next((cut - 1 for cut in BUCKETS if cut > amount), None)


def bound_exactly(series: Series, first: int, last: int) -> Bounds:
    """The tightest bounds of what was spent from one day to another that the looks allow."""
    edges = _list_edges(series)
    upper = _shortest(edges, first - 1, last)
    lower = _shortest(edges, last, first - 1)
    return Bounds(0 if lower is None else max(0, -lower), upper)


Edge = tuple[int, int, int]
"""`(a, b, most)`: the sum by the end of day b is at most that by the end of day a, and `most`."""

ORIGIN = -2
"""A day on which nothing had been spent by anybody."""


def _list_edges(series: Series) -> list[Edge]:
    days = range(-1, LAST_DAY + 2)
    edges = [(ORIGIN, -1, 0)] if series.is_start_stated else []
    edges += [(day, ORIGIN, 0) for day in days]
    edges += [(day + 1, day, 0) for day in days[:-1]]
    if series.is_start_stated:
        edges += [(ORIGIN, day, 0) for day in days if day < series.start]
    end = find_known_end(series)
    if end is not None:
        edges += [(day, day + 1, 0) for day in days[:-1] if day >= end]
    for look, has_upper in list_counting(series, end):
        is_placed = series.is_end_stated and not look.is_dated
        by = min(look.day, series.end) if is_placed else look.day
        edges.append((by, ORIGIN, -look.lower))
        if has_upper and look.upper is not None:
            edges.append((ORIGIN, look.day - 1, look.upper))
    return edges


def find_known_end(series: Series) -> int | None:
    """The end, if a run of a known day saw the ad after it."""
    is_known = series.is_end_stated and any(
        look.is_dated and look.day > series.end for look in series.looks
    )
    return series.end if is_known else None


def list_counting(series: Series, end: int | None) -> list[tuple[Look, bool]]:
    """The looks that count, each with whether its upper end does."""
    looks = series.looks
    if is_lowered(series):
        newest = (looks[-1].lower, looks[-1].upper)
        others = [i for i, look in enumerate(looks) if (look.lower, look.upper) != newest]
        since = max(others, default=-1) + 1
        return [(look, look.is_dated) for look in looks[since:]]
    if end is None:
        return [(look, look.is_dated) for look in looks]
    after = [look for look in looks if look.is_dated and look.day > end]
    settled = after[-1]
    grown = any(
        settled.lower > look.lower
        or (look.upper is not None and (settled.upper is None or settled.upper > look.upper))
        for look in after
    )
    undated = [(look, False) for look in looks if not look.is_dated]
    during = [(look, not grown) for look in looks if look.is_dated and look.day <= end]
    highest = max((look.lower for look, _ in undated), default=0)
    is_outgrown = settled.upper is not None and highest > settled.upper
    return [*during, *undated, (settled, not is_outgrown)]


def is_lowered(series: Series) -> bool:
    """Whether the source took back what it had stated."""
    return any(
        later.is_dated and later.upper is not None and later.upper < earlier.lower
        for i, later in enumerate(series.looks)
        for earlier in series.looks[:i]
    )


def _shortest(edges: list[Edge], source: int, target: int) -> int | None:
    reached = {source: 0}
    for _ in range(LAST_DAY + 4):
        has_moved = False
        for a, b, most in edges:
            if a in reached and (b not in reached or reached[a] + most < reached[b]):
                reached[b] = reached[a] + most
                has_moved = True
        if not has_moved:
            break
    return reached.get(target)
