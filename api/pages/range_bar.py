"""The bounds band: a thin bar from least to most on a scale that its whole group shares.

Pages draw one beside every amount and every number of views. Pure: figures in, SVG out. The figure
itself always stands beside the band in words, which are also the band's text alternative.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from markupsafe import Markup

WIDTH, HEIGHT, MIDDLE = 240, 14, 7
LEAST_WIDTH = 3
"""A narrow range must still be seen as a range."""
OPEN_ROOM = 1.25
"""An open end reaches past the greatest known bound by this factor, then fades."""

Range = tuple[int | None, int | None]
"""Lower and upper bound, inclusive; no lower bound: unknown; no upper bound: open."""


def find_scale(ranges: Iterable[Range]) -> int:
    """Right end of a scale on which all these ranges fit; 0 if nothing is known of any."""
    ends = [
        upper if upper is not None else int(lower * OPEN_ROOM)
        for lower, upper in ranges
        if lower is not None
    ]
    return round_up(max(ends, default=0))


class Spent(Protocol):
    """Anything with a spend in a currency."""

    @property
    def currency(self) -> str | None:
        """ISO 4217, or nothing."""

    @property
    def spend_lower_minor(self) -> int | None:
        """Least spent."""

    @property
    def spend_upper_minor(self) -> int | None:
        """Most spent."""


def find_scales(spent: Sequence[Spent]) -> dict[str | None, int]:
    """For each currency the scale that the bands of these share."""
    return {
        currency: find_scale(
            (one.spend_lower_minor, one.spend_upper_minor)
            for one in spent
            if one.currency == currency
        )
        for currency in dict.fromkeys(one.currency for one in spent)
    }


def round_up(value: int) -> int:
    """The next number of one significant half step: 1,020 -> 1,500; 48,000 -> 50,000."""
    if value <= 0:
        return 0
    half = max(int("1" + "0" * (len(str(value)) - 1)) // 2, 1)
    return -(-value // half) * half


def draw_range_bar(lower: int | None, upper: int | None, scale: int, words: str) -> Markup:
    """The band as inline SVG, `words` being its text alternative.

    A range is a bar, an exact value a tick, each on a stem from zero; an open end fades out, and the
    unknown is hatched.
    """
    return Markup(
        '<svg class="band" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, words, _draw_shape(lower, upper, max(scale, 1)))


def _draw_shape(lower: int | None, upper: int | None, scale: int) -> Markup:
    if lower is None:
        return _rect("void", 0.5, WIDTH - 1)
    start = _place(lower, scale)
    stem = _line("track", WIDTH) + _line("stem", start)
    if upper is None:
        return stem + _rect("open", start, WIDTH - start) + _tick(start)
    end = _place(upper, scale)
    if lower == upper:
        return stem + _tick(start)
    width = max(end - start, LEAST_WIDTH)
    return stem + _rect("fill", min(start, WIDTH - width), width)


def _place(value: int, scale: int) -> float:
    return round(min(value / scale, 1) * (WIDTH - 2) + 1, 1)


def _line(kind: str, end: float) -> Markup:
    return Markup('<path class="{}" d="M0 {}H{}"/>').format(kind, MIDDLE, end)


def _tick(x: float) -> Markup:
    return Markup('<path class="end" d="M{} 1V{}"/>').format(x, HEIGHT - 1)


def _rect(kind: str, x: float, width: float) -> Markup:
    return Markup('<rect class="{}" x="{}" y="3" width="{}" height="8"/>').format(
        kind, round(x, 1), round(width, 1)
    )
