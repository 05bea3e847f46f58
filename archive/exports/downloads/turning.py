"""A block of rows turned into its columns, so that a value that stands in many rows is written once.

The forms call it; what they make of a value is theirs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from archive.exports.downloads.columns import Column
from archive.exports.downloads.select import Values

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
    if column.kind is float:
        return map(write, values)  # 1 and 1.0 are equal, and written differently
    try:
        written = {value: write(value) for value in set(values)}
    except TypeError:  # Mappings have no hash.
        return map(write, values)
    return map(written.__getitem__, values)
