"""What Meilisearch is asked, in its own words: index settings, filters, orders. Pure.

Only `search.meilisearch` reads it.
"""

from collections.abc import Mapping, Sequence
from itertools import starmap
from typing import Any

from search.hits import ELLIPSIS, FACET_VALUES, MARK_END, MARK_START, ShownAd
from search.query import LAST_RESULT, LIST_FIELDS, VALUE_FILTERS, AdQuery, Sort

TEXT_FIELDS = ("title", "body", "landing", "advertiser", "payer", "sponsor")

_BY_VALUE = [LIST_FIELDS.get(name, name) for name in VALUE_FILTERS]
MARK = "copy_of"
"""The field that only the document has which is no ad: what stands beside the copy."""

MARK_KEY = "copy"
"""Its id; every ad's holds an underscore, for the colon."""

_BY_SIZE = ["started_day", "ended_day", "spend_lower_minor", "impressions_lower"]

# `sort` first: an order that was asked for is kept, whatever else is more relevant.
_RANKING = ["sort", "words", "typo", "proximity", "attribute", "exactness", "started_day:desc"]

SETTINGS: Mapping[str, Any] = {
    "searchableAttributes": ["title", "body", "advertiser", "payer", "sponsor", "landing", "id"],
    "filterableAttributes": [
        {
            "attributePatterns": [*_BY_VALUE, "ad_id", "is_visible_by_default", MARK],
            "features": {"facetSearch": False, "filter": {"equality": True, "comparison": False}},
        },
        {
            "attributePatterns": _BY_SIZE,
            "features": {"facetSearch": False, "filter": {"equality": True, "comparison": True}},
        },
    ],
    "sortableAttributes": ["currency", *_BY_SIZE],
    "rankingRules": _RANKING,
    "typoTolerance": {"disableOnAttributes": ["id"]},
    "faceting": {"maxValuesPerFacet": FACET_VALUES, "sortFacetValuesBy": {"*": "count"}},
    "pagination": {"maxTotalHits": LAST_RESULT},
}
"""Set before the first document, or every attribute is indexed first and again afterwards."""


FIND_MARK: Mapping[str, Any] = {
    "q": "",
    "filter": f"{MARK} EXISTS",
    "sort": [f"{name}:desc" for name in SETTINGS["sortableAttributes"]],
    "facets": ["source", *_BY_VALUE],
    "limit": 1,
}
"""What stands beside the copy; the question fails where one of readers would for want of settings."""

COUNT: Mapping[str, Any] = {"q": "", "facets": ["source"], "limit": 0}
"""How many ads there are: each has a source, and facets are counted beyond every limit."""


def spell_parameters(query: AdQuery, strategy: str) -> dict[str, Any]:
    """The body of a search request but for its words.

    `source` is always among the facets: every ad has one, so its counts add up to the total.
    """
    return {
        "page": query.page,
        "hitsPerPage": query.limit,
        "matchingStrategy": strategy,
        "filter": list_filters(query),
        "sort": list_orders(query),
        "facets": ["source", *(LIST_FIELDS.get(name, name) for name in query.facets)],
        "attributesToRetrieve": list(ShownAd.model_fields),
        "attributesToHighlight": list(TEXT_FIELDS),
        "highlightPreTag": MARK_START,
        "highlightPostTag": MARK_END,
        "attributesToCrop": ["title", "body", "landing"],
        "cropLength": 30,
        "cropMarker": ELLIPSIS,
    }


def spell_words(query: AdQuery) -> str:
    """The query's words: only words and quoted phrases, so that no operator can be meant."""
    words = [f'"{unit.text}"' if unit.is_exact else unit.text for unit in query.units]
    # Meilisearch takes the last word for the start of a longer one unless a space follows.
    return " ".join(words) + (" " if query.is_finished else "")


def list_filters(query: AdQuery) -> list[str]:
    """Filter expressions, all of which must hold."""
    # Neither what stands beside the copy nor a remnant of an ad is one.
    filters = ["ad_id EXISTS", *starmap(_any_of, query.values.items())]
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


def list_orders(query: AdQuery) -> list[str]:
    """What to sort by; what has no value comes last."""
    newest = ["started_day:desc"]
    if query.sort == Sort.SPEND:
        return ["currency:asc", "spend_lower_minor:desc", *newest]
    if query.sort == Sort.IMPRESSIONS:
        return ["impressions_lower:desc", *newest]
    return newest if query.sort == Sort.NEWEST else []
