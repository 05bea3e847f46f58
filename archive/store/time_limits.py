"""How long one statement may take where somebody waits for its answer: the site and the API.

What collects has no such limit: a crawl may well work for minutes on what it was sent.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from archive.errors import ArchiveError
from archive.store.database import is_postgresql

INSTRUCTIONS_BETWEEN_LOOKS = 2_000_000
"""Some 50 ms of SQLite: each look waits for Python's lock, which a busy server has others waiting for."""


class TimeIsUpError(ArchiveError):
    """What was asked takes longer than whoever asked may wait."""


@contextmanager
def limit_session(session: Session, seconds: float) -> Iterator[float]:
    """Let a session's statements end after so long; gives that instant (`time.monotonic`), for Python's part.

    Afterwards statements have the limit again that they had before.

    Raises:
        TimeIsUpError: where one did not come to its end.
    """
    ends = time.monotonic() + seconds
    connection = session.connection()
    try:
        if connection.dialect.name == "postgresql":
            before = connection.execute(text("SHOW statement_timeout")).scalar_one()
            # 0 would be no limit.
            connection.execute(_SET_LIMIT, {"limit": str(max(1, round(seconds * 1000)))})
            yield ends
            connection.execute(_SET_LIMIT, {"limit": before})
        else:
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(lambda: time.monotonic() > ends, INSTRUCTIONS_BETWEEN_LOOKS)
            try:
                yield ends
            finally:
                driver.set_progress_handler(
                    connection.info.get("watch"), INSTRUCTIONS_BETWEEN_LOOKS
                )
    except OperationalError:
        if time.monotonic() < ends:
            raise
        raise TimeIsUpError("not done in time") from None


_SET_LIMIT = text("SELECT set_config('statement_timeout', :limit, true)")
"""Until the transaction ends."""


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

    entry.info["watch"] = is_over
    connection.set_progress_handler(is_over, INSTRUCTIONS_BETWEEN_LOOKS)
