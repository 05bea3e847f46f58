"""Items as CSV; the cells are those of the downloads, so a spreadsheet runs and ruins nothing."""

from collections.abc import Sequence

from pydantic import BaseModel

from archive.exports.downloads.cells import FORMULA_STARTS, write_line

__all__ = ["FORMULA_STARTS", "write_csv"]


def write_csv(items: Sequence[BaseModel], names: Sequence[str]) -> str:
    """Items as CSV: a header of the names of some fields, then a row for each item.

    What is missing is an empty cell; `missing` says why.
    """
    dumped = (item.model_dump(mode="json") for item in items)
    rows = ([values[name] for name in names] for values in dumped)
    return "".join(map(write_line, [names, *rows]))
