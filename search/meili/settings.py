"""How an index of ours is set up: its fields, and what each is for. Pure.

Whatever differs here makes every index anew (`search.port.spell_shape`).
"""

from collections.abc import Mapping
from typing import Any

from search.hits import FACET_VALUES
from search.question.filters import BOUNDS, VALUE_FILTERS
from search.question.language import WORD_LISTS
from search.question.query import LAST_RESULT

LISTS = {name: f"w_{name}" for name in WORD_LISTS}
"""The field of a document that holds each word list; an ad has each word of a list once."""

ANY_TEXT = "w_any"
"""The field that holds the words of all texts together, for those that are asked for anywhere."""

OF_EVERY_AD = "allads"
"""The one word of `w_all`, with which every `q` begins: what stands behind it only orders."""

UNKNOWN, FORMER, CREATIVE = "unknown", "former", "creative"
"""Fields that list the filters of which an ad has no value and its former names, and that of its creative."""

IS_PRESENT = "is_present"
IS_WHOLE = f"{IS_PRESENT} = true"
"""Of every question about now: what an ad was before is no ad, and numbers alone, sent of an ad that is not
there, would make a document without it."""

_OF_OURS = ("words_from", UNKNOWN, FORMER, CREATIVE)
_BY_VALUE = [*VALUE_FILTERS, *_OF_OURS]
HELD = ("held_since", "held_until")
_BY_SIZE = ["started_day", "ended_day", *dict.fromkeys(BOUNDS.values()), *HELD]
_SORTED = ["started_day", "spend_lower_minor", "impressions_lower"]

# `sort` first: an order that was asked for is kept, whatever else is more relevant. Lists have no order of
# words, so nearness of words tells nothing.
_RANKING = ["sort", "words", "typo", "attribute", "started_day:desc", "ad_id:asc"]
_EQUAL = {"equality": True, "comparison": False}

SETTINGS: Mapping[str, Any] = {
    "searchableAttributes": ["w_all", *LISTS.values()],
    "filterableAttributes": [
        {
            "attributePatterns": [ANY_TEXT],
            "features": {"facetSearch": True, "filter": _EQUAL},
        },
        {
            "attributePatterns": list(LISTS.values()),
            "features": {"facetSearch": False, "filter": _EQUAL},
        },
        {
            "attributePatterns": list(VALUE_FILTERS),
            "features": {"facetSearch": True, "filter": _EQUAL},
        },
        {
            "attributePatterns": [*_OF_OURS, "ad_id", "is_visible_by_default", IS_PRESENT],
            "features": {"facetSearch": False, "filter": _EQUAL},
        },
        {
            "attributePatterns": _BY_SIZE,
            "features": {"facetSearch": False, "filter": {"equality": True, "comparison": True}},
        },
    ],
    # In the order in which the server tells them again.
    "sortableAttributes": sorted(["currency", "ad_id", *_SORTED]),
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
    "filter": ["ad_id EXISTS", f"NOT {IS_PRESENT} = false"],
    "sort": [f"{name}:desc" for name in SETTINGS["sortableAttributes"]],
    "facets": ["source", *_BY_VALUE],
    "limit": 1,
    "attributesToRetrieve": ["ad_id"],
}
"""How many ads there are: each has a source, and facets are counted beyond every limit.

It fails where a question of readers would for want of settings.
"""

NUMBERS = frozenset({"ad_id", "recorded_at", *_BY_SIZE})
"""Fields of numbers."""

KEPT = frozenset({"key", "is_visible_by_default", IS_PRESENT, *_BY_VALUE, *NUMBERS})
"""What the index holds of an ad beside its words."""


def holds_settings(found: Any, wanted: Any = SETTINGS) -> bool:  # noqa: ANN401 (JSON)
    """Whether what is wanted stands in what was found; the server adds its own to each object."""
    if isinstance(wanted, Mapping):
        return all(
            name in found and holds_settings(found[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(holds_settings, found, wanted))
    return bool(found == wanted)
