"""Rows of a whole list, read lazily in the order of our ids; nothing is counted or sorted beforehand.

The forms write what comes from here. A stream tells of the moment it began (`downloads.pages`), however
slowly it is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from archive.exports.downloads.columns import Column
from archive.exports.downloads.filters import Wanted
from archive.exports.downloads.pages import note_beginning, read_pages
from archive.exports.downloads.tables import PLANS, What, list_columns
from archive.exports.downloads.unfolding import unfold
from archive.exports.rows import load_json
from archive.reading import CursorError
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.paging import decode_number, decode_text, encode_cursor
from archive.store.database import read

Values = tuple[Any, ...]


@dataclass(frozen=True)
class RowStream:
    """All rows of a kind that a filter leaves, to be read once."""

    columns: Sequence[Column]
    blocks: Iterator[list[Values]]
    """Rows in their order, a value for each column; the last one may be the row's cursor.

    What is kept as JSON is its text, or the value: `exported_rows.spell_json` takes either.
    """
    data_as_of: datetime | None
    moment: Moment
    after: str | None = None
    """The cursor the stream goes on after; `None`: from the beginning."""
    asked: Mapping[str, object] = field(default_factory=dict)
    """What the sidecar says of the question that the rows answer."""


def stream_rows(
    engine: Engine,
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
    with read(engine) as session:
        begun = note_beginning(session, plan, moment)
    if plan.labels is None:
        start = decode_number(listing, after) or 0
        rows = _read_rows(read_pages(engine, plan, wanted, begun, start), listing)
    else:
        cell = _decode_cell(listing, after)
        blocks = read_pages(engine, plan, wanted, begun, cell[0] - 1)
        rows = _read_cells(blocks, listing, plan.labels, cell)
    return RowStream(list_columns(what), rows, begun.data_as_of, moment, after)


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
