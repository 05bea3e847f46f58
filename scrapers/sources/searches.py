"""Searches that partition a library of all ads: a country, alone or with words (`IT referendum`).

The spiders of libraries that can only be searched read their operator's settings through it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from archive.errors import ArchiveError
from archive.records.escaping import escape_text
from config.counts import write_count


class SearchError(ArchiveError):
    """A search in the operator's settings that the source would not understand."""


@dataclass(frozen=True)
class Search:
    """What a partition covers."""

    country: str
    words: str


def read_search(text: str, countries: Collection[str], most_characters: int) -> Search:
    """A search as the settings write it.

    Raises:
        SearchError: if its country is none of the source's, or its words are too long.
    """
    country, _, words = text.strip().partition(" ")
    if country not in countries:
        shown = escape_text(text[:60])
        raise SearchError(f"search {shown!r}: it begins with none of {', '.join(countries)}")
    if len(words) > most_characters:
        most = write_count(most_characters, "character")
        raise SearchError(f"search {escape_text(text[:60])!r}: the source takes {most} of words")
    return Search(country, words.strip())
