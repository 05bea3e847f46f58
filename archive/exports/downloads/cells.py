"""Cells of CSV that a spreadsheet opens without running or ruining anything (RFC 4180).

Every CSV of the house is written through here: the downloads, and the tables of `api.tables`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

from archive.records.canonical import canonical_json

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""A spreadsheet may run a cell that begins so (OWASP ASVS 5.0, 1.2.10; OWASP, CSV Injection)."""

READ_AS_NUMBER = r"(?:\d{12,}|0\d+|\d+[eE]\d+)\Z"
"""Texts that a spreadsheet writes differently once it takes them for a number.

It shows twelve digits and more as powers of ten, keeps fifteen of them, and drops leading zeros
(Microsoft, "Keeping leading zeros and large numbers").
"""

IN_DANGER = re.compile(f"[{re.escape(''.join(FORMULA_STARTS))}]|{READ_AS_NUMBER}")

LINE_END = "\r\n"

UNKNOWN = '""'


def write_line(values: Iterable[object]) -> str:
    """One row: numbers bare, all else in quotes, lists as JSON; an unknown value is an empty cell.

    A text that a spreadsheet would run or take for another number gets an apostrophe before it, which
    keeps it a text there.
    """
    return ",".join(map(write_cell, values)) + LINE_END


def write_time(value: date) -> str:
    """A day as ISO 8601, an instant as RFC 3339 in UTC with `Z`: as JSON and CSV carry them."""
    if not isinstance(value, datetime):
        return value.isoformat()
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def write_cell(value: object) -> str:
    """One value, as `write_line` puts it between commas."""
    match value:
        case str():
            return quote(f"'{value}" if IN_DANGER.match(value) else value)
        case None:
            return UNKNOWN
        case bool():
            return '"true"' if value else '"false"'
        case int() | float():
            return repr(value)
        case date():
            return f'"{write_time(value)}"'
        case _:
            return quote(canonical_json(value).decode())


def quote(text: str) -> str:
    """A text between quotes, those in it doubled."""
    return '"' + text.replace('"', '""') + '"'
