"""One query for every engine: words, filters, sort, page; checked here and nowhere else.

The command line, the API and the pages build it with `build_query`. It names no engine.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from archive.errors import cut_echo
from archive.reading.visible import Include
from archive.records.codes import CODES
from archive.text.names import fold_name
from config.faults import ask_nearest
from search.question.filters import (
    BOUNDS,
    FINITE_VALUES,
    FORMER,
    NAME_FILTERS,
    NOT_TOLD,
    VALUE_FILTERS,
    cut_value,
)
from search.question.language import QueryError, Question, read_question
from search.question.values import read_bounds, read_code, read_day, read_one

LARGEST_PAGE = 100
LAST_RESULT = 1_000
"""No engine lists further than this: who needs every ad exports from the archive."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Sort(StrEnum):
    """Orders of results. By spend, currencies stand apart, each with its largest first."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    SPEND = "spend"
    IMPRESSIONS = "impressions"


class Copies(StrEnum):
    """Whether each copy of a creative is a hit, or the best of them alone."""

    EVERY = "every"
    ONCE = "once"


@dataclass(frozen=True)
class AdQuery:
    """A checked query. No words and no filters: every ad."""

    question: Question = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Filter name -> accepted values: any of one name, all of the names. Names are folded."""

    unknown: tuple[str, ...] = ()
    """Filters of which an ad without a value is accepted as well."""

    since_on: date | None = None
    until_on: date | None = None
    """Ads that ran on any day from the one to the other; an ad without an end may still run."""

    bounds: Mapping[str, int] = field(default_factory=dict)
    """Keys of `search.question.filters.BOUNDS` and their numbers: minor units, counts, days since year 1."""

    not_told: str | None = None
    """A key of `search.question.filters.NOT_TOLD` whose figure the ads must lack, as `list_untold` asks."""

    held_at: int | None = None
    """A moment in microseconds since 1970: the states of ads that held then, in place of the present ones."""

    changed_after: int | None = None
    """A moment likewise: only ads of which what is searched changed after it; who cannot tell counts
    changes of numbers too."""

    copies: Copies = Copies.EVERY
    copy_of: str = ""
    """The permanent id of an ad: only ads of its creative, which `creative` names."""

    creative: str | None = None
    """Only ads of this creative; the number is of today, whoever asks names an ad (`copy_of`)."""

    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    page: int = 1
    facets: tuple[str, ...] = ()
    facet_start: str = ""
    """Only values of the facets that begin so are counted; of names, as they are folded."""

    include: Include | None = None
    """Whether ads without a political label are looked among as well."""

    @property
    def only_visible_by_default(self) -> bool:
        """Whether ads that are not listed by default are left out: not where one asks by the label."""
        asked = (*self.values, *self.unknown)
        return self.include is None and "declared_political" not in asked

    @property
    def asks_for_numbers(self) -> bool:
        """Whether it asks for what moves all the time, and of which no copy has the earlier values."""
        asked = [*self.bounds, *([self.not_told] if self.not_told else [])]
        return any(name.startswith(("spend", "impressions")) for name in asked)

    def leave_words(self) -> "AdQuery":
        """The question for all ads that pass the filters, whatever their words."""
        return replace(self, question=(), copies=Copies.EVERY)

    def list_untold(self) -> dict[str, "AdQuery"]:
        """For each bound on a figure that may be unknown, the question for the ads that lack it."""
        asked = [name for name in self.bounds if name in NOT_TOLD]
        asked += ["from"] if self.since_on else ["to"] if self.until_on else []
        return {name: self._leave_untold(name) for name in asked}

    def _leave_untold(self, name: str) -> "AdQuery":
        bounds = {other: number for other, number in self.bounds.items() if other != name}
        query = replace(self, bounds=bounds, not_told=name, limit=1, page=1, facets=())
        query = replace(query, copies=Copies.EVERY)
        return replace(query, since_on=None, until_on=None) if name in DAYS else query

    @property
    def offset(self) -> int:
        """How many results stand on earlier pages."""
        return (self.page - 1) * self.limit


MOST_CHARACTERS = 2_000
"""Of a question: pages and addresses repeat it."""

MOST_OF_VALUE = 100
"""Characters of what facet values begin with."""

MOST_VALUES = 100
"""Of one filter."""

DAYS = ("from", "to")
"""The days between which an ad ran."""

ALL_FILTERS = (*VALUE_FILTERS, "unknown", *DAYS, *BOUNDS, "copy_of")
"""Every filter, as one types it."""


def build_query(
    text: str = "",
    *,
    filters: Iterable[tuple[str, str]] = (),
    copies: str = Copies.EVERY,
    sort: str = Sort.RELEVANCE,
    limit: int = 20,
    page: int = 1,
    facets: Iterable[str] = (),
    facet_start: str = "",
    include: str | None = None,
) -> AdQuery:
    """Check what was asked; a filter name that repeats widens, different names narrow.

    `spend_min` and `spend_max` are in whole units of the currency filtered by.

    Raises:
        QueryError: if anything is not allowed; the message names it and lists what is.
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryError("q", f"a question has at most {MOST_CHARACTERS:,} characters")
    given = _group_filters(filters)
    facets = tuple(dict.fromkeys(facets))
    _check_names("facet", facets, VALUE_FILTERS)
    _check_names("sort", [sort], list(Sort))
    _check_names("copies", [copies], list(Copies), "value of copies")
    _check_names("include", [include] if include else [], list(Include), "value of include")
    _check_page(limit, page)
    return AdQuery(
        question=read_question(_clean(text)),
        values={name: _fold(name, given[name]) for name in VALUE_FILTERS if name in given},
        unknown=tuple(dict.fromkeys(given.get("unknown", ()))),
        since_on=read_day("from", given),
        until_on=read_day("to", given),
        bounds=read_bounds(given),
        copies=Copies(copies),
        copy_of=read_one("copy_of", given) or "",
        sort=Sort(sort),
        limit=limit,
        page=page,
        facets=facets,
        facet_start=_clean(facet_start)[:MOST_OF_VALUE],
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
    for name in grouped:
        if name in FORMER:
            raise QueryError("filter", f"the filter {name!r} is called {FORMER[name]!r} now")
    _check_names("filter", grouped, ALL_FILTERS)
    for name, values in grouped.items():
        if not all(map(str.strip, values)):
            raise QueryError(name, f"filter {name!r} has no value")
        if len(values) > MOST_VALUES:
            raise QueryError(name, f"filter {name!r} takes at most {MOST_VALUES} values")
    for name, known in FINITE_VALUES.items():
        _check_names(name, grouped.get(name, ()), known, f"value of {name}")
    return grouped


def _fold(name: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Values as documents have them: names folded, codes as the archive writes them."""
    if name in NAME_FILTERS:
        values = tuple(map(fold_name, values))
    elif name in CODES:
        values = tuple(read_code(name, value) for value in values)
    elif name == "source":
        values = tuple(value.strip().lower() for value in values)
    return tuple(dict.fromkeys(map(cut_value, values)))


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
