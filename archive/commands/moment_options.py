"""The two options of every command that can look back, and the moment in words.

`spend`, `search` and `rules list` take them.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from archive.reading.as_of.moment import Moment
from archive.terminal import format_time

AsOf = Annotated[
    datetime | None, typer.Option(help="Answer with what the archive knew then (UTC).")
]
ValidAt = Annotated[
    datetime | None, typer.Option(help="Only what sources had said by then counts (UTC).")
]


def read_moment(as_of: datetime | None, valid_at: datetime | None) -> Moment:
    """The moment two options name; times without a zone are UTC."""
    return Moment(_read_time(as_of), _read_time(valid_at))


def _read_time(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=given.tzinfo or UTC) if given else None


def tell_moment(as_of: datetime | None, valid_at: datetime | None) -> str:
    """`as known on 3 Nov 07:20 · what held on 2 Nov 00:00`; empty: nothing known yet."""
    known = [f"as known on {format_time(as_of)}"] if as_of else []
    held = [f"what held on {format_time(valid_at)}"] if valid_at else []
    return " · ".join(known + held)
