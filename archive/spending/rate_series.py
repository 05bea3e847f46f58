"""The daily rates of currencies, and what one was worth in another over some days: exact, with ends and mean.

`exchange_rates` reads the rates and asks here; nothing is interpolated.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from operator import mul

FOR_EVER = date.max.toordinal() + 1
MOST_DECIMALS = 12
"""Of a rate, as it is written; before the point it has as many digits at most."""
LARGEST_SUM = 10**33
"""No sum of rates that stands below a factor is larger: 24 digits a day, 4 decimals, 13,000 years."""
FINE = 10**70
"""Parts of a minor unit: more than the square of the largest sum, so what differs at all differs in them."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one euro was worth on a day."""

    currency: str
    units_per_eur: Decimal
    rate_on: date
    source: str
    is_fixed: bool = False
    """Fixed for good when the euro took the currency's place: it holds from its day on."""


class RateSeries:
    """The rates of one currency in the order of their days, one a day.

    A day without a rate has the last one known before it, unless that is too old; then it has none.
    """

    def __init__(self, rates: Sequence[Rate], most_days: int) -> None:
        self._rates = rates
        self.starts = [rate.rate_on.toordinal() for rate in rates]
        """Their days, as numbers."""
        self.units = [int(rate.units_per_eur.scaleb(MOST_DECIMALS)) for rate in rates]
        """Beside each day its rate, in the smallest part that a rate is written in."""
        self.ends = [
            end if rate.is_fixed else min(end, start + most_days + 1)
            for rate, (start, end) in zip(rates, pairwise([*self.starts, FOR_EVER]), strict=True)
        ]
        """The day from which on each holds no more: the next one, or when it is too old."""

    def find(self, on: date) -> Rate | None:
        """The rate of the day, or the last one known before it; `None` where that is too old."""
        place = bisect_right(self.starts, on.toordinal()) - 1
        return self._rates[place] if place >= 0 and on.toordinal() < self.ends[place] else None

    def list_held(self, first_on: date, last_on: date) -> Iterator[tuple[Rate, int]]:
        """Each rate that holds on any of the days from first to last, and for how many but its own."""
        first_day, last_day = first_on.toordinal(), last_on.toordinal()
        first = max(bisect_right(self.starts, first_day) - 1, 0)
        for place in range(first, bisect_right(self.starts, last_day)):
            since, until = max(self.starts[place], first_day), min(self.ends[place] - 1, last_day)
            if since <= until:
                yield self._rates[place], until - since + (since > self.starts[place])


Factors = tuple[int, int, int]
"""What one minor unit was worth over some days at the lowest, mean and highest rate, in `FINE` parts, cut.

The mean is by each currency's mean of daily units for one euro; it lies between the others. A plain tuple:
there are as many as ads, and of these the garbage collector keeps no track.
"""


def spell_factor(factor: int) -> Fraction:
    """The factor before it was cut off: no other fraction of a sum of rates is as near."""
    return Fraction(factor, FINE).limit_denominator(LARGEST_SUM)


class CrossRates:
    """What one minor unit of a currency was worth in another, day by day.

    `shift`: how many decimals more the other currency has.
    """

    def __init__(self, of: RateSeries, to: RateSeries, shift: int) -> None:
        self._starts = sorted({*of.starts, *to.starts})
        lefts, left_ends = _spread(of, self._starts, 10 ** max(-shift, 0))
        rights, right_ends = _spread(to, self._starts, 10 ** max(shift, 0))
        self._pairs = list(zip(rights, lefts, strict=True))
        self._ends = list(map(min, left_ends, right_ends))
        days = [max(end - start, 0) for start, end in zip(self._starts, self._ends, strict=True)]
        self._known = [*accumulate(days, initial=0)]
        self._rights = [*accumulate(map(mul, rights, days), initial=0)]
        self._lefts = [*accumulate(map(mul, lefts, days), initial=0)]
        worths = [FINE * right // left for right, left in self._pairs]
        self._lowest, self._highest = _lay_out(min, worths), _lay_out(max, worths)

    def find_factors(self, first_on: date, last_on: date) -> Factors | None:
        """The lowest, mean and highest of the days from first to last; `None` where any has no rate."""
        first_day, last_day = first_on.toordinal(), last_on.toordinal()
        first, last = (bisect_right(self._starts, day) - 1 for day in (first_day, last_day))
        if first < 0 or last_day >= self._ends[last]:
            return None
        before, until = first_day - self._starts[first], last_day + 1 - self._starts[last]
        known = self._known[last] + until - self._known[first] - before
        if known != last_day + 1 - first_day:
            return None
        (right, left), (first_right, first_left) = self._pairs[last], self._pairs[first]
        right = self._rights[last] + until * right - self._rights[first] - before * first_right
        left = self._lefts[last] + until * left - self._lefts[first] - before * first_left
        # Two stretches of a power of two cover any stretch.
        level = (last + 1 - first).bit_length() - 1
        low, high, other = self._lowest[level], self._highest[level], last + 1 - (1 << level)
        lowest, highest = min(low[first], low[other]), max(high[first], high[other])
        return lowest, FINE * right // left, highest


def _spread(series: RateSeries, starts: Sequence[int], times: int) -> tuple[list[int], list[int]]:
    """From each start on: the units, and the day from which on they are others, or none."""
    places = [bisect_right(series.starts, start) - 1 for start in starts]
    ends = [
        min(series.ends[place], end) if place >= 0 else 0
        for place, end in zip(places, [*starts[1:], FOR_EVER], strict=True)
    ]
    return [times * series.units[max(place, 0)] for place in places], ends


def _lay_out(choose: Callable[[int, int], int], worths: list[int]) -> list[list[int]]:
    """For each power of two, what is chosen of that many in a row, from every place on."""
    levels = [worths]
    while (step := 1 << len(levels) - 1) < len(levels[-1]):
        levels.append(list(map(choose, levels[-1], levels[-1][step:])))
    return levels
