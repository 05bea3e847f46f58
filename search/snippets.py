"""Short pieces of text with marks around what matched, for engines that do not make their own.

The embedded engine and search as of a past time call it.
"""

from collections.abc import Callable, Sequence

from sqlmodel import Session

from archive.text.words import Word, list_other_spellings, split_words
from search.documents import SearchDocument, load_documents
from search.hits import (
    ELLIPSIS,
    FORMER_NAMES,
    MARK_END,
    MARK_START,
    SearchHit,
    ShownAd,
)
from search.language import Question, Term

WORDS_SHOWN = 30
_WORDS_BEFORE = 8

IsMatch = Callable[[str, Word], bool]
"""Whether a word of a text is one of those asked for."""

SNIPPET_ORDER = ("body", "title", "picture", "landing", "advertiser", "payer", "sponsor")
"""Where the piece is looked for first."""


def make_hits(archive: Session, ad_ids: Sequence[int], question: Question) -> list[SearchHit]:
    """Ads as the archive shows them now, in order; one that it shows no more is left out."""
    documents = {document.ad_id: document for document in load_documents(archive, ad_ids).documents}
    return [make_hit(documents[ad_id], question) for ad_id in ad_ids if ad_id in documents]


def make_hit(document: SearchDocument, question: Question) -> SearchHit:
    """A document as a result, with the piece that shows best why it was found."""
    terms = [term for group in question for term in group if not term.is_not]
    snippet, snippet_from = choose_piece(document, terms)
    shown = {name: getattr(document, name) for name in ShownAd.model_fields}
    return SearchHit(**shown, snippet=snippet, snippet_from=snippet_from)


def choose_piece(document: SearchDocument, terms: Sequence[Term]) -> tuple[str, str]:
    """The first piece with a word that is asked for, else the first with any, and where it stands."""
    first = ("", "")
    for name in SNIPPET_ORDER:
        text = getattr(document, name)
        if not text:
            continue
        piece = mark_text(text, match_words(terms, name))
        if MARK_START in piece:
            return piece, name
        first = first if first[0] else (piece, name)
    former = _mark_former(document, terms)
    return (former, FORMER_NAMES) if former else first


def _mark_former(document: SearchDocument, terms: Sequence[Term]) -> str:
    """Former names with a word that is asked for."""
    pieces = (
        mark_text(each, match_words(terms, name))
        for name, names in document.former_names.items()
        for each in names
    )
    return "; ".join(piece for piece in pieces if MARK_START in piece)


def match_words(terms: Sequence[Term], name: str) -> IsMatch:
    """Whether a word of one word list stands in any of these terms."""
    here = [term for term in terms if name in term.lists]
    asked = {word for term in here for word in term.words}
    starts = tuple(term.words[-1] for term in here if term.is_start)

    def has(term: str) -> bool:
        return term in asked or term.startswith(starts)

    def is_match(text: str, word: Word) -> bool:
        if has(word.term):
            return True
        # In ASCII a word by itself has one spelling.
        written = text[word.start : word.end]
        return not written.isascii() and any(map(has, list_other_spellings(written)))

    return is_match


def mark_text(text: str, is_match: IsMatch) -> str:
    """About thirty words around the first match, each match between marks."""
    words = split_words(text)
    matches = [is_match(text, word) for word in words]
    first = max(0, matches.index(True) - _WORDS_BEFORE) if True in matches else 0
    shown = words[first : first + WORDS_SHOWN]
    if not shown:
        return ""
    start = shown[0].start if first else 0
    end = shown[-1].end if first + WORDS_SHOWN < len(words) else len(text)
    marked = [word for word, is_one in zip(shown, matches[first:], strict=False) if is_one]
    piece = _mark_words(text, start, end, marked)
    return f"{ELLIPSIS * (start > 0)}{piece}{ELLIPSIS * (end < len(text))}"


def _mark_words(text: str, start: int, end: int, matches: list[Word]) -> str:
    pieces = []
    for word in matches:
        pieces += [text[start : word.start], MARK_START, text[word.start : word.end], MARK_END]
        start = word.end
    return "".join([*pieces, text[start:end]]).replace(MARK_END + MARK_START, "")
