"""A shown text as it is compared with others: its words without links, and which of them are names.

All of it follows from one ad alone, so that the same archive has the same texts in whatever order it came.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import groupby
from typing import Any

from babel import Locale

from archive.text.words import Word, split_words

FEWEST_WORDS = 4
"""Of shorter texts only equal ones are copies."""

NUMBER, KNOWN, CAPITAL, PLAIN = "0", "k", "c", "."

_LINK = re.compile(
    r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|(?<![\w.])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,24}(?:/\S*|(?![\w.]))"
)
_INSIDE = re.compile(r"[\s,'’\"“”„«»()\[\]&/$€£#@–—-]*")
_LINE_END = re.compile(r"[\n\r\u2028]")
# Of a text whose words nearly all begin so, capitals tell nothing.
_MOST_CAPITALS = 2 / 3
_MOST_NAMES = 1 / 3
_SHORTEST_NAME = 3
_NOUNS_HAVE_CAPITALS = frozenset(
    {
        *("und", "der", "das", "fur", "wir", "ist", "nicht", "mit", "ein", "eine", "auf", "den"),
        *("dem", "sie", "ihr", "euch", "wird", "sind", "zu", "zum", "zur", "im", "unser", "unsere"),
        *("fir", "net", "mir", "eis"),
    }
)
"""Words of German and Luxembourgish, where every noun has a capital."""
_NAMES = ("advertiser_name", "payer_name", "sponsor_name", "election_name")
_PLACES = re.compile(r"loc|geo|region|countr|city|place|postal|constituen", re.IGNORECASE)
_LANGUAGES = (
    *(
        "ar",
        "bg",
        "bn",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fa",
        "fi",
        "fr",
        "ga",
        "he",
        "hi",
    ),
    *(
        "hr",
        "hu",
        "id",
        "it",
        "lt",
        "lv",
        "ms",
        "mt",
        "nb",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
    ),
    *("sq", "sr", "sv", "tr", "uk", "ur", "vi"),
)


@dataclass(frozen=True)
class ComparedText:
    """The words of a text and a mark for each (`ShownText.marks`)."""

    words: tuple[str, ...]
    marks: str
    has_plain_nouns: bool = True
    """Whether a capital inside a sentence tells a name from other nouns."""

    @classmethod
    def restore(cls, words: str, marks: str) -> "ComparedText":
        """A text from its row."""
        return cls(tuple(words.split()), marks)

    @cached_property
    def words_hash(self) -> str:
        """Equal for texts that say the same."""
        return hash_text(" ".join(self.words))

    @cached_property
    def names(self) -> frozenset[str]:
        """The words that are names or hold a digit."""
        pairs = zip(self.words, self.marks, strict=True)
        return frozenset(word for word, mark in pairs if mark != PLAIN)

    def find_frame(self) -> str | None:
        """Hash of the text without its names; `None`: what is left would say too little."""
        if len(self.words) < FEWEST_WORDS:
            return None
        names = self.marks if self.has_plain_nouns else self.marks.replace(CAPITAL, PLAIN)
        plain = names.count(PLAIN)
        if plain < FEWEST_WORDS or len(names) - plain > _MOST_NAMES * len(names):
            names = "".join(mark if mark == NUMBER else PLAIN for mark in names)
        return hash_text(" ".join(_mask(self.words, names)))


def read_text(text: str, names: Iterable[str] = ()) -> ComparedText | None:
    """What a text says, given the names that the ad's own fields hold; `None`: it has no words."""
    shown = _LINK.sub("\n", text)
    words = split_words(shown)
    if not words:
        return None
    terms = tuple(word.term for word in words)
    known = find_name_words(names)
    capitals = _find_capitals(shown, words)
    marks = "".join(map(_choose_mark, terms, (term in known for term in terms), capitals))
    return ComparedText(terms, marks, len(_NOUNS_HAVE_CAPITALS.intersection(terms)) < 2)


def read_names(ad: Mapping[str, Any]) -> list[str]:
    """The names of people, bodies, elections and places that an ad's own fields give."""
    places = [str(row.get("text", "")) for row in ad["targeting"] if _is_of_place(row)]
    return [*(ad[name] for name in _NAMES if ad[name]), *places]


def find_name_words(names: Iterable[str]) -> frozenset[str]:
    """Folded words of names, without what stands between them in small letters; countries too."""
    return _list_countries().union(*map(_list_name_words, names))


def spell_words(text: str) -> dict[str, str]:
    """The folded words of a text, each as it is first spelled there."""
    shown = _LINK.sub("\n", text)
    spelled: dict[str, str] = {}
    for word in split_words(shown):
        spelled.setdefault(word.term, shown[word.start : word.end])
    return spelled


def hash_text(text: str) -> str:
    """A short hash that no machine and no run gives otherwise."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def mask_numbers(text: ComparedText) -> list[str]:
    """The words with each row of numbers as one `0`."""
    return list(_mask(text.words, text.marks, NUMBER))


def _mask(
    words: Sequence[str], marks: str, masked: str = NUMBER + KNOWN + CAPITAL
) -> Iterator[str]:
    """The words, those with these marks as one sign however many stand side by side."""
    for is_masked, run in groupby(zip(words, marks, strict=True), lambda pair: pair[1] in masked):
        if is_masked:
            yield NUMBER
        else:
            yield from (word for word, _ in run)


def _choose_mark(term: str, is_known: bool, is_capital: bool) -> str:
    if any(map(str.isdigit, term)):
        return NUMBER
    return KNOWN if is_known else CAPITAL if is_capital else PLAIN


def _find_capitals(text: str, words: Sequence[Word]) -> list[bool]:
    """For each word whether it has a capital inside a sentence, where that tells anything."""
    capitals, inside, end = [], 0, -1
    for word in words:
        between = text[max(end, 0) : word.start]
        is_inside = end >= 0 and _INSIDE.fullmatch(between) and not _LINE_END.search(between)
        inside += bool(is_inside)
        capitals.append(bool(is_inside) and text[word.start].isupper())
        end = word.end
    return capitals if sum(capitals) <= _MOST_CAPITALS * inside else [False] * len(capitals)


def _is_of_place(row: Mapping[str, Any]) -> bool:
    return bool(_PLACES.search(str(row.get("dimension", ""))))


@lru_cache(maxsize=20_000)
def _list_name_words(name: str) -> frozenset[str]:
    # Scripts without capitals have no small letters either.
    return frozenset(
        word.term
        for word in split_words(name)
        if len(word.term) >= _SHORTEST_NAME and not name[word.start].islower()
    )


@lru_cache(maxsize=1)
def _list_countries() -> frozenset[str]:
    """Names of countries that are one word, in the languages of most ads here."""
    named = (name for each in _LANGUAGES for name in Locale(each).territories.values())
    cut = (split_words(name) for name in named)
    return frozenset(words[0].term for words in cut if len(words) == 1)
