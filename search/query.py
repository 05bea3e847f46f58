"""One query for every engine: words, filters, sort, page; checked here and nowhere else.

The command line, the API and the pages build it with `build_query`. It names no engine.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from archive.errors import cut_echo
from archive.reading.as_of.moment import read_day
from archive.reading.visible import Include
from archive.records.money import to_minor
from config.faults import ask_nearest
from search.language import QueryError, Question, read_question

LARGEST_PAGE = 100
LAST_RESULT = 1_000
"""No engine lists further than this: who needs every ad exports from the archive."""

VALUE_FILTERS = (
    "source",
    "platform",
    "country",
    "language",
    "surface",
    "currency",
    "advertiser_id",
    "advertiser",
    "payer",
    "media_type",
    "state",
    "declared_political",
)
"""Filters by value; each is also a facet."""

LIST_FIELDS: Mapping[str, str] = {
    "country": "countries",
    "language": "languages",
    "surface": "surfaces",
}
"""Filters whose field holds several values, and that field."""

BOUND_FILTERS = ("since", "until", "spend_min", "impressions_min")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Sort(StrEnum):
    """Orders of results. By spend, currencies stand apart, each with its largest first."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    SPEND = "spend"
    IMPRESSIONS = "impressions"


@dataclass(frozen=True)
class AdQuery:
    """A checked query. No words and no filters: every ad."""

    question: Question = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Filter name -> accepted values: any of one name, all of the names."""

    since_on: date | None = None
    until_on: date | None = None
    """Ads that ran on any day from the one to the other; an ad without an end may still run."""

    spend_min_minor: int | None = None
    impressions_min: int | None = None
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    page: int = 1
    facets: tuple[str, ...] = ()
    include: Include | None = None
    """Whether ads without a political label are looked among as well."""

    @property
    def only_visible_by_default(self) -> bool:
        """Whether ads that are not listed by default are left out: not where one asks by the label."""
        return self.include is None and "declared_political" not in self.values

    @property
    def offset(self) -> int:
        """How many results stand on earlier pages."""
        return (self.page - 1) * self.limit


MOST_CHARACTERS = 2_000
"""Of a question: pages and addresses repeat it."""


def build_query(
    text: str = "",
    *,
    filters: Iterable[tuple[str, str]] = (),
    sort: str = Sort.RELEVANCE,
    limit: int = 20,
    page: int = 1,
    facets: Iterable[str] = (),
    include: str | None = None,
) -> AdQuery:
    """Check what was asked; a filter name that repeats widens, different names narrow.

    `spend_min` is in whole units of the currency filtered by.

    Raises:
        QueryError: if anything is not allowed; the message names it and lists what is.
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryError("q", f"a question has at most {MOST_CHARACTERS:,} characters")
    given = _group_filters(filters)
    facets = tuple(dict.fromkeys(facets))
    _check_names("facet", facets, VALUE_FILTERS)
    _check_names("sort", [sort], list(Sort))
    _check_names("include", [include] if include else [], list(Include), "value of include")
    _check_page(limit, page)
    return AdQuery(
        question=read_question(_clean(text)),
        values={name: values for name, values in given.items() if name in VALUE_FILTERS},
        since_on=_read_day("since", given),
        until_on=_read_day("until", given),
        spend_min_minor=_read_spend(given),
        impressions_min=_read_number("impressions_min", given),
        sort=Sort(sort),
        limit=limit,
        page=page,
        facets=facets,
        include=Include(include) if include else None,
    )


def split_filter(text: str) -> tuple[str, str]:
    """Name and value of a filter written `country=GB`.

    Raises:
        QueryError: if it is not written so.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise QueryError(
            "filter", f"filter {cut_echo(text)!r} is not NAME=VALUE, such as country=GB"
        )
    return name, value


def _group_filters(filters: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, tuple[str, ...]] = {}
    for name, value in filters:
        grouped[name] = (*grouped.get(name, ()), _clean(value))
    _check_names("filter", grouped, [*VALUE_FILTERS, *BOUND_FILTERS])
    political = grouped.get("declared_political", ())
    _check_names("filter", political, ["true", "false"], "value of declared_political")
    return grouped


def _clean(text: str) -> str:
    """Text that an engine can be asked for: no control characters, no half of a character."""
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode()


def _check_names(
    field: str, names: Iterable[str], allowed: Iterable[str], what: str | None = None
) -> None:
    for name in names:
        if name not in allowed:
            asked = ask_nearest(name[:60], allowed)
            raise QueryError(field, f"there is no {what or field} {cut_echo(name)!r}{asked}")


def _check_page(limit: int, page: int) -> None:
    if not 1 <= limit <= LARGEST_PAGE:
        raise QueryError("limit", f"limit {limit} is not between 1 and {LARGEST_PAGE}")
    if page < 1 or page * limit > LAST_RESULT:
        raise QueryError(
            "page",
            f"page {page} of {limit} is not within the first {LAST_RESULT:,} results; "
            "narrow the query, or export the ads",
        )


def _read_one(name: str, given: Mapping[str, tuple[str, ...]]) -> str | None:
    values = given.get(name, ())
    if len(values) > 1:
        raise QueryError("filter", f"filter {name!r} takes one value")
    return values[0] if values else None


def _read_day(name: str, given: Mapping[str, tuple[str, ...]]) -> date | None:
    value = _read_one(name, given)
    try:
        return None if value is None else read_day(value)
    except ValueError as error:
        raise QueryError(
            "filter", f"filter {name!r} cannot be {cut_echo(value or '')!r}: {error}"
        ) from None


def _read_number(name: str, given: Mapping[str, tuple[str, ...]]) -> int | None:
    value = _read_one(name, given)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,15}", value):
        raise QueryError("filter", f"filter {name!r} takes a whole number, not {cut_echo(value)!r}")
    return int(value)


def _read_spend(given: Mapping[str, tuple[str, ...]]) -> int | None:
    units = _read_number("spend_min", given)
    if units is None:
        return None
    currencies = given.get("currency", ())
    if len(currencies) != 1:
        raise QueryError("filter", "filter 'spend_min' needs one currency beside it: currency=EUR")
    try:
        return to_minor(str(units), currencies[0])
    except ValueError as error:
        raise QueryError("filter", str(error)) from None
