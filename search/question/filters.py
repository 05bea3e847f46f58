"""What ads are narrowed down by, and which values an ad has of each: the same on every engine.

Engines are given the values, search as of a time reads them here, and facets count them.
"""

from collections.abc import Mapping

from archive.records.canonical import hash_bytes
from archive.text.names import fold_name

COLUMNS: Mapping[str, str] = {
    "source": "source",
    "platform": "platform",
    "country": "countries",
    "language": "languages",
    "surface": "surfaces",
    "currency": "currency",
    "advertiser_id": "advertiser_id",
    "advertiser": "advertiser_name",
    "payer": "payer_name",
    "sponsor": "sponsor_name",
    "election": "election_name",
    "landing_domain": "landing_domains",
    "media_type": "media_type",
    "state": "state",
    "declared_political": "declared_political",
}
"""Filters by value, and the column of `public_ad` that each looks at."""

MEDIA = "media"

LONGEST_VALUE = 400
"""Bytes; Meilisearch cuts at 468."""

VALUE_FILTERS = (*COLUMNS, MEDIA)
"""Filters by value; each is also a facet."""

NAME_FILTERS = ("advertiser", "payer", "sponsor")
"""Those by a name: all its spellings are one value, `archive.text.names.fold_name`."""

LIST_FILTERS = ("country", "language", "surface", "landing_domain")
"""Those of which an ad may have several values."""

FINITE_VALUES: Mapping[str, tuple[str, ...]] = {
    "state": ("seen", "vanished"),
    "declared_political": ("true", "false"),
    MEDIA: ("kept", "none"),
    "unknown": VALUE_FILTERS,
}
"""Filters whose values are few and known."""

BOUNDS: Mapping[str, str] = {
    "spend_min": "spend_lower_minor",
    "spend_max": "spend_upper_minor",
    "impressions_min": "impressions_lower",
    "impressions_max": "impressions_upper",
    "first_seen_from": "first_seen_day",
    "first_seen_to": "first_seen_day",
    "vanished_from": "vanished_day",
    "vanished_to": "vanished_day",
}
"""Filters by size, and the number of a document that each looks at: at least `_min` and `_from`."""

DAY_BOUNDS = tuple(name for name in BOUNDS if name.endswith(("_from", "_to")))
NOT_TOLD: Mapping[str, str] = {
    name: number for name, number in BOUNDS.items() if name not in DAY_BOUNDS
} | {"from": "started_day", "to": "started_day"}
"""Bounds of figures that a source may not tell, or leave open, and the number of a document."""


FORMER: Mapping[str, str] = {"since": "from", "until": "to"}
"""What filters were called, and what they are called now."""


def is_least(name: str) -> bool:
    """Whether a bound is a lower one."""
    return name.endswith(("_min", "_from"))


def fold_start(name: str, start: str) -> str:
    """What the values of a filter begin with, as values are written."""
    return fold_name(start) if name in NAME_FILTERS and start else start


def fold_value(name: str) -> str:
    """A name as filters and facets have it."""
    return cut_value(fold_name(name))


def cut_value(value: str) -> str:
    """A value as filters and facets have it; of one too long for an engine the beginning, and a hash."""
    raw = value.encode()
    if len(raw) <= LONGEST_VALUE:
        return value
    return f"{raw[:LONGEST_VALUE].decode(errors='ignore')}… {hash_bytes(raw)[:8]}"
