"""Short pieces of text with marks around what matched, for engines that do not make their own.

The embedded engine and search as of a past time call it.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlmodel import Session

from archive.text.words import Word, list_other_spellings, split_words
from search.hits import (
    ELLIPSIS,
    FORMER_NAMES,
    MARK_END,
    MARK_START,
    SearchHit,
)
from search.indexed.shown import AdParts, load_parts
from search.question.language import Question, Term

WORDS_SHOWN = 30
_WORDS_BEFORE = 8

SNIPPET_ORDER = ("body", "title", "picture", "landing", "advertiser", "payer", "sponsor")
"""Where the piece is looked for first."""


def make_hits(
    archive: Session, ad_ids: Sequence[int], question: Question, copies: Mapping[int, int]
) -> list[SearchHit]:
    """Ads as the archive shows them now, in order; one that it shows no more is left out."""
    parts = load_parts(archive, ad_ids)
    return [make_hit(parts[i], question, copies.get(i)) for i in ad_ids if i in parts]


def make_hit(ad: AdParts, question: Question, copies: int | None = None) -> SearchHit:
    """An ad as a result, with the piece that shows best why it was found; `copies`: it stands for."""
    terms = [term for group in question for term in group if not term.is_not]
    snippet, snippet_from = choose_piece(ad, terms)
    return SearchHit(**ad.shown, snippet=snippet, snippet_from=snippet_from, copies=copies)


def choose_piece(ad: AdParts, terms: Sequence[Term]) -> tuple[str, str]:
    """The piece with the most of what is asked for, else the first with any words, and where it stands."""
    by_name = {**ad.shown, **ad.texts}
    texts = [(name, by_name[name], name) for name in SNIPPET_ORDER]
    texts += [
        (FORMER_NAMES, each, name)
        for name, names in ad.shown["former_names"].items()
        for each in names
    ]
    best, most, wanted = ("", ""), -1, len(terms)
    for shown_as, text, name in texts:
        if not text or (shown_as == FORMER_NAMES and not terms):
            continue
        here = [term for term in terms if name in term.lists]
        words = split_words(text)
        found = [find_term(text, words, term) for term in here]
        held = sum(map(bool, found))
        if held > most:
            best, most = (mark_text(text, words, set().union(*found)), shown_as), held
        if most == wanted:
            break
    return best


def find_term(text: str, words: Sequence[Word], term: Term) -> set[int]:
    """The places of the words of a text in which a term stands."""
    size = len(term.words)
    return {
        place
        for first in range(len(words) - size + 1)
        if _is_word(text, words[first], term, 0)
        and all(_is_word(text, words[first + n], term, n) for n in range(1, size))
        for place in range(first, first + size)
    }


def _is_word(text: str, word: Word, term: Term, number: int) -> bool:
    """Whether a word is the so-manieth of a term; a word alone is found by its other spellings too."""
    asked = term.words[number]
    may_go_on = term.is_start and number == len(term.words) - 1
    if word.term == asked or (may_go_on and word.term.startswith(asked)):
        return True
    if len(term.words) > 1:
        return False
    # In ASCII a word by itself has one spelling.
    written = text[word.start : word.end]
    others = () if written.isascii() else list_other_spellings(written)
    return any(each == asked or (may_go_on and each.startswith(asked)) for each in others)


def mark_text(text: str, words: Sequence[Word], places: Collection[int]) -> str:
    """About thirty words around the first of these places, each between marks."""
    first = max(0, min(places) - _WORDS_BEFORE) if places else 0
    shown = words[first : first + WORDS_SHOWN]
    if not shown:
        return ""
    start = shown[0].start if first else 0
    end = shown[-1].end if first + WORDS_SHOWN < len(words) else len(text)
    marked = [word for place, word in enumerate(shown, first) if place in places]
    piece = _mark_words(text, start, end, marked)
    return f"{ELLIPSIS * (start > 0)}{piece}{ELLIPSIS * (end < len(text))}"


def _mark_words(text: str, start: int, end: int, matches: list[Word]) -> str:
    pieces = []
    for word in matches:
        pieces += [text[start : word.start], MARK_START, text[word.start : word.end], MARK_END]
        start = word.end
    return "".join([*pieces, text[start:end]]).replace(MARK_END + MARK_START, "")
