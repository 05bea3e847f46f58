"""Writes the mirror's files: rows of a query, or curves, batch by batch, each file whole on the disk.

Sync calls it; no file counts before a manifest lists it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from sqlalchemy import Row, Select, Table
from sqlmodel import Session

from archive.exports.mirror.curves import CURVE_SCHEMA, CURVES, draw_batches
from archive.exports.mirror.manifest import EndedRuns, ParquetPart, describe_part
from archive.exports.mirror.tables import MIRRORED, list_columns
from archive.exports.parquet import arrow_schema, make_batch
from archive.exports.rows import read_blocks, spell_each, spell_json
from archive.models.columns import holds_json
from archive.runs.fence import take_each
from archive.store.changes import Reach, reach_quietly
from archive.store.disk import sync_file, sync_path

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class SyncMoment:
    """What one sync shows: the session that sees it, its newest change, and when it is written."""

    session: Session
    seq: int
    ended_runs: EndedRuns
    now: datetime
    again: Mapping[str, Collection[int]]
    """Ids of rows that are to be written once more, by table."""
    reach: Reach = reach_quietly
    """Told how many tables are written, of how many."""
    written: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)
    """Rows no file can hold, by `<table>:<id>`."""


def write_curves(folder: Path, moment: SyncMoment, moved: Table | None = None) -> ParquetPart:
    """A new file with the curves of the ads laid out, or of all."""
    mark = moment.seq + moment.ended_runs.count
    batches = draw_batches(moment.session, mark, moved, ROWS_AT_ONCE)
    return _write_file(folder, moment, CURVES, CURVE_SCHEMA, batches)


def write_part(folder: Path, moment: SyncMoment, name: str, query: Select[Any]) -> ParquetPart:
    """A new file with the rows of a query."""
    schema = mirror_schema(name)
    return _write_file(folder, moment, name, schema, _shape_blocks(moment, name, schema, query))


def _write_file(
    folder: Path,
    moment: SyncMoment,
    name: str,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> ParquetPart:
    """A new file, on the disk when this returns."""
    file = f"{name}/{moment.seq:012}-{token_hex(4)}.parquet"
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("wb") as sink:
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                count += batch.num_rows
        sync_file(sink)
    sync_path(path.parent)
    moment.written.append(name)
    moment.reach(len(moment.written), len(MIRRORED) + 1)
    return describe_part(folder, file, count)


def _shape_blocks(
    moment: SyncMoment, name: str, schema: pa.Schema, query: Select[Any]
) -> Iterator[pa.RecordBatch]:
    """The rows of a query as batches; those that no file can hold are noted."""
    nested = [holds_json(column.type) for column in list_columns(name)]
    for block in read_blocks(moment.session, query, ROWS_AT_ONCE):
        shaped, failed = take_each(block, partial(_shape_rows, schema, nested, moment.seq))
        yield from shaped
        moment.failed.update({f"{name}:{row.id}": error for row, error in failed})


def _shape_rows(
    schema: pa.Schema, nested: Sequence[bool], seq: int, rows: Sequence[Row[Any]]
) -> pa.RecordBatch:
    columns = [
        spell_each(values, spell_json) if is_nested else values
        for values, is_nested in zip(zip(*rows, strict=True), nested, strict=True)
    ]
    return make_batch(schema, [*columns, [seq] * len(rows)])


def mirror_schema(name: str) -> pa.Schema:
    """The columns of a mirrored table and `mirror_seq`, the mark of the sync that wrote the row."""
    return arrow_schema(list_columns(name)).append(
        pa.field("mirror_seq", pa.int64(), nullable=False)
    )
