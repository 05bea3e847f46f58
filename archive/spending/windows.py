"""What repeated snapshots of an ad's cumulative spend prove about a range of days. Pure reckoning.

Sources state, at irregular times, a range of what an ad has spent so far. Spend never falls, so by the
end of day t at least every lower bound seen up to t has been spent, and at most every upper bound seen
after t; before the start nothing was spent, and after a known end nothing more is. For days a to b:

    lower = max(0, L(b) - U(a-1))        upper = U(b) - L(a-1)

A snapshot is taken some time during its day, so its upper bound holds for the days before it only. It
holds until the last run that found it unmoved. Once an ad has ended, what the source says last is the
sum of its life: sources settle their figures late. A source that lowers its figures contradicts itself:
then only its newest word counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from archive.records.days import shift_day

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Snapshot:
    """A range of the spend so far, as stated from some time during a day on; `upper` `None`: open."""

    observed_on: date
    lower: int
    upper: int | None
    last_on: date | None
    """Last day on which a run found it unmoved; `None`: nobody knows when the source said it, so it
    proves a lower bound only."""


@dataclass(frozen=True)
class Bounds:
    """A range of money, both ends included; `upper` `None`: open."""

    lower: int
    upper: int | None


@dataclass(frozen=True)
class SpendCurve:
    """An ad's run and the snapshots that count, in the order of observation; at least one."""

    start_on: date | None
    end_on: date | None
    """Last day of the run; `None` also where the source last spoke before it: then it is a plan."""
    snapshots: tuple[Snapshot, ...]
    is_revised: bool
    """The source lowered its figures."""
    is_settled_late: bool
    """The source raised its figures after the end."""

    def least_by(self, day: date) -> int:
        """Least spent by the end of a day."""
        if self._is_before_start(day):
            return 0
        counts = self._has_ended(day)
        return max((s.lower for s in self.snapshots if counts or s.observed_on <= day), default=0)

    def most_by(self, day: date) -> int | None:
        """Most spent by the end of a day; `None`: open."""
        if self._is_before_start(day):
            return 0
        last = self.end_on if self.end_on and self._has_ended(day) else day
        uppers = [s.upper for s in self.snapshots if s.last_on is not None and s.last_on > last]
        most = min((upper for upper in uppers if upper is not None), default=None)
        # Only a snapshot of an unknown day can say more, and then the sum has grown since.
        return None if most is not None and most < self.least_by(last) else most

    def _is_before_start(self, day: date) -> bool:
        return self.start_on is not None and day < self.start_on

    def _has_ended(self, day: date) -> bool:
        return self.end_on is not None and day >= self.end_on


def draw_curve(
    start_on: date | None, end_on: date | None, snapshots: Sequence[Snapshot]
) -> SpendCurve:
    """A curve from snapshots in the order of observation and the run that the source states.

    An end is known only if the source said so once it had passed.

    Raises:
        ValueError: if there are none.
    """
    if not snapshots:
        raise ValueError("a curve needs a snapshot; without one the spend is unknown")
    snapshots = [_place_undated(s, end_on) for s in snapshots]
    end_on = end_on if end_on and any(_is_after(s, end_on) for s in snapshots) else None
    if _contradicts_itself(snapshots):
        return SpendCurve(start_on, end_on, tuple(snapshots[-1:]), True, False)
    if end_on is None:
        return SpendCurve(start_on, None, tuple(snapshots), False, False)
    return _settle_curve(start_on, end_on, snapshots)


def _place_undated(snapshot: Snapshot, end_on: date | None) -> Snapshot:
    """What a file of an unknown day states was spent by the end, whether it had passed or not."""
    if snapshot.last_on is not None or end_on is None:
        return snapshot
    return replace(snapshot, observed_on=min(snapshot.observed_on, end_on))


def _settle_curve(start_on: date | None, end_on: date, snapshots: Sequence[Snapshot]) -> SpendCurve:
    """The curve of a run that has ended: its newest dated snapshot is the sum of its whole life.

    Where the sum grew after the end, earlier upper bounds may lag behind what was spent, so they go.
    """
    after = [s for s in snapshots if _is_after(s, end_on)]
    settled = after[-1]
    is_late = any(_has_grown(before, settled) for before in after[:-1])
    during = [
        replace(s, last_on=min(s.last_on, end_on) if s.last_on and not is_late else None)
        for s in snapshots
        if s is not settled and (s.observed_on <= end_on or s.last_on is None)
    ]
    return SpendCurve(start_on, end_on, (*during, settled), False, is_late)


def _is_after(snapshot: Snapshot, end_on: date) -> bool:
    return snapshot.last_on is not None and snapshot.last_on > end_on


def _has_grown(before: Snapshot, after: Snapshot) -> bool:
    if after.lower > before.lower:
        return True
    return before.upper is not None and (after.upper is None or after.upper > before.upper)


def _contradicts_itself(snapshots: Sequence[Snapshot]) -> bool:
    """Whether a later upper bound lies below an earlier lower one."""
    least = 0
    for snapshot in snapshots:
        least = max(least, snapshot.lower)
        if snapshot.last_on and snapshot.upper is not None and snapshot.upper < least:
            return True
    return False


def bound_window(curve: SpendCurve, first_on: date, last_on: date) -> Bounds:
    """What was spent from `first_on` to `last_on`, both included.

    Invariants: 0 <= lower <= upper; the true spend lies within; bounds of different ads add up, those of
    neighbouring windows of one ad do not.
    """
    if curve.end_on is not None and first_on > curve.end_on:
        return Bounds(0, 0)
    before = shift_day(first_on, -ONE_DAY)
    most_before, most_by_end = curve.most_by(before), curve.most_by(last_on)
    lower = 0 if most_before is None else max(0, curve.least_by(last_on) - most_before)
    upper = None if most_by_end is None else most_by_end - curve.least_by(before)
    return Bounds(lower, upper)


def estimate_window(curve: SpendCurve, first_on: date, last_on: date) -> Fraction:
    """The midpoint of the newest range, spread evenly over the run, as far as it falls in the window.

    An estimate and never a bound: all of it may have been spent on one day. An open range counts with
    its lower bound; a run without an end is taken to last until it was observed last.
    """
    middle_twice, start_on, end_on = find_spread(curve)
    shared = (min(end_on, last_on) - max(start_on, first_on)).days + 1
    return Fraction(middle_twice, 2) * max(0, shared) / ((end_on - start_on).days + 1)


def find_spread(curve: SpendCurve) -> tuple[int, date, date]:
    """What an estimate spreads: both ends of the newest range added, and the first and the last day."""
    newest = curve.snapshots[-1]
    start_on = curve.start_on or newest.observed_on
    end_on = max(start_on, curve.end_on or newest.last_on or newest.observed_on)
    return newest.lower + (newest.lower if newest.upper is None else newest.upper), start_on, end_on
