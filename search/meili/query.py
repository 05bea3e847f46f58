"""What Meilisearch is asked and sent, in its own words: filters, orders, documents. Pure.

Only `search.meilisearch` reads it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from search.indexed.documents import SearchDocument
from search.indexed.moved import MOVING, MovedAd
from search.indexed.word_lists import APART, TEXTS, cut_lists
from search.meili.settings import (
    ANY_TEXT,
    CREATIVE,
    FORMER,
    IS_PRESENT,
    IS_WHOLE,
    LISTS,
    NUMBERS,
    OF_EVERY_AD,
    UNKNOWN,
)
from search.meili.values import decode_values, encode_value
from search.question.filters import (
    BOUNDS,
    LIST_FILTERS,
    NAME_FILTERS,
    NOT_TOLD,
    VALUE_FILTERS,
    fold_value,
    is_least,
)
from search.question.language import WORD_LISTS, Question, Term
from search.question.query import AdQuery, Sort

ORDERING_WORDS = 9
"""Meilisearch reads ten words of `q`."""

MOST_JUDGED = 10_000
"""Ads that may hold a phrase and are read to see whether they do; of more the total is an estimate."""


def spell_question(query: AdQuery, judged: Collection[int] | None = None) -> dict[str, Any]:
    """The body of a search request; `judged`: the ads that answer, where words alone do not tell.

    `source` is always among the facets: every ad has one, so its counts add up to the total.
    """
    words = _list_ordering_words(query.question) if query.sort == Sort.RELEVANCE else []
    return {
        "q": " ".join([OF_EVERY_AD, *words]) if words else "",
        "page": query.page,
        "hitsPerPage": query.limit,
        "matchingStrategy": "last",
        "filter": list_all_filters(query, judged),
        "sort": list_orders(query, is_by_words=bool(words)),
        "facets": ["source", UNKNOWN, *query.facets],
        "attributesToRetrieve": ["ad_id"],
    }


def spell_count(query: AdQuery, judged: Collection[int] | None) -> dict[str, Any]:
    """The question for how many ads answer."""
    return {"q": "", "filter": list_all_filters(query, judged), "facets": ["source"], "limit": 0}


def list_all_filters(query: AdQuery, judged: Collection[int] | None) -> list[str]:
    """What every ad that answers passes."""
    filters = [*list_filters(query), *spell_words(query.question)]
    if judged is not None:
        filters.append(f"ad_id IN [{', '.join(map(str, judged)) or -1}]")
    return filters


def spell_words_from(query: AdQuery) -> dict[str, Any]:
    """The question for where the words of the ads in scope come from."""
    return {"q": "", "filter": list_filters(query), "facets": ["words_from"], "limit": 0}


def needs_judging(question: Question) -> bool:
    """Whether rows of words are asked for, which lists do not tell."""
    return any(len(term.words) > 1 for group in question for term in group)


def spell_words(question: Question) -> list[str]:
    """What the words of a question ask of the lists; no ad that answers is left out.

    Of rows of words it is that one list has all of them.
    """
    certain = (g for g in question if not any(t.is_not and len(t.words) > 1 for t in g))
    return [" OR ".join(map(_spell_term, group)) for group in certain]


def _spell_term(term: Term) -> str:
    # Folded words are letters, digits and marks: none ends a value.
    *whole, last = term.words
    sign = "STARTS WITH" if term.is_start else "="
    fields = [LISTS[name] for name in term.lists] if term.field else [ANY_TEXT, LISTS["id"]]
    rows = [
        [*(f'{name} = "{word}"' for word in whole), f'{name} {sign} "{last}"'] for name in fields
    ]
    if term.is_not:
        return f"({' AND '.join(f'NOT {row[0]}' for row in rows)})"
    return " OR ".join(f"({' AND '.join(row)})" if whole else row[0] for row in rows)


def _list_ordering_words(question: Question) -> list[str]:
    terms = [term for group in question for term in group if not (term.is_not or term.is_start)]
    return [word for term in terms for word in term.words][:ORDERING_WORDS]


def list_filters(query: AdQuery) -> list[str]:
    """Filter expressions, all of which must hold."""
    asked = dict.fromkeys([*query.values, *query.unknown])
    filters = [*_hold_at(query.held_at), *(_any_of(name, query) for name in asked)]
    if query.only_visible_by_default:
        filters.append("is_visible_by_default = true")
    if query.since_on:
        day = query.since_on.toordinal()
        filters += [f"ended_day >= {day} OR ended_day IS NULL", "started_day IS NOT NULL"]
    if query.until_on:
        filters.append(f"started_day <= {query.until_on.toordinal()}")
    for name, bound in query.bounds.items():
        filters.append(f"{BOUNDS[name]} {'>=' if is_least(name) else '<='} {bound}")
    if query.changed_after is not None:
        filters.append(f"held_since > {query.changed_after}")
    filters += [f"{CREATIVE} = {query.creative}"] if query.creative else []
    if query.not_told:
        filters.append(f"{NOT_TOLD[query.not_told]} IS NULL")
    return filters


def _hold_at(at: int | None) -> list[str]:
    if at is None:
        return [IS_WHOLE]
    return [f"held_since <= {at}", f"held_until > {at} OR held_until IS NULL"]


def _any_of(name: str, query: AdQuery) -> str:
    values = query.values.get(name, ())
    choices = [f"{UNKNOWN} = {name}"] if name in query.unknown else []
    if values:
        choices.append(_is_in(name, values))
    if values and name in NAME_FILTERS:
        choices.append(_is_in(FORMER, [f"{name}:{value}" for value in values]))
    return " OR ".join(choices)


def _is_in(field: str, values: Sequence[str]) -> str:
    quoted = ", ".join(_quote(encode_value(value)) for value in values)
    return f"{field} IN [{quoted}]"


def _quote(value: str) -> str:
    # A backslash takes the next character with it, whatever that is; one before the end of a filter takes
    # the server's thread down with it.
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def list_orders(query: AdQuery, *, is_by_words: bool) -> list[str]:
    """What to sort by; what has no value comes last, equals come by id."""
    newest = ["started_day:desc", "ad_id:asc"]
    if query.sort == Sort.SPEND:
        return ["currency:asc", "spend_lower_minor:desc", *newest]
    if query.sort == Sort.IMPRESSIONS:
        return ["impressions_lower:desc", *newest]
    return [] if is_by_words else newest


def spell_documents(document: SearchDocument) -> list[dict[str, Any]]:
    """What the index holds of an ad: as it is, and as it was before."""
    earlier = (
        _spell_state(state) | {"key": f"{state.ad_id}_{state.held_since}", IS_PRESENT: False}
        for state in document.earlier
    )
    return [_spell_state(document), *earlier]


def _spell_state(document: SearchDocument) -> dict[str, Any]:
    """Its words, and what is filtered, counted and sorted by."""
    lists = cut_lists(document)
    words = {LISTS[name]: sorted({*lists[name]} - {APART}) for name in WORD_LISTS}
    words[ANY_TEXT] = sorted({word for name in TEXTS for word in words[LISTS[name]]})
    former = [
        encode_value(f"{name}:{fold_value(each)}")
        for name, names in document.former_names.items()
        for each in names
    ]
    return {
        "key": document.key,
        IS_PRESENT: True,
        "w_all": OF_EVERY_AD,
        **words,
        **{name: _spell_values(name, document) for name in document.values},
        UNKNOWN: _list_unknown(document),
        FORMER: former,
        "words_from": document.words_from,
        CREATIVE: document.creative,
        "is_visible_by_default": document.is_visible_by_default,
        **{name: getattr(document, name) for name in NUMBERS},
    }


def spell_moved(ad: MovedAd) -> dict[str, Any]:
    """The same of an ad of which only figures or creative moved."""
    return {"key": ad.key, **{name: getattr(ad, name) for name in MOVING}}


def _list_unknown(document: SearchDocument) -> list[str]:
    return [name for name in VALUE_FILTERS if name not in document.values]


def _spell_values(name: str, document: SearchDocument) -> list[str] | str | None:
    values = [encode_value(value) for value in document.values.get(name, ())]
    if name in LIST_FILTERS:
        return values
    return values[0] if values else None


def read_facet(answer: Mapping[str, Any], name: str) -> dict[str, int]:
    """The values of a facet in an answer; of a field that no document has a value of there are none."""
    counts: Mapping[str, int] = answer["facetDistribution"].get(name, {})
    return decode_values(counts) if name in VALUE_FILTERS else dict(counts)
