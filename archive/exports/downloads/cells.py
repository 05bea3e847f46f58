"""Cells of CSV that a spreadsheet opens without running or ruining anything (RFC 4180).

Every CSV of the house is written through here: the downloads, and the tables of `api.tables`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

from archive.records.canonical import canonical_json

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
"""A spreadsheet may run a cell that begins so (OWASP ASVS 5.0, 1.2.10; OWASP, CSV Injection)."""

SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b-"
"""What begins a formula: also full-width and small, as spreadsheets of East Asia take them."""
CELL_ENDS = r"\n\r\t\v\f;\x1c-\x1e\x85\u2028\u2029"
"""After these a new cell begins where `;` separates: the quotes of our commas mean nothing there."""
UNSEEN = r" \x00-\x08\x0e-\x1b\x7f\xa0\xad\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufeff"
"""Spaces and characters of no width, which may be dropped before the cell is looked at."""

READ_AS_NUMBER = r"(?:\d{12,}|0\d+|\d+[eE]\d+)\Z"
"""Texts that a spreadsheet writes differently once it takes them for a number.

It shows twelve digits and more as powers of ten, keeps fifteen of them, and drops leading zeros
(Microsoft, "Keeping leading zeros and large numbers").
"""

AT_START = f"'*[{UNSEEN}]*[{SIGNS}]|'*[\\t\\r\\n\\0]|'*{READ_AS_NUMBER}"
# A quote in a text is doubled: to who separates by `;` that is an empty text before the sign.
INSIDE = f"'*[{UNSEEN}\"]*[{SIGNS}]"
START = re.compile(AT_START)
INNER = re.compile(f"[{CELL_ENDS}](?={INSIDE})")
SPARED_START = re.compile(f"'(?={AT_START})")
SPARED_INNER = re.compile(f"([{CELL_ENDS}])'(?={INSIDE})")

LINE_END = "\r\n"

UNKNOWN = '""'


def write_line(values: Iterable[object]) -> str:
    """One row: numbers bare, all else in quotes, lists as JSON; an unknown value is an empty cell.

    A text that a spreadsheet would run or take for another number gets an apostrophe before it, which
    keeps it a text there; so does what may be a cell of its own within it (`spare_text`).
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
            return quote(spare_text(value))
        case None:
            return UNKNOWN
        case bool():
            return '"true"' if value else '"false"'
        case int() | float() | Decimal():
            return str(value)
        case date():
            return f'"{write_time(value)}"'
        case _:
            return quote(spare_text(canonical_json(value).decode()))


def spare_text(text: str) -> str:
    """A text with an apostrophe wherever a spreadsheet, whatever it separates by, would run it.

    `restore_text` takes each of them away again, and no other.
    """
    spared = INNER.sub(r"\g<0>'", text)
    return f"'{spared}" if START.match(spared) else spared


def restore_text(cell: str) -> str:
    """The text that `spare_text` made a cell of."""
    inner = cell[1:] if SPARED_START.match(cell) else cell
    return SPARED_INNER.sub(r"\1", inner)


def quote(text: str) -> str:
    """A text between quotes, those in it doubled."""
    return '"' + text.replace('"', '""') + '"'
