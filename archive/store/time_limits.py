"""How long one statement may take where somebody waits for its answer: the site and the API.

What collects has no such limit: a crawl may well work for minutes on what it was sent.
"""

import time
from math import inf
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from archive.store.database import is_postgresql

INSTRUCTIONS_BETWEEN_LOOKS = 2_000_000
"""Some 50 ms of SQLite: each look waits for Python's lock, which a busy server has others waiting for."""


def limit_statements(engine: Engine, seconds: float) -> None:
    """Let every statement of this engine end after so long, with an `OperationalError`.

    The connections it has are closed: they were opened without a limit.
    """
    if is_postgresql(engine):
        setting = f"SET statement_timeout = {round(seconds * 1000)}"

        def limit_session(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 (DBAPI)
            connection.execute(setting)
            connection.commit()

        event.listen(engine, "connect", limit_session)
    else:

        def note_end(connection: Connection, *_: object) -> None:
            connection.info["ends"] = time.monotonic() + seconds

        event.listen(engine, "connect", _watch_statements)
        event.listen(engine, "before_cursor_execute", note_end)
    engine.dispose()


def _watch_statements(connection: Any, entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 (DBAPI)
    """SQLite has no time-out of its own; it asks every so often whether to go on."""

    def is_over() -> bool:
        return bool(time.monotonic() > entry.info.get("ends", inf))

    connection.set_progress_handler(is_over, INSTRUCTIONS_BETWEEN_LOOKS)
