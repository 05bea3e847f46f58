"""Where words begin and end, and which spellings count as the same word: for search and for rules.

The embedded engine cuts documents and queries here alike, snippets are marked here, and search as of
a past time matches here. SQLite's own tokenizer is not trusted with it: it takes Devanagari vowel
signs for spaces, a whole Chinese sentence for one word, and leaves `ł` and `ø` as they are.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# Scripts written without spaces: each character, with its marks, is a word of its own.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9d"
    "\U00020000-\U0003ffff"
)
_MARKS = "".join(c for c in map(chr, range(0x300, 0x2000)) if unicodedata.category(c)[0] == "M")
_JOINERS = "\u00ad\u200c\u200d"
# An apostrophe parts words whichever sign is typed for it; Unicode has some among the letters.
_APOSTROPHES = "\u02b9-\u02bf"
# Voiced sound marks, which tell ガ from カ, where they are written apart.
_VOICING = "\u3099\u309a"
_LETTER = rf"[^\W_{_UNSPACED}{_APOSTROPHES}]"
WORD = re.compile(
    rf"[{_UNSPACED}][{_MARKS}{_VOICING}]*|{_LETTER}(?:{_LETTER}|[{_MARKS}{_JOINERS}])*"
)

# Accents, Hebrew points, Arabic vowel signs and the Devanagari nukta are often left out; other Indic and
# Thai signs never are.
_OPTIONAL_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u093c]"
)
_KEPT_MARKS = frozenset(_OPTIONAL_MARKS.sub("", _MARKS) + _VOICING)
# Letters whose stroke or ligature Unicode does not decompose, and letters of Arabic script that are written
# for each other: heh and teh marbuta, yeh and alef maksura or the Persian yeh, kaf and keheh; tatweel only
# stretches (as Lucene's ArabicNormalizer and PersianNormalizer do).
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
    | {"ґ": "г", "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ـ": None}
)
# How German and the Nordic languages write these letters where a keyboard has none of them.
_SPELLED_OUT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "å": "aa",
        "ø": "oe",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "Å": "Aa",
    }
    | {"Ø": "Oe"}
)
_ARABIC_ARTICLE = "ال"
_FEWEST_BEHIND_ARTICLE = 3
# Thai and Lao vowels that fall apart into a mark and a letter when they are decomposed.
_WHOLE_VOWELS = frozenset("\u0e33\u0eb3")
LONGEST_TERM = 100
# The comma between thousands, not that of a list: 1,204,000 but not 3,4.
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?:,\d{3})*(?![\d]))", re.ASCII)

_ASCII_GAPS = {place: " " for place in range(128) if not chr(place).isalnum()}

_GROUPED_NUMBER = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,.]*\d)", re.ASCII)


@dataclass(frozen=True)
class Word:
    """One word of a text: its folded form and where it stands."""

    term: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """The words of a text in order; `term` holds letters, digits and necessary marks only."""
    words = (Word(fold_word(m[0]), m.start(), m.end()) for m in WORD.finditer(text))
    return [word for word in words if word.term]


def list_other_spellings(text: str) -> list[str]:
    """Further words that a text is found by: `groessere` for größere, تعليم for التعليم, `1204` for 1,204.

    They stand beside the words of the text and never in a row with them.
    """
    return [] if text.isascii() and "," not in text else _spell_others(text, WORD.findall(text))


def _spell_others(text: str, words: Iterable[str]) -> list[str]:
    joined = [m[0].replace(",", "") for m in _GROUPED_NUMBER.finditer(text)] if "," in text else []
    if text.isascii():
        return joined
    return [*(other for word in words for other in _spell_otherwise(word)), *joined]


@lru_cache(maxsize=50_000)
def _spell_otherwise(word: str) -> tuple[str, ...]:
    if word.isascii():
        return ()
    term = fold_word(word)
    if (
        term.startswith(_ARABIC_ARTICLE)
        and len(term) >= len(_ARABIC_ARTICLE) + _FEWEST_BEHIND_ARTICLE
    ):
        return (term.removeprefix(_ARABIC_ARTICLE),)
    spelled_out = fold_word(unicodedata.normalize("NFC", word).translate(_SPELLED_OUT))
    return (spelled_out,) if spelled_out != term else ()


def list_terms(text: str) -> list[str]:
    """The folded words of a text in order; `split_words` also says where they stand, which takes longer."""
    if text.isascii():
        return _cut_ascii(text)
    return list(filter(None, map(fold_word, WORD.findall(text))))


def list_all_spellings(text: str) -> tuple[list[str], list[str]]:
    """Both `list_terms` and `list_other_spellings`, which takes less than the one and the other."""
    if text.isascii():
        return _cut_ascii(text), list_other_spellings(text)
    words = WORD.findall(text)
    return list(filter(None, map(fold_word, words))), _spell_others(text, words)


def _cut_ascii(text: str) -> list[str]:
    return [word[:LONGEST_TERM] for word in text.lower().translate(_ASCII_GAPS).split()]


def join_terms(text: str) -> str:
    """The folded words of a text with single spaces between them."""
    return " ".join(list_terms(text))


def frame_words(text: str) -> str:
    """The folded words of a text, each between spaces, for rules that look for a term; `1,204` is `1204`.

    A term is in the text if what it comes to here is. A text without words comes to spaces, none to nothing.
    """
    return f" {join_terms(_GROUPED.sub('', text))} " if text.strip() else ""


@lru_cache(maxsize=50_000)
def fold_word(word: str) -> str:
    """The spelling under which a word is found: no case, no accents, compatible forms as one."""
    if word.isascii() and word.isalnum():
        return word.lower()[:LONGEST_TERM]
    whole = word[0] if word[:1] in _WHOLE_VOWELS else ""
    rest = word.removeprefix(whole)
    folded = unicodedata.normalize("NFKD", rest).casefold().translate(_PLAIN_LETTERS)
    kept = "".join(c for c in folded if c.isalnum() or c in _KEPT_MARKS)
    return unicodedata.normalize("NFC", whole + kept)[:LONGEST_TERM]
