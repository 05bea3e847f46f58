"""From a query to expressions of FTS5, and to conditions on the columns in memory.

Read by `search.fts.finding`. It builds expressions out of folded words only, so no query can be more than
words to FTS5.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Any

import orjson
import pyarrow.compute as pc  # type: ignore[import-untyped]

from search.fts.columns import UNKNOWN, Mask, SeenColumns
from search.question.filters import BOUNDS, LIST_FILTERS, NAME_FILTERS, NOT_TOLD, is_least
from search.question.language import WORD_FIELDS, Question, Term
from search.question.query import AdQuery, Sort

SCORE = "score"
"""The one order that is no column: what the words count (`search.fts.relevance`)."""

Order = tuple[str, str]
"""A column, and which end of it comes first."""


def spell_match(question: Question) -> str | None:
    """The words of a question as one expression of FTS5; `None`: some ad has to have none of them.

    FTS5 knows `a NOT b` only: leaving out is the last step, and never one of several choices.
    """
    wanted = [group for group in question if not any(term.is_not for term in group)]
    left_out = [group[0] for group in question if len(group) == 1 and group[0].is_not]
    if not wanted or len(wanted) + len(left_out) < len(question):
        return None
    expression = " AND ".join(map(_spell_any, wanted))
    return f"({expression}) NOT {_spell_any(left_out)}" if left_out else expression


def _spell_any(terms: Iterable[Term]) -> str:
    return f"({' OR '.join(map(spell_term, terms))})"


def spell_term(term: Term) -> str:
    """A term as an expression, whether or not it leaves ads out."""
    lists = f"{{{' '.join(WORD_FIELDS[term.field])}}} : " if term.field else ""
    return f'{lists}"{" ".join(term.words)}"{" *" if term.is_start else ""}'


def find_passing(view: SeenColumns, query: AdQuery) -> Mask:
    """The rows that pass the filters."""
    least = 1 if query.only_visible_by_default else 0
    conditions = [pc.greater_equal(view.cells("is_visible_by_default"), least)]
    conditions += [_has_any(view, name, query) for name in {*query.values, *query.unknown}]
    return reduce(pc.and_, [*conditions, *_list_bounds(view, query)])


def _has_any(view: SeenColumns, name: str, query: AdQuery) -> Mask:
    """The rows with one of the values of a filter, or of those asked for without any."""
    values = set(query.values.get(name, ()))

    def is_chosen(value: str | None) -> bool:
        if value is None:
            return name in query.unknown
        held = orjson.loads(value) if name in LIST_FILTERS else [value]
        return not values.isdisjoint(held)

    chosen = view.read(name).choose(is_chosen)
    former = view.list_former(name, values) if values and name in NAME_FILTERS else []
    return pc.or_(chosen, view.mark(former)) if former else chosen


def _list_bounds(view: SeenColumns, query: AdQuery) -> Iterator[Mask]:
    """What the filters ask of numbers."""
    if query.since_on:
        yield _is_open_or(view, "ended_day", pc.greater_equal, query.since_on.toordinal())
        yield pc.greater(view.cells("started_day"), UNKNOWN)
    if query.until_on:
        yield _is_most(view, "started_day", query.until_on.toordinal())
    for name, bound in query.bounds.items():
        if is_least(name):
            yield pc.greater_equal(view.cells(BOUNDS[name]), bound)
        else:
            yield _is_most(view, BOUNDS[name], bound)
    if query.held_at is not None:
        yield pc.less_equal(view.cells("held_since"), query.held_at)
        yield _is_open_or(view, "held_until", pc.greater, query.held_at)
    if query.changed_after is not None:
        yield pc.greater(view.cells("held_since"), query.changed_after)
    if query.creative is not None:
        yield view.read("creative").choose(lambda value: value == query.creative)
    if query.not_told:
        yield pc.equal(view.cells(NOT_TOLD[query.not_told]), UNKNOWN)


def _is_most(view: SeenColumns, name: str, bound: int) -> Mask:
    cells = view.cells(name)
    return pc.and_(pc.less_equal(cells, bound), pc.greater(cells, UNKNOWN))


def _is_open_or(
    view: SeenColumns, name: str, compare: Callable[[Any, int], Mask], bound: int
) -> Mask:
    cells = view.cells(name)
    return pc.or_(compare(cells, bound), pc.equal(cells, UNKNOWN))


def find_rows(view: SeenColumns, query: AdQuery, passing: Mask) -> Any:  # noqa: ANN401 (as `Mask`)
    """The numbers of the rows that pass and have the words asked for, rising."""
    if expression := spell_match(query.question):
        found = view.match(expression)
        return found.filter(passing.take(found))
    groups = [reduce(pc.or_, (_holds(view, term) for term in group)) for group in query.question]
    return pc.indices_nonzero(reduce(pc.and_, groups, passing))


def _holds(view: SeenColumns, term: Term) -> Mask:
    found = view.mark(view.match(spell_term(term)).to_pylist())
    return pc.invert(found) if term.is_not else found


def list_orders(sort: Sort) -> list[Order]:
    """The order of results; what has no value comes last, equals come newest first."""
    newest = [("started_day", "descending"), ("ad_id", "ascending")]
    first = {
        Sort.SPEND: [("currency", "ascending"), ("spend_lower_minor", "descending")],
        Sort.IMPRESSIONS: [("impressions_lower", "descending")],
        Sort.RELEVANCE: [(SCORE, "ascending")],
    }
    return first.get(sort, []) + newest
