"""Tables as Arrow and Parquet: one explicit schema, derived from the columns, and columns made into batches.

The mirror and the downloads call it. It guesses no type from values, and it opens no database.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
from sqlalchemy import Column, TypeDecorator

from archive.models.columns import holds_json

_ARROW_TYPES: Mapping[type, Any] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    datetime: pa.timestamp("us", tz="UTC"),
    date: pa.date32(),
    bytes: pa.binary(),
    str: pa.string(),
    dict: pa.string(),
    list: pa.string(),
}


def arrow_type(kind: type) -> pa.DataType:
    """How values of a Python type stand in Arrow: times in UTC to the microsecond, lists as JSON text.

    Raises:
        TypeError: if there is no such form.
    """
    for known in kind.__mro__:
        if known in _ARROW_TYPES:
            return _ARROW_TYPES[known]
    raise TypeError(f"{kind.__name__} has no form in Parquet")


def arrow_schema(columns: Iterable[Column[Any]]) -> pa.Schema:
    """The schema of a table's columns, in their order; a column that may be empty stays so."""
    return pa.schema(
        [pa.field(c.name, arrow_type(python_type(c)), nullable=bool(c.nullable)) for c in columns]
    )


def python_type(column: Column[Any]) -> type:
    """The Python type of a column's values; `dict` for anything kept as JSON."""
    kind = column.type
    if holds_json(kind):
        return dict
    return kind.impl_instance.python_type if isinstance(kind, TypeDecorator) else kind.python_type


def make_batch(schema: pa.Schema, columns: Iterable[Iterable[Any]]) -> pa.RecordBatch:
    """Columns of equal length, in the schema's order, as one batch; nested values come as text.

    Raises:
        pyarrow.ArrowInvalid: if a value does not fit its column, or lacks where one must be.
        pyarrow.ArrowTypeError: if a value is of another kind than its column.
    """
    arrays = [pa.array(values, f.type) for f, values in zip(schema, columns, strict=True)]
    for field, array in zip(schema, arrays, strict=True):
        if array.null_count and not field.nullable:
            raise pa.ArrowInvalid(f"{field.name} lacks a value where one must be")
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
