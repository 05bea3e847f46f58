"""Short pieces of text with marks around what matched, for engines that do not make their own.

The embedded engine and search as of a past time call it.
"""

from collections.abc import Callable

from archive.text.words import Word, split_words
from search.documents import SearchDocument
from search.hits import ELLIPSIS, MARK_END, MARK_START, SearchHit, ShownAd, choose_snippet

WORDS_SHOWN = 30
_WORDS_BEFORE = 8

IsMatch = Callable[[str], bool]
"""Whether a folded word is one of those asked for."""


def make_hit(document: SearchDocument, is_match: IsMatch) -> SearchHit:
    """A document as a result, with the piece that shows best why it was found."""
    texts = {
        "title": document.title,
        "body": document.body,
        "landing": document.landing,
        "advertiser": document.advertiser or "",
        "payer": document.payer or "",
        "sponsor": document.sponsor or "",
    }
    marked = {name: mark_text(text, is_match) for name, text in texts.items()}
    snippet, snippet_from = choose_snippet(marked)
    shown = document.model_dump(include=set(ShownAd.model_fields))
    return SearchHit(**shown, snippet=snippet, snippet_from=snippet_from)


def mark_text(text: str, is_match: IsMatch) -> str:
    """About thirty words around the first match, each match between marks."""
    words = split_words(text)
    matches = [i for i, word in enumerate(words) if is_match(word.term)]
    first = max(0, matches[0] - _WORDS_BEFORE) if matches else 0
    shown = words[first : first + WORDS_SHOWN]
    if not shown:
        return ""
    start = shown[0].start if first else 0
    end = shown[-1].end if first + WORDS_SHOWN < len(words) else len(text)
    piece = _mark_words(text, start, end, [word for word in shown if is_match(word.term)])
    return f"{ELLIPSIS * (start > 0)}{piece}{ELLIPSIS * (end < len(text))}"


def _mark_words(text: str, start: int, end: int, matches: list[Word]) -> str:
    pieces = []
    for word in matches:
        pieces += [text[start : word.start], MARK_START, text[word.start : word.end], MARK_END]
        start = word.end
    return "".join([*pieces, text[start:end]]).replace(MARK_END + MARK_START, "")
