"""Searches that partition a library of all ads: a country, alone or with words (`IT referendum`).

The spiders of libraries that can only be searched read their operator's settings through it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from config.counts import write_count


@dataclass(frozen=True)
class Search:
    """What a partition covers."""

    country: str
    words: str


def read_search(text: str, countries: Collection[str], most_characters: int) -> Search:
    """A search as the settings write it.

    Raises:
        ValueError: if its country is none of the source's, or its words are too long.
    """
    country, _, words = text.strip().partition(" ")
    if country not in countries:
        raise ValueError(f"it begins with none of {', '.join(countries)}")
    if len(words) > most_characters:
        raise ValueError(f"the source takes {write_count(most_characters, 'character')} of words")
    return Search(country, words.strip())


def check_search(countries: Collection[str], most_characters: int) -> Callable[[str], str]:
    """A check of a search in the settings, which leaves it as it was written."""

    def check(text: str) -> str:
        read_search(text, countries, most_characters)
        return text

    return check
