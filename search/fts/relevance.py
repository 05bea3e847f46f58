"""What the words of a question count in ads, for the order by relevance: `bm25`, as FTS5 has it.

That takes a while an ad, and a page shows few. What an ad can come to at most is told by its length and its
weightiest word: whatever stays below what the page needs is left out.
"""

import math
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from search.fts.columns import UNKNOWN, SeenColumns
from search.fts.query import spell_match, spell_term
from search.fts.tables import TEXT_WEIGHTS
from search.question.language import Question

Rows = Any
"""Numbers of rows, as an array of Arrow."""

MANY = 2_000
"""Of so many rows it is less work to leave some out first."""

FEW = 500
"""So many more than the page needs are weighed first."""

# SQLite documentation, FTS5, "The bm25() function".
_K1, _B = 1.2, 0.75
_LEAST_RARITY = 1e-6

_SLACK = 1 - 1e-9
"""Two ways to add up the same fractions differ by less."""


def weigh_best(
    view: SeenColumns, question: Question, rows: Rows, most: int
) -> tuple[Rows, pa.Array]:
    """Among some rows those that may be the so many best, and what FTS5 makes of each: less is better."""
    may_go_on = any(term.is_start for group in question for term in group)
    if len(rows) <= max(MANY, most + FEW) or may_go_on:
        return _weigh(view, question, rows)
    bounds = _find_bounds(view, question, rows)
    first = pc.top_k_unstable(bounds, most + FEW)
    weighed = _weigh(view, question, rows.take(first))
    needed = -sorted(weighed[1].to_pylist())[most - 1]
    may_be = pc.greater_equal(bounds, needed * _SLACK)
    if pc.sum(may_be).as_py() <= len(first):
        return weighed
    return _weigh(view, question, rows.filter(may_be))


def _weigh(view: SeenColumns, question: Question, rows: Rows) -> tuple[Rows, pa.Array]:
    texts = view.held.tables.text.name
    weights = ", ".join(map(str, TEXT_WEIGHTS.values()))
    # The + keeps SQLite from asking FTS5 for one row after the other.
    weigh = (
        f"SELECT rowid, bm25({texts}, {weights}) FROM {texts} WHERE {texts} MATCH ? "  # noqa: S608 (our own names)
        "AND +rowid IN (SELECT value FROM json_each(?))"
    )
    given = (spell_match(question), str(rows.to_pylist()))
    held = view.session.connection().exec_driver_sql(weigh, given).all()
    return pa.array([n for n, _ in held], pa.int32()), pa.array([s for _, s in held], pa.float64())


def _find_bounds(view: SeenColumns, question: Question, rows: Rows) -> pa.Array:
    """What each row can come to at most."""
    all_words = view.cells("words")
    known = all_words.filter(pc.greater(all_words, UNKNOWN))
    heaviest = view.cells("heaviest_word").take(rows).cast(pa.float64())
    length = pc.divide(all_words.take(rows).cast(pa.float64()), pc.mean(known))
    weakened = pc.add(heaviest, pc.add(pc.multiply(length, _K1 * _B), _K1 * (1 - _B)))
    rarity: Any = 0.0
    for group in question:
        for term in (term for term in group if not term.is_not):
            found = view.match(spell_term(term))
            rare = _tell_rarity(len(known), len(found))
            has = view.mark(found.to_pylist()).take(rows) if len(group) > 1 else True
            rarity = pc.add(rarity, pc.if_else(has, rare, 0.0))
    return pc.multiply(pc.divide(pc.multiply(heaviest, _K1 + 1), weakened), rarity)


def _tell_rarity(ads: int, found: int) -> float:
    rarity = math.log((ads - found + 0.5) / (found + 0.5))
    return rarity if rarity > 0 else _LEAST_RARITY
