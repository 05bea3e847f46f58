"""What the embedded engine's tables answer to a query: totals, facets and the ads of a page.

Each ad that answers is read once, as one narrow row; values are counted here, which takes SQLite longer.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import FromClause, Select, func, select
from sqlmodel import Session

from search.answering.creatives import fold_page
from search.answering.found import keep_begun
from search.fts.query import (
    leave_out_hidden,
    list_conditions,
    list_orders,
    list_word_conditions,
    spell_match,
)
from search.fts.tables import SearchTables, matches, past_of
from search.hits import FoundCreatives
from search.port import FoundAds
from search.question.filters import LIST_FILTERS
from search.question.query import AdQuery, Copies

WORDS_FROM, CREATIVE = "words_from", "creative"


def find_ads(session: Session, tables: SearchTables, query: AdQuery) -> FoundAds:
    """The ads that answer; as of an earlier moment among their earlier states too."""
    parts = [tables] if query.held_at is None else [tables, past_of(tables)]
    names = [*query.facets, *([] if query.question else [WORDS_FROM])]
    names += [CREATIVE] if query.copies is Copies.ONCE else []
    counted, total = _count_values(session, parts, query, names)
    creatives = counted.pop(CREATIVE, None)
    folded = _fold(session, tables, query, creatives) if creatives is not None else None
    values = {name: _split_values(name, held) for name, held in counted.items()}
    return FoundAds(
        total=total,
        is_exact=True,
        ids=[*folded.copies] if folded else _read_place(session, parts, query) if total else (),
        facets={name: keep_begun(values[name], name, query) for name in query.facets},
        unknown={name: counted[name][None] for name in query.facets},
        words_from=dict(values.get(WORDS_FROM, {})),
        folded=folded,
    )


def count_ads(session: Session, tables: SearchTables, query: AdQuery) -> int:
    """How many ads answer, as they are now."""
    found: Select[Any] = _select_matches(tables, query, func.count())
    number: int = session.connection().execute(found).scalar_one()
    return number


def _count_values(
    session: Session, parts: Iterable[SearchTables], query: AdQuery, names: Sequence[str]
) -> tuple[dict[str, Counter[Any]], int]:
    """How often each column has each value, and how many ads there are."""
    counted: dict[str, Counter[Any]] = {name: Counter() for name in names}
    total = 0
    for tables in parts:
        # One column more, so that rows without any facet are counted too.
        columns = [tables.ad.c.state, *(tables.ad.c[name] for name in names)]
        rows = session.connection().execute(_select_matches(tables, query, *columns)).all()
        total += len(rows)
        for name, held in zip(names, list(zip(*rows, strict=True))[1:], strict=False):
            counted[name].update(held)
    return counted, total


def _split_values(name: str, held: Counter[Any]) -> Counter[str]:
    """Ads by value, of which a column may hold several."""
    if name not in LIST_FILTERS:
        return Counter({value: ads for value, ads in held.items() if value is not None})
    counted: Counter[str] = Counter()
    for values, ads in held.items():
        for value in json.loads(values) if values else ():
            counted[value] += ads
    return counted


def _select_matches(
    tables: SearchTables, query: AdQuery, *columns: object
) -> Select[tuple[object, ...]]:
    """A selection of columns over the ads that answer."""
    selection: Select[tuple[object, ...]] = select(*columns)  # type: ignore[call-overload]
    source: FromClause = tables.ad
    conditions = [
        *list_conditions(tables, query),
        *leave_out_hidden(tables, query, tables.ad.c.id),
    ]
    if expression := spell_match(query.question):
        source = source.join(tables.text, tables.text.c.rowid == tables.ad.c.id)
        conditions.append(matches(tables.text, expression))
    else:
        conditions += list_word_conditions(tables, query.question)
    return selection.select_from(source).where(*conditions)


def _read_place(session: Session, parts: Sequence[SearchTables], query: AdQuery) -> Sequence[int]:
    """Our ids of the ads on the page asked for, in order."""
    if len(parts) == 1:
        ids = _order(parts[0], query, parts[0].ad.c.ad_id).limit(query.limit).offset(query.offset)
        return list[Any](session.connection().execute(ids).scalars())
    most = query.offset + query.limit
    first: list[tuple[int, int]] = []
    for tables in parts:
        places = _order(tables, query, tables.ad.c.started_day, tables.ad.c.ad_id).limit(most)
        rows = list[Any](session.connection().execute(places))
        first += [(-(day or 0), ad_id) for day, ad_id in rows]
    return [ad_id for _, ad_id in sorted(first)[query.offset : most]]


def _fold(
    session: Session, tables: SearchTables, query: AdQuery, ads: Counter[str | None]
) -> FoundCreatives:
    """The best ad of each creative on the page asked for; `ads`: how many each creative has."""
    ordered = _order(tables, query, tables.ad.c.ad_id, tables.ad.c.creative)
    with session.connection().execute(ordered) as rows:
        return fold_page(cast("Iterable[tuple[int, str | None]]", rows), ads, query)


def _order(tables: SearchTables, query: AdQuery, *columns: object) -> Select[tuple[object, ...]]:
    is_matched = spell_match(query.question) is not None
    orders = list_orders(tables, query, is_matched=is_matched)
    return _select_matches(tables, query, *columns).order_by(*orders)
