"""What the embedded engine answers to a query: totals, facets and the ads of a page.

The index of words names rows; the columns in memory tell which of them pass, are counted, and order them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import orjson
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from search.answering.creatives import fold_page
from search.answering.found import keep_begun
from search.fts.columns import Mask, SeenColumns
from search.fts.query import SCORE, Order, find_passing, find_rows, list_orders, spell_match
from search.fts.relevance import weigh_best
from search.hits import FoundCreatives
from search.port import FoundAds
from search.question.filters import LIST_FILTERS
from search.question.query import AdQuery, Copies, Sort

WORDS_FROM, CREATIVE = "words_from", "creative"


@dataclass(frozen=True)
class Found:
    """Of one table, what answers."""

    view: SeenColumns
    passing: Mask
    """The rows that pass the filters."""
    rows: Any
    """The numbers of those that have the words, too."""

    def count(self, name: str) -> Counter[str | None]:
        """How often each cell of a column is among the rows."""
        return self._count(name, self.view.cells(name).take(self.rows))

    def count_passing(self, name: str) -> Counter[str | None]:
        """How often each is among what passes the filters."""
        return self._count(name, self.view.cells(name).filter(self.passing))

    def _count(self, name: str, cells: Any) -> Counter[str | None]:  # noqa: ANN401 (an array)
        counted, values = cells.value_counts(), self.view.read(name).values
        places, numbers = (counted.field(n).to_pylist() for n in (0, 1))
        return Counter({values[place]: n for place, n in zip(places, numbers, strict=True)})


def find_ads(views: Sequence[SeenColumns], query: AdQuery) -> FoundAds:
    """The ads that answer; as of an earlier moment among their earlier states too."""
    parts = [_find(view, query) for view in views]
    counted = {name: _add(part.count(name) for part in parts) for name in query.facets}
    folded = _fold(parts[0], query) if query.copies is Copies.ONCE else None
    values = {name: _split_values(name, held) for name, held in counted.items()}
    tells_words_from = query.page == 1 or not query.question
    return FoundAds(
        total=sum(len(part.rows) for part in parts),
        is_exact=True,
        ids=[*folded.copies] if folded else _read_place(parts, query),
        facets={name: keep_begun(values[name], name, query) for name in query.facets},
        unknown={name: counted[name][None] for name in query.facets},
        words_from=_split_values(WORDS_FROM, _add(part.count_passing(WORDS_FROM) for part in parts))
        if tells_words_from
        else {},
        folded=folded,
    )


def count_ads(view: SeenColumns, query: AdQuery) -> int:
    """How many ads answer, as they are now."""
    return len(_find(view, query).rows)


def _find(view: SeenColumns, query: AdQuery) -> Found:
    passing = find_passing(view, query)
    return Found(view, passing, find_rows(view, query, passing))


def _add(counted: Iterable[Counter[str | None]]) -> Counter[str | None]:
    return reduce(add, counted)


def _split_values(name: str, held: Counter[str | None]) -> Counter[str]:
    """Ads by value, of which a cell may hold several."""
    counted: Counter[str] = Counter()
    for cell, ads in held.items():
        if cell is not None:
            for value in orjson.loads(cell) if name in LIST_FILTERS else (cell,):
                counted[value] += ads
    return counted


def _read_place(parts: Sequence[Found], query: AdQuery) -> Sequence[int]:
    """Our ids of the ads on the page asked for, in order."""
    most = query.offset + query.limit
    places = pa.concat_tables([_list_places(part, query, most) for part in parts])
    first = pc.select_k_unstable(places, min(most, len(places)), _list_orders(places, query))
    ids: list[int] = places["ad_id"].take(first.slice(query.offset)).to_pylist()
    return ids


def _fold(part: Found, query: AdQuery) -> FoundCreatives:
    """The best ad of each creative on the page asked for."""
    places = _list_places(part, query, len(part.rows), CREATIVE)
    in_order = places.take(pc.sort_indices(places, _list_orders(places, query)))
    ordered = zip(in_order["ad_id"].to_pylist(), in_order[CREATIVE].to_pylist(), strict=True)
    return fold_page(ordered, part.count(CREATIVE), query)


def _list_orders(places: pa.Table, query: AdQuery) -> list[Order]:
    return [order for order in list_orders(query.sort) if order[0] in places.column_names]


def _list_places(part: Found, query: AdQuery, most: int, *beside: str) -> pa.Table:
    """What decides the order, and other columns: of all rows, or of those that may be the so many best."""
    rows, columns = part.rows, {}
    if query.sort == Sort.RELEVANCE and spell_match(query.question):
        rows, columns[SCORE] = weigh_best(part.view, query.question, rows, most)
    for name in (*(name for name, _ in list_orders(query.sort)), *beside):
        if name != SCORE:
            column = part.view.read(name)
            cells = column.cells.take(rows)
            columns[name] = (
                pa.array(column.values, pa.string()).take(cells) if column.values else cells
            )
    return pa.table(columns)
