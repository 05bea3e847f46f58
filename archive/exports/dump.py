"""The archive as text: every table as canonical JSON Lines, the same from SQLite and PostgreSQL.

Backup writes it. It reads inside the caller's session, so all tables
show one moment, and changes nothing.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Table, collate, false, or_, select
from sqlmodel import AutoString, Session, SQLModel

import archive.models  # noqa: F401 (importing it registers every table)
from archive.exports.rows import leave_text, read_blocks, spell_fragment
from archive.models.columns import holds_json
from archive.records.canonical import canonical_json
from archive.store.home_facts import HOME

ROWS_AT_ONCE = 1_000

COPIES = ("search:", "mirror:", "copies")
"""Readers of the change sequence whose copy is in no backup, by the start of their position's name.

A copy is made anew from the archive, so how far it had come is no part of the archive.
"""

SECRETS = frozenset({"archive_secret"})
"""Tables that no copy holds."""

FOLLOWING = frozenset({"ad_text", "shown_text", "text_band"})
"""Tables that a reader of the change sequence makes anew (`archive/duplicates`)."""

KEYED = frozenset({"row_hash"})
"""Columns that mean nothing without this archive's secrets."""


def list_tables() -> list[Table]:
    """Every table that a backup holds, in a fixed order, each after those its rows refer to."""
    left_out = SECRETS | FOLLOWING
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in left_out]


def dump_table(session: Session, table: Table) -> Iterator[bytes]:
    """The rows of a table by rising key, each as one line of canonical JSON without its line end.

    The table is never whole in memory.
    """
    for row in _read_rows(session, table):
        yield canonical_json(row)


def _read_rows(session: Session, table: Table) -> Iterator[dict[str, Any]]:
    """Each row by column name, its values as they are written."""
    columns = [column for column in table.columns if column.name not in KEYED]
    query = (
        select(*map(leave_text, columns))
        .where(~_is_of_this_home(table))
        .order_by(*(_order_by_bytes(session, key) for key in table.primary_key))
    )
    writers = [(str(c.name), spell_fragment if holds_json(c.type) else _write) for c in columns]
    for block in read_blocks(session, query, ROWS_AT_ONCE):
        for row in block:
            yield {name: write(value) for (name, write), value in zip(writers, row, strict=True)}


def _is_of_this_home(table: Table) -> ColumnElement[bool]:
    if table.name == "archive_fact":
        return table.c.name.startswith(HOME, autoescape=True)
    if table.name != "consumer_position":
        return false()
    return or_(*(table.c.consumer.startswith(name, autoescape=True) for name in COPIES))


def _order_by_bytes(session: Session, key: ColumnElement[Any]) -> ColumnElement[Any]:
    """Texts in the order of their bytes, as SQLite has it, whatever language a server speaks."""
    is_postgresql = session.connection().dialect.name == "postgresql"
    return collate(key, "C") if is_postgresql and isinstance(key.type, AutoString) else key


def _write(value: object) -> object:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else value
