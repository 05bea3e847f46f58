"""Words like those asked for: near spellings and longer words, counted apart from the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA
from sqlmodel import Session

from search.answering.found import search_now
from search.fts.typos import allowed_typos
from search.hits import OtherWords, SearchPage
from search.port import SearchEngine
from search.question.language import MOST_WORDS, Question, Term, count_words, spell_question
from search.question.query import AdQuery

MOST_OTHERS = 12
MOST_LOOKED_UP = 5
"""Words of one question: each is a further question to the engine."""


def add_others(
    session: Session, engine: SearchEngine, query: AdQuery, page: SearchPage
) -> SearchPage:
    """An answer with what near spellings and longer words would find; without a hit, with those hits.

    Raises:
        SearchUnavailableError: if the engine does not answer.
    """
    words = _list_words(query.question)
    if not words:
        return page
    like = {word: engine.list_like(session, word) for word in words}
    near = {word: _choose_near(word, like[word]) for word in words}
    longer = {word: _choose_longer(word, like[word]) for word in words}
    asked = {
        "near": _widen(query.question, near, _as_near),
        "longer": _widen(query.question, longer, _as_longer),
    }
    wider = {name: found for name, found in asked.items() if found}
    queries = [replace(query, question=found.question) for found in wider.values()]
    totals = engine.count_ads(session, queries) if queries else []
    update: dict[str, object] = {
        name: OtherWords(
            total=total - page.total, words=found.words, q=spell_question(found.question)
        )
        for (name, found), total in zip(wider.items(), totals, strict=True)
        if total > page.total
    }
    if "near" in update and not page.total:
        hits = search_now(session, engine, queries[0]).hits
        update |= {"hits": hits, "matched": "near_spellings"}
    return page.model_copy(update=update)


Others = Mapping[str, list[str]]
"""For each word of a question, others like it."""


@dataclass(frozen=True)
class Wider:
    """A question that finds other words too, and which."""

    question: Question
    words: dict[str, list[str]]


Widening = Callable[[Term, list[str]], tuple[Term, ...]]


def _as_near(term: Term, others: list[str]) -> tuple[Term, ...]:
    return tuple(replace(term, words=(other,)) for other in others)


def _as_longer(term: Term, _: list[str]) -> tuple[Term, ...]:
    return (replace(term, is_start=True),)


def _widen(question: Question, others: Others, widening: Widening) -> Wider | None:
    """The question with other words beside its own; `None`: there are none, or it would be too long."""
    found = {word: listed for word, listed in others.items() if listed}
    room = (MOST_WORDS - count_words(question)) // max(len(found), 1)
    if not found or not room:
        return None
    found = {word: listed[:room] for word, listed in found.items()}
    return Wider(tuple(_widen_group(group, found, widening) for group in question), found)


def _list_words(question: Question) -> list[str]:
    """The single words of a question that may be misspelt: none in quotation marks, no number."""
    terms = [term for group in question for term in group if _may_vary(term)]
    return list(dict.fromkeys(term.words[0] for term in terms))[:MOST_LOOKED_UP]


def _may_vary(term: Term) -> bool:
    is_plain = not (term.is_not or term.is_exact or term.is_start or term.field == "id")
    return is_plain and len(term.words) == 1 and not term.words[0].isdigit()


def _choose_near(word: str, others: list[str]) -> list[str]:
    """The nearest spellings, the same ones in the same order whichever engine listed them."""
    allowed = allowed_typos(word)
    found = ((OSA.distance(word, o, score_cutoff=allowed), o) for o in others)
    return [other for wrong, other in sorted(found) if 0 < wrong <= allowed][:MOST_OTHERS]


def _choose_longer(word: str, others: list[str]) -> list[str]:
    """Words that go on from it, likewise."""
    longer = (other for other in others if other != word and other.startswith(word))
    return sorted(longer)[:MOST_OTHERS]


def _widen_group(group: tuple[Term, ...], others: Others, widen: Widening) -> tuple[Term, ...]:
    wider = list(group)
    for term in group:
        if _may_vary(term) and term.words[0] in others:
            wider += widen(term, others[term.words[0]])
    return tuple(wider)
