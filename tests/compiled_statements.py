"""Statements compiled once in a test process: each test has an engine, which would compile all of its own.

The archive on a server has one engine for as long as it runs, and one such cache.
"""

from collections.abc import Hashable, Iterator, MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event


class CompiledStatements(MutableMapping[tuple[Any, ...], Any]):
    """SQLAlchemy's cache of compiled statements, kept by the kind of dialect instead of by each engine's."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        return self._kept[_leave_out_engine(key)]

    def __setitem__(self, key: tuple[Any, ...], compiled: object) -> None:
        self._kept[_leave_out_engine(key)] = compiled

    def __delitem__(self, key: tuple[Any, ...]) -> None:
        del self._kept[_leave_out_engine(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _leave_out_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *statement = key
    return type(dialect), *statement


def share_compiled_statements() -> None:
    """From now on every connection of this process takes its statements from one cache."""
    shared = CompiledStatements()

    @event.listens_for(Engine, "engine_connect")
    def _share(connection: Connection) -> None:
        connection.execution_options(compiled_cache=shared)
