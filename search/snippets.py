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
    choose_snippet,
)
from search.language import Question, Term

WORDS_SHOWN = 30
_WORDS_BEFORE = 8

IsMatch = Callable[[str], bool]
"""Whether a word of a text, as it is written there, is one of those asked for."""


def make_hits(archive: Session, ad_ids: Sequence[int], question: Question) -> list[SearchHit]:
    """Ads as the archive shows them now, in order; one that it shows no more is left out."""
    documents = {document.ad_id: document for document in load_documents(archive, ad_ids).documents}
    return [make_hit(documents[ad_id], question) for ad_id in ad_ids if ad_id in documents]


def make_hit(document: SearchDocument, question: Question) -> SearchHit:
    """A document as a result, with the piece that shows best why it was found."""
    texts = {
        "title": document.title,
        "body": document.body,
        "landing": document.landing,
        "advertiser": document.advertiser or "",
        "payer": document.payer or "",
        "sponsor": document.sponsor or "",
        "picture": document.picture,
    }
    terms = [term for group in question for term in group if not term.is_not]
    marked = {name: mark_text(text, match_words(terms, name)) for name, text in texts.items()}
    marked |= _mark_former(document, terms)
    snippet, snippet_from = choose_snippet(marked)
    shown = document.model_dump(include=set(ShownAd.model_fields))
    return SearchHit(**shown, snippet=snippet, snippet_from=snippet_from)


def _mark_former(document: SearchDocument, terms: Sequence[Term]) -> dict[str, str]:
    """Former names with a word that is asked for."""
    pieces = (
        mark_text(each, match_words(terms, name))
        for name, names in document.former_names.items()
        for each in names
    )
    return {FORMER_NAMES: "; ".join(piece for piece in pieces if MARK_START in piece)}


def match_words(terms: Sequence[Term], name: str) -> IsMatch:
    """Whether a word of one word list stands in any of these terms."""
    here = [term for term in terms if name in term.lists]
    asked = {word for term in here for word in term.words}
    starts = tuple(term.words[-1] for term in here if term.is_start)

    def is_match(written: str) -> bool:
        spellings = [word.term for word in split_words(written)] + list_other_spellings(written)
        return any(word in asked or word.startswith(starts) for word in spellings)

    return is_match


def mark_text(text: str, is_match: IsMatch) -> str:
    """About thirty words around the first match, each match between marks."""
    words = split_words(text)
    matches = [i for i, word in enumerate(words) if is_match(text[word.start : word.end])]
    first = max(0, matches[0] - _WORDS_BEFORE) if matches else 0
    shown = words[first : first + WORDS_SHOWN]
    if not shown:
        return ""
    start = shown[0].start if first else 0
    end = shown[-1].end if first + WORDS_SHOWN < len(words) else len(text)
    piece = _mark_words(
        text, start, end, [word for word in shown if is_match(text[word.start : word.end])]
    )
    return f"{ELLIPSIS * (start > 0)}{piece}{ELLIPSIS * (end < len(text))}"


def _mark_words(text: str, start: int, end: int, matches: list[Word]) -> str:
    pieces = []
    for word in matches:
        pieces += [text[start : word.start], MARK_START, text[word.start : word.end], MARK_END]
        start = word.end
    return "".join([*pieces, text[start:end]]).replace(MARK_END + MARK_START, "")
