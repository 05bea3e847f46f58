"""Rows as people open them in a spreadsheet: amounts in units of their currency, not in minor ones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from archive.exports.downloads.columns import Column
from archive.exports.downloads.select import RowStream, Values
from archive.records.money import to_units

BYTE_ORDER_MARK = "\ufeff".encode()
"""By which spreadsheets know UTF-8."""

MINOR, CURRENCY = "_minor", "currency"


def show_units(stream: RowStream) -> RowStream:
    """The same rows; of each amount the column goes by the name without `_minor`."""
    columns = [_name_units(column) for column in stream.columns]
    names = [column.name for column in stream.columns]
    if CURRENCY not in names:
        return stream
    amounts = [place for place, name in enumerate(names) if name.endswith(MINOR)]
    blocks = _turn_blocks(stream.blocks, amounts, names.index(CURRENCY))
    return replace(stream, columns=columns, blocks=blocks)


def _name_units(column: Column) -> Column:
    if not column.name.endswith(MINOR):
        return column
    return replace(column, name=column.name.removesuffix(MINOR), kind=float)


def _turn_blocks(
    blocks: Iterator[list[Values]], amounts: Sequence[int], currency: int
) -> Iterator[list[Values]]:
    for block in blocks:
        yield [_turn_row(values, amounts, currency) for values in block]


def _turn_row(values: Values, amounts: Sequence[int], currency: int) -> Values:
    row = list(values)
    for place in amounts:
        if row[place] is not None:
            row[place] = to_units(row[place], row[currency])
    return tuple(row)
