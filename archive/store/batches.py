"""Keys cut into runs that one statement can carry; every run-up by many keys goes through here."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Key = TypeVar("Key")

KEYS_AT_ONCE = 500
"""The oldest SQLite we meet takes 999 bound values in one statement (SQLITE_MAX_VARIABLE_NUMBER)."""


def cut_batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """The keys in order, at most `KEYS_AT_ONCE` at a time."""
    for start in range(0, len(keys), KEYS_AT_ONCE):
        yield keys[start : start + KEYS_AT_ONCE]
