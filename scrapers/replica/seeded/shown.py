"""Seeded ads of a library that is asked by country: numbers in memory, the ads made when asked for.

The modules of the sources that answer questions (Meta, Microsoft, TikTok) call it.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scrapers.replica.seeded.dice import Dice
from scrapers.replica.seeded.states import DayStep, Series, State
from scrapers.replica.seeded.truth import Amount, PartitionTruth


@dataclass(frozen=True)
class ShownAds:
    """What a library shows on a day: for each of its countries the numbers of its ads, rising."""

    ads: Series
    day: int
    numbers: Mapping[str, "array[int]"]

    def find_steps(self, country: str, after: int = -1) -> Iterator[DayStep]:
        """A country's ads, from the one after a number on; none for a country we have no ads of."""
        numbers = self.numbers.get(country, array("I"))
        rest = range(bisect_right(numbers, after), len(numbers))
        return self.ads.find_steps((numbers[place] for place in rest), self.day)

    def find_step(self, number: int) -> DayStep | None:
        """One ad; `None` if it is not shown, or there never was one of this number."""
        steps = self.ads.find_steps([number], self.day) if number >= 0 else ()
        return next((step for step in steps if step.is_shown), None)


def show_countries(
    source: str,
    ads: Series,
    day: int,
    countries: Sequence[str],
    name_ad: Callable[[int], str],
    price_ad: Callable[[int, State], Amount],
) -> tuple[ShownAds, list[PartitionTruth]]:
    """What a library shows on a day, with the truth of each country.

    The ads go round `countries`; one that is named there more often has more of them.
    """
    numbers: dict[str, array[int]] = {}
    tallies: list[PartitionTruth] = []
    for country in dict.fromkeys(countries):
        tally = PartitionTruth(source, country, "ads")
        theirs = (
            number
            for number in range(ads.count_things(day))
            if find_country(countries, number) == country
        )
        steps = tally.show_things(ads.find_steps(theirs, day), name_ad, price_ad)
        numbers[country] = array("I", (step.index for step in steps))
        tallies.append(tally)
    return ShownAds(ads, day, numbers), tallies


def find_country(countries: Sequence[str], number: int) -> str:
    """Where a search finds an ad."""
    return countries[number % len(countries)]


def say_no_price(_number: int, _state: State) -> Amount:
    """The amount of an ad in a library that tells none."""
    return Amount("", None, None)


def pick_run(dice: Dice, first_on: date, days: int) -> tuple[date, date]:
    """First and last day of an ad that began within so many days of the first."""
    started_on = first_on + timedelta(days=dice.roll(days))
    return started_on, started_on + timedelta(days=dice.roll(60))
