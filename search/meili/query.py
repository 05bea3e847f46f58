"""What Meilisearch is asked, in its own words: index settings, filters, orders. Pure.

Only `search.meilisearch` reads it.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import starmap
from typing import Any

from search.documents import MOVING_FIELDS, SearchDocument
from search.hits import FACET_VALUES
from search.language import WORD_LISTS, Question, Term
from search.query import LAST_RESULT, LIST_FIELDS, VALUE_FILTERS, AdQuery, Sort
from search.word_lists import APART, cut_lists

LISTS = {name: f"w_{name}" for name in WORD_LISTS}
"""The field of a document that holds each word list; an ad has each word of a list once."""

OF_EVERY_AD = "allads"
"""The one word of `w_all`, with which every `q` begins: what stands behind it only orders."""

ORDERING_WORDS = 9
"""Meilisearch reads ten words of `q`."""

MOST_JUDGED = 10_000
"""Ads that may hold a phrase and are read to see whether they do; of more the total is an estimate."""

IS_WHOLE = "ad_id EXISTS"
"""Of every question: numbers alone, sent of an ad that is not there, would make a document without it."""

_BY_VALUE = [LIST_FIELDS.get(name, name) for name in VALUE_FILTERS]
_BY_SIZE = ["started_day", "ended_day", "spend_lower_minor", "impressions_lower"]

# `sort` first: an order that was asked for is kept, whatever else is more relevant. Lists have no order of
# words, so nearness of words tells nothing.
_RANKING = ["sort", "words", "typo", "attribute", "started_day:desc", "ad_id:asc"]
_EQUAL = {"equality": True, "comparison": False}

SETTINGS: Mapping[str, Any] = {
    "searchableAttributes": ["w_all", *LISTS.values()],
    "filterableAttributes": [
        {
            "attributePatterns": list(LISTS.values()),
            "features": {"facetSearch": True, "filter": _EQUAL},
        },
        {
            "attributePatterns": [*_BY_VALUE, "ad_id", "is_visible_by_default"],
            "features": {"facetSearch": False, "filter": _EQUAL},
        },
        {
            "attributePatterns": _BY_SIZE,
            "features": {"facetSearch": False, "filter": {"equality": True, "comparison": True}},
        },
    ],
    # In the order in which the server tells them again.
    "sortableAttributes": sorted(["currency", "ad_id", *_BY_SIZE]),
    "rankingRules": _RANKING,
    "proximityPrecision": "byAttribute",
    "prefixSearch": "disabled",
    # Facet search offers near spellings only of attributes that forgive typos; filters forgive none.
    "typoTolerance": {"enabled": True, "disableOnAttributes": []},
    "faceting": {"maxValuesPerFacet": FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
    "pagination": {"maxTotalHits": LAST_RESULT},
}
"""Set before the first document, or every attribute is indexed first and again afterwards."""


COUNT: Mapping[str, Any] = {
    "q": "",
    "filter": IS_WHOLE,
    "sort": [f"{name}:desc" for name in SETTINGS["sortableAttributes"]],
    "facets": ["source", *_BY_VALUE],
    "limit": 1,
    "attributesToRetrieve": ["ad_id"],
}
"""How many ads there are: each has a source, and facets are counted beyond every limit.

It fails where a question of readers would for want of settings.
"""


def spell_question(query: AdQuery, judged: Collection[int] | None = None) -> dict[str, Any]:
    """The body of a search request; `judged`: the ads that answer, where words alone do not tell.

    `source` is always among the facets: every ad has one, so its counts add up to the total.
    """
    words = _list_ordering_words(query.question) if query.sort == Sort.RELEVANCE else []
    filters = [*list_filters(query), *spell_words(query.question)]
    if judged is not None:
        filters.append(f"ad_id IN [{', '.join(map(str, judged)) or -1}]")
    return {
        "q": " ".join([OF_EVERY_AD, *words]) if words else "",
        "page": query.page,
        "hitsPerPage": query.limit,
        "matchingStrategy": "last",
        "filter": filters,
        "sort": list_orders(query, is_by_words=bool(words)),
        "facets": ["source", *(LIST_FIELDS.get(name, name) for name in query.facets)],
        "attributesToRetrieve": ["ad_id"],
    }


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
    lists = [LISTS[name] for name in term.lists]
    rows = [
        [f'{name} = "{word}"' for word in whole] + [f'{name} {sign} "{last}"'] for name in lists
    ]
    if term.is_not:
        return f"({' AND '.join(f'NOT {row[0]}' for row in rows)})"
    return " OR ".join(f"({' AND '.join(row)})" if whole else row[0] for row in rows)


def _list_ordering_words(question: Question) -> list[str]:
    terms = [term for group in question for term in group if not (term.is_not or term.is_start)]
    return [word for term in terms for word in term.words][:ORDERING_WORDS]


def list_filters(query: AdQuery) -> list[str]:
    """Filter expressions, all of which must hold."""
    filters = [IS_WHOLE, *starmap(_any_of, query.values.items())]
    if query.only_visible_by_default:
        filters.append("is_visible_by_default = true")
    if query.since_on:
        day = query.since_on.toordinal()
        filters += [f"ended_day >= {day} OR ended_day IS NULL", "started_day IS NOT NULL"]
    if query.until_on:
        filters.append(f"started_day <= {query.until_on.toordinal()}")
    if query.spend_min_minor is not None:
        filters.append(f"spend_lower_minor >= {query.spend_min_minor}")
    if query.impressions_min is not None:
        filters.append(f"impressions_lower >= {query.impressions_min}")
    return filters


def _any_of(name: str, values: Sequence[str]) -> str:
    field = LIST_FIELDS.get(name, name)
    return f"{field} IN [{', '.join(_quote(value) for value in values)}]"


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


KEPT = frozenset(
    {
        *("key", "ad_id", "is_visible_by_default", "currency", "recorded_at"),
        *_BY_VALUE,
        *_BY_SIZE,
    }
)
"""What the index holds of an ad beside its words."""


def spell_document(document: SearchDocument) -> dict[str, Any]:
    """What the index holds of an ad: its words, and what is filtered, counted and sorted by."""
    lists = cut_lists(document)
    words = {LISTS[name]: sorted({*lists[name]} - {APART}) for name in WORD_LISTS}
    return document.model_dump(mode="json", include=set(KEPT)) | words | {"w_all": OF_EVERY_AD}


def spell_moved(document: SearchDocument) -> dict[str, Any]:
    """The same of an ad of which only numbers or state moved."""
    return document.model_dump(mode="json", include={*MOVING_FIELDS & KEPT, "key"})
