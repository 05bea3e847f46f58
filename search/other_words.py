"""Words like those asked for: near spellings and longer words, counted apart from the answer."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from rapidfuzz.distance import OSA
from sqlmodel import Session

from search.fts.typos import allowed_typos
from search.hits import OtherWords, SearchPage
from search.language import MOST_WORDS, Question, Term, count_words, spell_question
from search.port import SearchEngine
from search.query import AdQuery

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
    near = {word: [o for o in like[word] if _is_near(word, o)] for word in words}
    longer = {word: [o for o in like[word] if o != word and o.startswith(word)] for word in words}

    def count(
        others: Mapping[str, list[str]], widen: Widen
    ) -> tuple[OtherWords, SearchPage] | None:
        found = {word: listed for word, listed in others.items() if listed}
        # The wider question can be asked too.
        room = (MOST_WORDS - count_words(query.question)) // max(len(found), 1)
        if not found or not room:
            return None
        found = {word: listed[:room] for word, listed in found.items()}
        wider = tuple(_widen_group(group, found, widen) for group in query.question)
        limit = query.limit if not page.total else 1
        asked = replace(query, question=wider, limit=limit, facets=())
        answer = engine.search(session, asked)
        more = answer.total - page.total
        told = OtherWords(total=more, words=found, q=spell_question(wider))
        return (told, answer) if more > 0 else None

    by_near = count(near, lambda term, others: tuple(replace(term, words=(o,)) for o in others))
    by_length = count(longer, lambda term, _: (replace(term, is_start=True),))
    update: dict[str, object] = {
        "near": by_near[0] if by_near else None,
        "longer": by_length[0] if by_length else None,
    }
    if by_near and not page.total:
        update |= {"hits": by_near[1].hits, "matched": "near_spellings"}
    return page.model_copy(update=update)


Widen = Callable[[Term, list[str]], tuple[Term, ...]]


def _list_words(question: Question) -> list[str]:
    """The single words of a question that may be misspelt: none in quotation marks, no number."""
    terms = [term for group in question for term in group if _may_vary(term)]
    return list(dict.fromkeys(term.words[0] for term in terms))[:MOST_LOOKED_UP]


def _may_vary(term: Term) -> bool:
    is_plain = not (term.is_not or term.is_exact or term.is_start or term.field == "id")
    return is_plain and len(term.words) == 1 and not term.words[0].isdigit()


def _is_near(word: str, other: str) -> bool:
    allowed = allowed_typos(word)
    return 0 < OSA.distance(word, other, score_cutoff=allowed) <= allowed


def _widen_group(
    group: tuple[Term, ...], others: Mapping[str, list[str]], widen: Widen
) -> tuple[Term, ...]:
    wider = list(group)
    for term in group:
        if _may_vary(term) and term.words[0] in others:
            wider += widen(term, others[term.words[0]])
    return tuple(wider)
