"""Databases that PostgreSQL tests hand on to each other: emptied, because copying one takes longer."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import sqlalchemy
from sqlalchemy.pool import NullPool

KEPT = frozenset({"alembic_version", "archive_secret"})
"""Tables that are filled where the archive is made."""


@dataclass
class SpareDatabases:
    """Databases like a template that nothing is in; copying one takes longer than emptying it again."""

    server_url: str
    template: str
    spare: list[str] = field(default_factory=list)

    @contextmanager
    def borrow(self) -> Iterator[str]:
        """SQLAlchemy URL of a database without rows; it is put back unless its tables were changed."""
        url = self.spare.pop() if self.spare else self._copy()
        yield url
        if empty_database(url) == self._tables:
            self.spare.append(url)

    @cached_property
    def _tables(self) -> str:
        return describe_tables(self._find_url(self.template))

    def _copy(self) -> str:
        name = f"paidforby_test_{secrets.token_hex(8)}"
        with connect_alone(self.server_url) as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        return self._find_url(name)

    def _find_url(self, name: str) -> str:
        url = sqlalchemy.make_url(self.server_url).set(database=name)
        return url.render_as_string(hide_password=False)


@contextmanager
def connect_alone(url: str) -> Iterator[sqlalchemy.Connection]:
    """A connection outside transactions, after which nobody is connected."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def empty_database(url: str) -> str:
    """Throw everyone out, delete all rows but `KEPT`, count from 1 again; describes the tables."""
    with connect_alone(url) as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # A table that was never written to has no bytes; to read from each would open them all.
        written = connection.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind = 'r' AND pg_relation_size(oid) > 0"
        ).scalars()
        if tables := ", ".join(f'"{name}"' for name in written if name not in KEPT):
            # Deleted rows would leave room that later ones take in another order.
            connection.exec_driver_sql(f"TRUNCATE {tables} CASCADE")
        connection.exec_driver_sql(
            "SELECT setval((quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass,"
            " start_value, false)"
            " FROM pg_sequences WHERE last_value IS NOT NULL"
        )
        return _describe_tables(connection)


def describe_tables(url: str) -> str:
    """A text that differs once anything but rows has: tables, columns, indexes, functions, settings."""
    with connect_alone(url) as connection:
        return _describe_tables(connection)


def _describe_tables(connection: sqlalchemy.Connection) -> str:
    return str(
        connection.exec_driver_sql(
            "SELECT (SELECT array_agg((oid, relname) ORDER BY oid) FROM pg_class"
            "  WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)),"
            " (SELECT array_agg((attname, atttypid, attnotnull) ORDER BY attrelid, attnum)"
            "  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
            "  WHERE relnamespace = 'public'::regnamespace),"
            " (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_trigger),"
            " (SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),"
            " (SELECT array_agg(setconfig) FROM pg_db_role_setting s"
            "  JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database())"
        ).one()
    )
