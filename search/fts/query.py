"""From a query to conditions on the embedded engine's tables, and the buckets it is answered from.

Read by `search.embedded`. It builds expressions out of folded words only, so no query can be more than
words to FTS5.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import false, func, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression

from search.fts.tables import TEXT_WEIGHTS, SearchTables
from search.hits import Matched
from search.query import LIST_FIELDS, AdQuery, Sort, Unit

FindVariants = Callable[[str], list[str]]
Order = ColumnElement[object] | UnaryExpression[object]


@dataclass(frozen=True)
class Bucket:
    """One way to understand a query: what FTS5 is asked, and which words that finds."""

    matched: Matched
    expression: str
    terms: frozenset[str]
    prefix: str | None

    def is_match(self, term: str) -> bool:
        """Whether a folded word is one of those this bucket asks for."""
        return term in self.terms or (self.prefix is not None and term.startswith(self.prefix))


def list_buckets(query: AdQuery, find_variants: FindVariants) -> Iterator[Bucket]:
    """The ways to understand a query, best first; near spellings are looked up only when needed."""
    units = query.units
    prefix = None
    if not query.is_finished and not units[-1].is_exact and len(units[-1].terms) == 1:
        prefix = units[-1].terms[0]
    yield _make_bucket("all_words", [[unit.terms] for unit in units], prefix)
    spelled = [_spellings(unit, find_variants) for unit in units]
    if any(len(spellings) > 1 for spellings in spelled):
        yield _make_bucket("near_spellings", spelled, prefix)
    for count in range(len(units) - 1, 0, -1):
        yield _make_bucket("some_words", spelled[:count], None)


def _spellings(unit: Unit, find_variants: FindVariants) -> list[tuple[str, ...]]:
    if unit.is_exact or len(unit.terms) > 1:
        return [unit.terms]
    return [unit.terms, *((variant,) for variant in find_variants(unit.terms[0]))]


def _make_bucket(
    matched: Matched, spelled: Sequence[list[tuple[str, ...]]], prefix: str | None
) -> Bucket:
    groups = [[f'"{" ".join(terms)}"' for terms in spellings] for spellings in spelled]
    if prefix is not None:
        groups[-1].append(f'"{prefix}"*')
    expression = " AND ".join(f"({' OR '.join(group)})" for group in groups)
    terms = {term for spellings in spelled for phrase in spellings for term in phrase}
    return Bucket(matched, expression, frozenset(terms), prefix)


def list_conditions(tables: SearchTables, query: AdQuery) -> list[ColumnElement[bool]]:
    """What the filters ask of a row of the narrow table."""
    ad = tables.ad.c
    conditions = [_any_of(tables, name, values) for name, values in query.values.items()]
    if query.since_on:
        ends = or_(ad.ended_day >= query.since_on.toordinal(), ad.ended_day.is_(None))
        conditions += [ends, ad.started_day.is_not(None)]
    if query.until_on:
        conditions.append(ad.started_day <= query.until_on.toordinal())
    if query.spend_min_minor is not None:
        conditions.append(ad.spend_lower_minor >= query.spend_min_minor)
    if query.impressions_min is not None:
        conditions.append(ad.impressions_lower >= query.impressions_min)
    return conditions


def leave_out_hidden(
    tables: SearchTables, query: AdQuery, ad_id: ColumnElement[int]
) -> list[ColumnElement[bool]]:
    """What leaves out ads that are not listed by default, by an id that need not be the narrow table's."""
    hidden_by_default = select(tables.ad.c.id).where(tables.ad.c.is_visible_by_default.is_(False))
    return [ad_id.not_in(hidden_by_default)] if query.only_visible_by_default else []


def _any_of(tables: SearchTables, name: str, values: Sequence[str]) -> ColumnElement[bool]:
    if name in LIST_FIELDS:
        listed = tables.listed.c
        having = select(listed.ad_id).where(listed.name == name, listed.value.in_(values))
        return tables.ad.c.id.in_(having)
    if name == "declared_political":
        return or_(false(), *(tables.ad.c[name].is_(value == "true") for value in values))
    return tables.ad.c[name].in_(values)


def list_orders(tables: SearchTables, query: AdQuery) -> list[Order]:
    """The order of results; what has no value comes last, equals come newest first."""
    ad = tables.ad.c
    newest: list[Order] = [ad.started_day.desc().nulls_last(), ad.id.asc()]
    if query.sort == Sort.SPEND:
        largest: list[Order] = [
            ad.currency.asc().nulls_last(),
            ad.spend_lower_minor.desc().nulls_last(),
        ]
        return largest + newest
    if query.sort == Sort.IMPRESSIONS:
        return [ad.impressions_lower.desc().nulls_last(), *newest]
    if query.sort == Sort.RELEVANCE and query.units:
        score = func.bm25(literal_column(tables.text.name), *TEXT_WEIGHTS.values())
        return [score.asc(), *newest]
    return newest
