"""What becomes of an invented thing from day to day: it grows, is corrected, reworded, or vanishes.

The sources' modules turn a `State` into a row. Any state is made from the seed and the thing's number
alone, by going through its days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from scrapers.replica.seeded.dice import MILLION, Dice

NEW_SHARE = 0.03
"""Of the things of day 1, so many are added each day."""

GROWN_SHARE = 0.05
LOWERED_SHARE = 0.01
REWORDED_SHARE = 0.01
VANISHED_SHARE = 0.01
"""Of the things there are, so many meet with one of these each day, and with no second one."""


@dataclass(frozen=True)
class State:
    """A thing on one day; the level stands for its numbers, the wording for what is said in it."""

    level: int
    wording: int = 0
    is_gone: bool = False
    changed_day: int = 1
    """The last day that changed anything about it, its first day included."""


@dataclass(frozen=True)
class DayStep:
    """A thing on a day and on the day before; `before` is empty on its first day."""

    index: int
    before: State | None
    now: State

    @property
    def is_shown(self) -> bool:
        """Whether its source still shows it."""
        return not self.now.is_gone


@dataclass(frozen=True)
class Series:
    """Things of one kind, numbered from 0: those of day 1, then those that each later day adds."""

    seed: int
    name: str
    first: int
    """How many there are on day 1."""
    top_level: int
    """The highest level; a thing on it grows no further."""

    @property
    def added(self) -> int:
        """How many each later day adds."""
        return max(1, round(self.first * NEW_SHARE))

    def count_things(self, day: int) -> int:
        """How many there have been up to a day, those that vanished included."""
        return self.first + (day - 1) * self.added

    def roll_for(self, index: int, what: str) -> Dice:
        """The dice for one part of a thing."""
        return Dice(self.seed, self.name, index, what)

    def find_steps(self, indices: Iterable[int], day: int) -> Iterator[DayStep]:
        """These things on a day, in the order given; those that come later are left out."""
        for index in indices:
            if (born := self._find_birth(index)) <= day:
                yield self._find_step(index, born, day)

    def _find_birth(self, index: int) -> int:
        return 1 if index < self.first else 2 + (index - self.first) // self.added

    def _find_step(self, index: int, born: int, day: int) -> DayStep:
        level = self.roll_for(index, "level").roll(self.top_level)
        before, now = None, State(level, changed_day=born)
        for later in range(born + 1, day + 1):
            before, now = now, self._change_state(now, index, later)
        return DayStep(index, before, now)

    def _change_state(self, state: State, index: int, day: int) -> State:
        if state.is_gone:
            return state
        changed = move_state(state, self.roll_for(index, f"day {day}").roll(MILLION) / MILLION)
        level = min(max(changed.level, 0), self.top_level)
        changed = replace(changed, level=level)
        return state if changed == state else replace(changed, changed_day=day)


def move_state(state: State, chance: float) -> State:
    """What a day does to a thing: nothing, or one of the four; the level is not yet held in bounds."""
    if (chance := chance - GROWN_SHARE) < 0:
        return replace(state, level=state.level + 1)
    if (chance := chance - LOWERED_SHARE) < 0:
        return replace(state, level=state.level - 1)
    if (chance := chance - REWORDED_SHARE) < 0:
        return replace(state, wording=state.wording + 1)
    return replace(state, is_gone=chance < VANISHED_SHARE)
