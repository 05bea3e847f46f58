"""Short pieces of text with marks around what matched, for engines that do not make their own.

The embedded engine and search as of a past time call it.
"""

from collections.abc import Callable, Mapping

from search.hits import ELLIPSIS, MARK_END, MARK_START, choose_snippet
from search.words import Word, split_words

WORDS_SHOWN = 30
_WORDS_BEFORE = 8

IsMatch = Callable[[str], bool]
"""Whether a folded word is one of those asked for."""


def cut_snippet(texts: Mapping[str, str | None], is_match: IsMatch) -> tuple[str, str]:
    """The piece of an ad to show, with marks, and the field it stands in."""
    marked = {name: mark_text(text, is_match) for name, text in texts.items() if text}
    return choose_snippet(marked)


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
