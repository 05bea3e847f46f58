"""Rows of a stream, read lazily in the order of our ids; nothing is counted or sorted beforehand.

The forms write what comes from here. A stream sees one snapshot: the session must come from
`archive.database.read` and stay open until the last row is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from archive.models import PublicAd
from archive.reading import CursorError, read_data_as_of
from archive.reading.paging import decode_number, decode_text, encode_cursor
from archive.streams.columns import Column
from archive.streams.filters import Wanted, match
from archive.streams.tables import PLANS, Plan, What, list_columns
from archive.streams.unfolding import unfold

BLOCK_ROWS = 1000
"""Rows read and written at a time."""

NARROW = ("advertiser_id", "payer_name", "committee_ref", "payee_name")
"""Filters that leave few rows: an index finds them sooner than a walk over all."""

Values = tuple[Any, ...]


@dataclass(frozen=True)
class RowStream:
    """All rows of a kind that a filter leaves, to be read once."""

    columns: Sequence[Column]
    blocks: Iterator[list[Values]]
    """Rows in the order of our ids, a value for each column; the last one is the row's cursor."""
    data_as_of: datetime | None
    after: str | None
    """The cursor the stream goes on after; `None`: from the beginning."""


def stream_rows(
    session: Session, what: What, wanted: Wanted, after: str | None = None
) -> RowStream:
    """The rows of a kind that a filter leaves, after the row with the cursor `after`.

    Raises:
        CursorError: if the cursor was not given by a stream of this kind.
    """
    plan = PLANS[what]
    listing = f"downloads/{what}"
    if plan.labels is None:
        start = decode_number(listing, after) or 0
        blocks = _read_rows(session, plan, wanted, listing, start)
    else:
        blocks = _read_cells(session, plan, wanted, listing, _decode_cell(listing, after))
    return RowStream(list_columns(what), blocks, read_data_as_of(session), after)


def _read_rows(
    session: Session, plan: Plan, wanted: Wanted, listing: str, start: int
) -> Iterator[list[Values]]:
    for block in _select_blocks(session, plan, wanted, start):
        yield [(*row[1:], encode_cursor(listing, row[0])) for row in block]


def _read_cells(
    session: Session, plan: Plan, wanted: Wanted, listing: str, start: tuple[int, int]
) -> Iterator[list[Values]]:
    """A row for each cell; its cursor names the ad and how many of its cells came before."""
    start_id, start_cell = start
    labels = plan.labels or {}
    for block in _select_blocks(session, plan, wanted, start_id - 1):
        yield [
            (*facts, *unfold(cell, labels), encode_cursor(listing, f"{ad_id}.{number}"))
            for ad_id, *facts, cells in block
            for number, cell in enumerate(cells)
            if ad_id > start_id or number > start_cell
        ]


def _decode_cell(listing: str, after: str | None) -> tuple[int, int]:
    key = decode_text(listing, after)
    if key is None:
        return 0, 0
    ad_id, _, number = key.partition(".")
    if not (ad_id.isdecimal() and number.isdecimal() and len(key) < 30):
        raise CursorError(f"this cursor was not given by {listing}; start without one")
    return int(ad_id), int(number)


def _select_blocks(
    session: Session, plan: Plan, wanted: Wanted, after: int
) -> Iterator[Sequence[Any]]:
    """Rows of the database, a block at a time, each beginning with its id."""
    if session.get_bind().dialect.name == "postgresql":
        # The first rows soon, not all of them soonest: walk the key rather than sort (PostgreSQL,
        # "cursor_tuple_fraction").
        session.execute(text("SET LOCAL cursor_tuple_fraction = 0.00001"))
    table = plan.table
    filtered = PublicAd if plan.by_ad else table
    query = plan.select_from(table).where(table.id > after, *match(session, filtered, wanted))
    if not any(getattr(wanted, name, None) for name in NARROW):
        # SQLite would take the index of a filter and then sort; without it, it walks the key.
        for walked in {table, filtered}:
            query = query.with_hint(walked, "NOT INDEXED", "sqlite")
    result = session.execute(query.order_by(table.id), execution_options={"yield_per": BLOCK_ROWS})
    try:
        yield from result.partitions()
    finally:
        result.close()
