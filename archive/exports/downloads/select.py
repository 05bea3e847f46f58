"""Rows of a stream, read lazily in the order of our ids; nothing is counted or sorted beforehand.

The forms write what comes from here. A stream sees one snapshot: the session must come from
`archive.store.database.read` and stay open until the last row is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, text
from sqlmodel import Session

from archive.exports.downloads.columns import Column
from archive.exports.downloads.filters import Wanted, match
from archive.exports.downloads.tables import PLANS, ReadPlan, What, list_columns
from archive.exports.downloads.unfolding import unfold
from archive.exports.rows import load_json, read_blocks
from archive.models import AdvertiserSpend, Disclosure, PublicAd
from archive.reading import CursorError, read_data_as_of
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.past_money import disclosures_at, statements_at
from archive.reading.paging import decode_number, decode_text, encode_cursor

BLOCK_ROWS = 250
"""Rows read and written at a time: few, so that the first leave at once."""

NARROW = ("advertiser_id", "payer_name", "committee_ref", "payee_name")
"""Filters that leave few rows: an index and a sort find them sooner than a walk over all."""

Values = tuple[Any, ...]


@dataclass(frozen=True)
class RowStream:
    """All rows of a kind that a filter leaves, to be read once."""

    columns: Sequence[Column]
    blocks: Iterator[list[Values]]
    """Rows in the order of our ids, a value for each column; the last one is the row's cursor.

    What is kept as JSON is its text, or the value: `exported_rows.spell_json` takes either.
    """
    data_as_of: datetime | None
    moment: Moment
    after: str | None
    """The cursor the stream goes on after; `None`: from the beginning."""


def stream_rows(
    session: Session,
    what: What,
    wanted: Wanted,
    after: str | None = None,
    moment: Moment = NOW,
) -> RowStream:
    """The rows of a kind that a filter leaves, after the row with the cursor `after`.

    At an earlier moment: ads, statements and filings as they stood then, and of versions and numbers
    those that count then, of the ads that the filter leaves as they are now.

    Raises:
        CursorError: if the cursor was not given by a stream of this kind.
    """
    plan = PLANS[what]
    listing = f"downloads/{what}"
    if plan.labels is None:
        start = decode_number(listing, after) or 0
        rows = _read_rows(_select_blocks(session, plan, wanted, start, moment), listing)
    else:
        cell = _decode_cell(listing, after)
        blocks = _select_blocks(session, plan, wanted, cell[0] - 1, moment)
        rows = _read_cells(blocks, listing, plan.labels, cell)
    return RowStream(
        list_columns(what), rows, read_data_as_of(session, moment.as_of), moment, after
    )


def _read_rows(blocks: Iterator[Sequence[Any]], listing: str) -> Iterator[list[Values]]:
    for block in blocks:
        yield [(*row[1:], encode_cursor(listing, row[0])) for row in block]


def _read_cells(
    blocks: Iterator[Sequence[Any]],
    listing: str,
    labels: Mapping[str, type],
    start: tuple[int, int],
) -> Iterator[list[Values]]:
    """A row for each cell after `start`, which names an ad and how many cells came before it."""
    for block in blocks:
        yield [
            (*facts, *unfold(cell, labels), encode_cursor(listing, f"{ad_id}.{number}"))
            for ad_id, *facts, cells in block
            for number, cell in enumerate(load_json(cells))
            if (ad_id, number) > start
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
    session: Session, plan: ReadPlan, wanted: Wanted, after: int, moment: Moment
) -> Iterator[Sequence[Any]]:
    """Rows of the database, a block at a time, each beginning with its id."""
    if _is_postgresql(session):
        # The first rows soon, not all of them soonest: walk the key rather than sort (PostgreSQL,
        # "cursor_tuple_fraction").
        session.execute(text("SET LOCAL cursor_tuple_fraction = 0.00001"))
    for table in _list_row_ranges(session, plan, moment, after):
        query = _build_query(session, plan, table, wanted, moment).where(table.id > after)
        yield from read_blocks(session, query, BLOCK_ROWS)


def _list_row_ranges(session: Session, plan: ReadPlan, moment: Moment, after: int) -> Iterator[Any]:
    """What to select from: the table, or what stood there at the moment, in rising ranges."""
    if plan.table is PublicAd:
        yield from ads_at(session, moment, after)
    elif plan.table is Disclosure:
        yield from disclosures_at(session, moment, after)
    elif plan.table is AdvertiserSpend and not moment.is_now:
        yield statements_at(moment)
    else:
        yield plan.table


def _build_query(
    session: Session,
    plan: ReadPlan,
    table: Any,  # noqa: ANN401 (the plan's table or what stands for it)
    wanted: Wanted,
    moment: Moment,
) -> Select[Any]:
    conditions = match(session, PublicAd if plan.by_ad else table, wanted, moment)
    is_narrow = any(getattr(wanted, name, None) for name in NARROW)
    if conditions and not is_narrow and not _is_postgresql(session):
        # SQLite would take the index of a filter and then sort; what it cannot see into has none.
        conditions = [case((and_(*conditions), 1), else_=0) == 1]
    if plan.by_ad:
        conditions += moment.limit(table)
    return plan.select_from(table, moment).where(*conditions).order_by(table.id)


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
