"""Where an observation that arrives late belongs in the history of what one thing was.

Ingest of ads, statements and filings asks here; it knows hashes and times only, and reads and writes
nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")


class Point(NamedTuple):
    """One row of a history: from this time on the source said this, until the next point."""

    observed_at: datetime
    seq: int
    """Among points of one time the greatest counts: it was learned last."""
    sha256: str


def find_point(history: Sequence[Point], at: datetime) -> Point | None:
    """What held at a time: the point with the greatest `(observed_at, seq)` up to then."""
    return max((point for point in history if point.observed_at <= at), default=None)


def place_late(
    history: Sequence[Point], at: datetime, sha256: str, seen_after: datetime | None
) -> list[tuple[datetime, str]]:
    """The points to add, oldest first, so that the history knows of an observation at `at`.

    `seen_after` is the earliest run after `at` that saw the thing at all. A run that found nothing
    new left no point, so what held before `at` is affirmed again at that time; where the history has
    a point up to then, it says itself what was seen. Nothing is added if the history says so already.
    """
    held = find_point(history, at)
    if held is not None and held.sha256 == sha256:
        return []
    following = min((p.observed_at for p in history if p.observed_at > at), default=None)
    if held is None or seen_after is None or (following is not None and following <= seen_after):
        return [(at, sha256)]
    return [(at, sha256), (seen_after, held.sha256)]


def split_repeats(items: Sequence[Item], key: Callable[[Item], str]) -> Iterator[list[Item]]:
    """The items in rounds, in order: the second of a key comes in the second round, and so on."""
    rest = list(items)
    while rest:
        first: dict[str, Item] = {}
        later = [item for item in rest if first.setdefault(key(item), item) is not item]
        yield list(first.values())
        rest = later
