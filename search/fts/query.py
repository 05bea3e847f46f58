"""From a query to conditions on the embedded engine's tables.

Read by `search.embedded`. It builds expressions out of folded words only, so no query can be more than
words to FTS5.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import func, literal_column, or_, select
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression

from search.fts.tables import TEXT_WEIGHTS, SearchTables, matches
from search.question.filters import BOUNDS, LIST_FILTERS, NAME_FILTERS, NOT_TOLD, is_least
from search.question.language import WORD_FIELDS, Question, Term
from search.question.query import AdQuery, Sort

Order = ColumnElement[object] | UnaryExpression[object]


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


def list_word_conditions(tables: SearchTables, question: Question) -> list[ColumnElement[bool]]:
    """The same for questions that are no one expression: sets of ads, and what is left of all."""
    return [or_(*(_holds(tables, term) for term in group)) for group in question]


def _holds(tables: SearchTables, term: Term) -> ColumnElement[bool]:
    found = select(tables.text.c.rowid).where(matches(tables.text, _spell_term(term)))
    return tables.ad.c.id.not_in(found) if term.is_not else tables.ad.c.id.in_(found)


def _spell_any(terms: Iterable[Term]) -> str:
    return f"({' OR '.join(map(_spell_term, terms))})"


def _spell_term(term: Term) -> str:
    lists = f"{{{' '.join(WORD_FIELDS[term.field])}}} : " if term.field else ""
    return f'{lists}"{" ".join(term.words)}"{" *" if term.is_start else ""}'


def list_conditions(tables: SearchTables, query: AdQuery) -> list[ColumnElement[bool]]:
    """What the filters ask of a row of the narrow table."""
    ad = tables.ad.c
    asked = dict.fromkeys([*query.values, *query.unknown])
    conditions: list[ColumnElement[bool]] = [_any_of(tables, name, query) for name in asked]
    if query.since_on:
        ends = or_(ad.ended_day >= query.since_on.toordinal(), ad.ended_day.is_(None))
        conditions += [ends, ad.started_day.is_not(None)]
    if query.until_on:
        conditions.append(ad.started_day <= query.until_on.toordinal())
    for name, bound in query.bounds.items():
        number = ad[BOUNDS[name]]
        conditions += [number >= bound] if is_least(name) else [number <= bound]
    if query.held_at is not None:
        conditions.append(ad.held_since <= query.held_at)
        conditions.append(or_(ad.held_until.is_(None), ad.held_until > query.held_at))
    if query.creative is not None:
        conditions.append(ad.creative == query.creative)
    if query.not_told:
        conditions.append(ad[NOT_TOLD[query.not_told]].is_(None))
    return conditions


def leave_out_hidden(
    tables: SearchTables, query: AdQuery, ad_id: ColumnElement[int]
) -> list[ColumnElement[bool]]:
    """What leaves out ads that are not listed by default, by an id that need not be the narrow table's."""
    hidden_by_default = select(tables.ad.c.id).where(tables.ad.c.is_visible_by_default.is_(False))
    return [ad_id.not_in(hidden_by_default)] if query.only_visible_by_default else []


def _any_of(tables: SearchTables, name: str, query: AdQuery) -> ColumnElement[bool]:
    ad, values = tables.ad.c, query.values.get(name, ())
    is_unknown = ad[name].is_(None)
    choices: list[ColumnElement[bool]] = [is_unknown] if name in query.unknown else []
    if values and name in LIST_FILTERS:
        choices.append(_is_listed(tables, name, values))
    elif values:
        choices.append(ad[name].in_(values))
    if values and name in NAME_FILTERS:
        choices.append(_is_listed(tables, f"former_{name}", values))
    return or_(*choices)


def _is_listed(tables: SearchTables, name: str, values: Sequence[str]) -> ColumnElement[bool]:
    listed = tables.listed.c
    having = select(listed.ad_id).where(listed.name == name, listed.value.in_(values))
    return tables.ad.c.id.in_(having)


def list_orders(tables: SearchTables, query: AdQuery, *, is_matched: bool) -> list[Order]:
    """The order of results; what has no value comes last, equals come newest first.

    `is_matched`: the words are one expression, and so can be weighed.
    """
    ad = tables.ad.c
    newest: list[Order] = [ad.started_day.desc().nulls_last(), ad.ad_id.asc()]
    if query.sort == Sort.SPEND:
        largest: list[Order] = [
            ad.currency.asc().nulls_last(),
            ad.spend_lower_minor.desc().nulls_last(),
        ]
        return largest + newest
    if query.sort == Sort.IMPRESSIONS:
        return [ad.impressions_lower.desc().nulls_last(), *newest]
    if query.sort == Sort.RELEVANCE and is_matched:
        score = func.bm25(literal_column(tables.text.name), *TEXT_WEIGHTS.values())
        return [score.asc(), *newest]
    return newest
