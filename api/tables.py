"""Items as CSV that a spreadsheet opens without running or ruining anything."""

import csv
import io
import json
from collections.abc import Sequence

from pydantic import BaseModel

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins so as a formula (OWASP, CSV injection)."""


def write_csv(model: type[BaseModel], items: Sequence[BaseModel]) -> str:
    """Items as CSV: a header of field names, text in quotes, numbers bare, lists as JSON.

    A text that a spreadsheet would run gets an apostrophe before it. What is missing is an empty cell;
    `missing` says why.
    """
    out = io.StringIO()
    names = list(model.model_fields)
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(names)
    for item in items:
        values = item.model_dump(mode="json")
        writer.writerow([_write_cell(values[name]) for name in names])
    return out.getvalue()


def _write_cell(value: object) -> str | int | float:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case str():
            return f"'{value}" if value.startswith(FORMULA_STARTS) else value
        case _:
            return json.dumps(value, ensure_ascii=False)
