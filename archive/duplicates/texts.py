"""A shown text as it is compared with others: its words without links, and which of them are names.

All of it follows from one ad alone, so that the same archive has the same texts in whatever order it came.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from typing import Any

from babel import Locale

from archive.duplicates.bands import find_least, hash_pairs, list_bands, make_sketch
from archive.text.words import WORD, fold_word, split_words

FEWEST_WORDS = 4
"""Of shorter texts only equal ones are copies."""

NUMBER, KNOWN, CAPITAL, PLAIN = "0", "k", "c", "."

_LINK = re.compile(
    r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|(?<![\w.])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,24}(?:/\S*|(?![\w.]))"
)
_INSIDE = re.compile(r"[^\S\n\r\u2028]*(?:[,'’\"“”„«»()\[\]&/$€£#@–—-][^\S\n\r\u2028]*)*")
"""What stands between two words of one sentence."""
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
AD_FIELDS = (*_NAMES, "titles", "bodies", "descriptions", "targeting")
"""Columns of `public_ad` that an ad is compared by."""
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

    @cached_property
    def words_hash(self) -> str:
        """Equal for texts that say the same."""
        return hash_text(" ".join(self.words))

    @cached_property
    def names(self) -> frozenset[str]:
        """The words that are names or hold a digit."""
        pairs = zip(self.words, self.marks, strict=True)
        return frozenset(word for word, mark in pairs if mark != PLAIN)

    @cached_property
    def frame(self) -> list[str]:
        """The words with each row of names and numbers as one `0`; numbers alone, if little else is left."""
        capitals = CAPITAL if len(_NOUNS_HAVE_CAPITALS.intersection(self.words)) < 2 else ""
        masked = [mark in NUMBER + KNOWN + capitals for mark in self.marks]
        plain = masked.count(False)
        if plain < FEWEST_WORDS or len(masked) - plain > _MOST_NAMES * len(masked):
            return self.numberless
        return _mask(self.words, masked)

    @cached_property
    def numberless(self) -> list[str]:
        """The words with each row of numbers as one `0`."""
        return _mask(self.words, [mark == NUMBER for mark in self.marks])

    @cached_property
    def pairs(self) -> frozenset[int]:
        """A number for each two neighbouring words, rows of numbers as one; none of a short text."""
        return hash_pairs(self.numberless) if len(self.words) >= FEWEST_WORDS else frozenset()

    @cached_property
    def frame_pairs(self) -> frozenset[int]:
        """The same of its frame."""
        return hash_pairs(self.frame)

    @cached_property
    def least(self) -> list[int]:
        """Its 32 least pairs; none of a short text."""
        return find_least(self.pairs)

    @cached_property
    def bands(self) -> list[int]:
        """The keys under which it is found; none of a short text."""
        return list_bands(self.least)

    @cached_property
    def sketch(self) -> bytes:
        """What tells quickly that two texts are not alike; empty of a short text."""
        return make_sketch(self.least)

    @cached_property
    def frame_hash(self) -> str | None:
        """Equal for one text with other names or numbers; none of a short text."""
        return hash_text(" ".join(self.frame)) if len(self.words) >= FEWEST_WORDS else None


def read_text(text: str, names: Iterable[str] = ()) -> ComparedText | None:
    """What a text says, given the names that the ad's own fields hold; `None`: it has no words."""
    shown = _LINK.sub("\n", text)
    found = ((fold_word(m[0]), m.start(), m.end()) for m in WORD.finditer(shown))
    words = [word for word in found if word[0]]
    if not words:
        return None
    terms = [term for term, *_ in words]
    known, countries = frozenset[str]().union(*map(list_name_words, names)), list_countries()
    capitals = _find_capitals(shown, words)
    marks = "".join(
        map(_choose_mark, terms, (term in known or term in countries for term in terms), capitals)
    )
    return restore_text(" ".join(terms), marks)


@lru_cache(maxsize=8_192)
def restore_text(words: str, marks: str) -> ComparedText:
    """A text from the columns of its row."""
    return ComparedText(tuple(words.split()), marks)


def read_ad(ad: Mapping[str, Any]) -> ComparedText | None:
    """What an ad says, by the columns `AD_FIELDS` of its row; `None`: it has no words."""
    return read_text(join_texts(ad), read_names(ad))


def join_texts(ad: Mapping[str, Any]) -> str:
    """Headlines and main texts of an ad; of one without any what stands beside the link.

    That is mostly of the page the ad leads to, and the same under different ads.
    """
    return "\n".join([*ad["titles"], *ad["bodies"]] or ad["descriptions"])


def read_names(ad: Mapping[str, Any]) -> list[str]:
    """The names of people, bodies, elections and places that an ad's own fields give."""
    places = [str(row.get("text", "")) for row in ad["targeting"] if _is_of_place(row)]
    return [*(ad[name] for name in _NAMES if ad[name]), *places]


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


def _mask(words: Sequence[str], masked: Sequence[bool]) -> list[str]:
    """The words, each row of masked ones as one sign."""
    runs = groupby(zip(words, masked, strict=True), key=itemgetter(1))
    return [
        word
        for is_masked, run in runs
        for word in ([NUMBER] if is_masked else map(itemgetter(0), run))
    ]


def _choose_mark(term: str, is_known: bool, is_capital: bool) -> str:
    if any(map(str.isdigit, term)):
        return NUMBER
    return KNOWN if is_known else CAPITAL if is_capital else PLAIN


def _find_capitals(text: str, words: Sequence[tuple[str, int, int]]) -> list[bool]:
    """For each word, by its place, whether it has a capital inside a sentence, where that tells anything."""
    capitals, inside, before = [], 0, -1
    for _, start, end in words:
        between = text[before:start] if before >= 0 else None
        is_inside = between == " " or (between is not None and bool(_INSIDE.fullmatch(between)))
        inside += is_inside
        capitals.append(is_inside and text[start].isupper())
        before = end
    return capitals if sum(capitals) <= _MOST_CAPITALS * inside else [False] * len(capitals)


def _is_of_place(row: Mapping[str, Any]) -> bool:
    return bool(_PLACES.search(str(row.get("dimension", ""))))


@lru_cache(maxsize=20_000)
def list_name_words(name: str) -> frozenset[str]:
    """Folded words of a name, without what stands between them in small letters."""
    # Scripts without capitals have no small letters either.
    return frozenset(
        word.term
        for word in split_words(name)
        if len(word.term) >= _SHORTEST_NAME and not name[word.start].islower()
    )


@lru_cache(maxsize=1)
def list_countries() -> frozenset[str]:
    """Names of countries that are one word, in the languages of most ads here."""
    named = (name for each in _LANGUAGES for name in Locale(each).territories.values())
    return frozenset(fold_word(name) for name in named if " " not in name)
