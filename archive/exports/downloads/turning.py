"""A block of rows turned into its columns, so that a value that stands in many rows is written once.

The forms call it; what they make of a value is theirs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from archive.exports.downloads.columns import Column
from archive.exports.downloads.select import Values
from archive.exports.rows import spell_each

Written = TypeVar("Written")


def turn_block(
    columns: Sequence[Column], block: Sequence[Values]
) -> Iterator[tuple[Column, Values]]:
    """Each column with its values, row by row."""
    turned = zip(*block, strict=True) if block else ((),) * len(columns)
    return zip(columns, turned, strict=True)


def write_column(
    column: Column, values: Values, write: Callable[[Any], Written]
) -> Iterable[Written]:
    """What `write` makes of each value of a column."""
    return spell_each(values, write, by_value=column.kind is not float)
