"""Where words begin and end, and which spellings count as the same word: for search and for rules.

The embedded engine cuts documents and queries here alike, snippets are marked here, and search as of
a past time matches here. SQLite's own tokenizer is not trusted with it: it takes Devanagari vowel
signs for spaces, a whole Chinese sentence for one word, and leaves `ł` and `ø` as they are.
"""

import re
import unicodedata
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
_LETTER = rf"[^\W_{_UNSPACED}]"
WORD = re.compile(rf"[{_UNSPACED}][{_MARKS}]*|{_LETTER}(?:{_LETTER}|[{_MARKS}{_JOINERS}])*")

# Accents, Hebrew points and Arabic vowel signs are often left out; Indic and Thai signs never are.
_OPTIONAL_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
)
_KEPT_MARKS = frozenset(_OPTIONAL_MARKS.sub("", _MARKS))
# Letters whose stroke or ligature Unicode does not decompose.
_PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "ı": "i", "ħ": "h", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
# Thai and Lao vowels that fall apart into a mark and a letter when they are decomposed.
_WHOLE_VOWELS = frozenset("\u0e33\u0eb3")
_LONGEST_TERM = 100
# The comma between thousands, not that of a list: 1,204,000 but not 3,4.
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?:,\d{3})*(?![\d]))", re.ASCII)


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


def join_terms(text: str) -> str:
    """The folded words of a text with single spaces between them."""
    return " ".join(filter(None, map(fold_word, WORD.findall(text))))


def frame_words(text: str) -> str:
    """The folded words of a text, each between spaces, for rules that look for a term; `1,204` is `1204`.

    A term is in the text if what it comes to here is. A text without words comes to spaces, none to nothing.
    """
    return f" {join_terms(_GROUPED.sub('', text))} " if text.strip() else ""


@lru_cache(maxsize=50_000)
def fold_word(word: str) -> str:
    """The spelling under which a word is found: no case, no accents, compatible forms as one."""
    if word.isascii() and word.isalnum():
        return word.lower()[:_LONGEST_TERM]
    whole = word[0] if word[:1] in _WHOLE_VOWELS else ""
    rest = word.removeprefix(whole)
    folded = unicodedata.normalize("NFKD", rest).casefold().translate(_PLAIN_LETTERS)
    kept = "".join(c for c in folded if c.isalnum() or c in _KEPT_MARKS)
    return unicodedata.normalize("NFC", whole + kept)[:_LONGEST_TERM]
