"""Nested values as canonical JSON text, mostly the very text that the database keeps.

Plans select them as text; `archive.exports.downloads.select` reads lists of cells here, the forms spell the
rest.
"""

import json
import re
from typing import Any

import orjson

from archive.records.canonical import canonical_json

LONG_NUMBER = re.compile(r"[0-9]{19}")
"""What orjson may have rounded: it reads whole numbers beyond 64 bits as floats."""


def load_json(text: str) -> Any:  # noqa: ANN401 (any JSON)
    """The value of a JSON text, whole numbers of any size included."""
    return _read(text)[0]


def spell_json(value: object) -> str | None:
    """A nested value, or the text that the database keeps of it, as canonical JSON; `None`: unknown."""
    if not isinstance(value, str):
        return None if value is None else canonical_json(value).decode()
    loaded, spelled = _read(value)
    return None if loaded is None else spelled


def _read(text: str) -> tuple[Any, str]:
    """The value of a JSON text and its canonical spelling."""
    try:
        value = orjson.loads(text)
        spelled = canonical_json(value).decode()
        # What comes back unchanged has lost nothing.
        if spelled == text or not LONG_NUMBER.search(text):
            return value, spelled
    except orjson.JSONDecodeError:
        pass
    value = json.loads(text)
    return value, canonical_json(value).decode()
