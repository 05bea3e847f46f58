"""A stream as Parquet: one explicit schema, a row group at a time, the count in the footer.

`archive.exports.downloads.forms` calls it. Fields carry their descriptions as metadata; lists are JSON text.
"""

import io
from collections.abc import Iterator, Sequence

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from archive.exports.downloads.columns import Column
from archive.exports.downloads.ending import StreamEnd
from archive.exports.downloads.select import RowStream, Values
from archive.exports.downloads.turning import turn_block, write_column
from archive.exports.parquet import arrow_type, make_batch
from archive.exports.rows import spell_json
from archive.records.canonical import canonical_json

ROW_GROUP_ROWS = 10_000
"""Rows held in memory at a time, as columns; a cut file cannot be read at all, so groups are short."""


def write_parquet(stream: RowStream) -> Iterator[bytes]:
    """The file part by part; its metadata holds what the others end with."""
    ending = StreamEnd.open(stream)
    schema = _make_schema(stream.columns)
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        yield sink.drain()
        for group in _gather_groups(stream, schema, ending):
            writer.write_batch(group, row_group_size=ROW_GROUP_ROWS)
            yield sink.drain()
        writer.add_key_value_metadata(
            {name: canonical_json(value).strip(b'"') for name, value in ending.describe().items()}
        )
    yield sink.drain()


def _make_schema(columns: Sequence[Column]) -> pa.Schema:
    return pa.schema(
        pa.field(c.name, arrow_type(c.kind), metadata={"description": c.description})
        for c in columns
    )


def _gather_groups(
    stream: RowStream, schema: pa.Schema, ending: StreamEnd
) -> Iterator[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = []
    for block in stream.blocks:
        ending.count(block)
        batches.append(_to_batch(stream.columns, schema, block))
        if sum(batch.num_rows for batch in batches) >= ROW_GROUP_ROWS:
            yield pa.concat_batches(batches)
            batches.clear()
    if batches:
        yield pa.concat_batches(batches)


def _to_batch(columns: Sequence[Column], schema: pa.Schema, block: list[Values]) -> pa.RecordBatch:
    turned = (
        write_column(column, values, spell_json) if column.kind is list else values
        for column, values in turn_block(columns, block)
    )
    return make_batch(schema, turned)


class _Sink(io.RawIOBase):
    """Takes what is written and hands it out once."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self.parts.append(part)
        return len(part)

    def drain(self) -> bytes:
        """Everything written since the last time."""
        taken = b"".join(self.parts)
        self.parts.clear()
        return taken
