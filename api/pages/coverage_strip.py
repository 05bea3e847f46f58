"""The coverage strip: one small cell a day, by how that day at a source was covered.

The page of sources draws one a source; the same days stand beside it in words for who cannot see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from markupsafe import Markup

from api.pages.formatting import plain_day
from archive.reading.views import DayCover
from config.counts import write_count

CELL, HEIGHT = 6, 20

CLASSES = {
    "crawled": "crawled",
    "partial": "partly",
    "failed": "failed",
    "not_crawled": "not-crawled",
}
HEIGHTS = {"crawled": 20, "partial": 13, "failed": 9, "not_crawled": 4}
"""The states differ in height too: colour alone must not tell them apart."""


@dataclass(frozen=True)
class DayRange:
    """Days in a row that were covered alike."""

    state: str
    start_on: date
    end_on: date
    days: int


def draw_coverage_strip(days: Sequence[DayCover]) -> Markup:
    """The strip as inline SVG, oldest day first, with its counts as text alternative."""
    return Markup(
        '<svg class="strip" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(len(days) * CELL, HEIGHT, describe_days(days), _draw_states(days))


def describe_days(days: Sequence[DayCover]) -> str:
    """`90 days from 26 Aug 2026 to 23 Nov 2026: 4 crawled, 1 failed, 85 not crawled`."""
    if not days:
        return "no days"
    counts = {state: sum(day.state == state for day in days) for state in CLASSES}
    said = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n)
    span = f"from {plain_day(days[0].day_on)} to {plain_day(days[-1].day_on)}"
    return f"{write_count(len(days), 'day')} {span}: {said}"


def list_row_ranges(days: Sequence[DayCover]) -> list[DayRange]:
    """The same days as ranges of equal cover, newest first."""
    day_ranges = []
    for state, group in groupby(days, key=lambda day: day.state):
        span = [day.day_on for day in group]
        day_ranges.append(DayRange(state, span[0], span[-1], len(span)))
    return day_ranges[::-1]


def _draw_states(days: Sequence[DayCover]) -> Markup:
    return Markup("").join(
        Markup('<path class="{}" d="{}"/>').format(name, path)
        for state, name in CLASSES.items()
        if (path := _draw_days(days, state))
    )


def _draw_days(days: Sequence[DayCover], state: str) -> str:
    tall = HEIGHTS[state]
    return "".join(
        f"M{place * CELL} {HEIGHT - tall}h{CELL - 1}v{tall}h-{CELL - 1}z"
        for place, day in enumerate(days)
        if day.state == state
    )
