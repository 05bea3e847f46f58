"""The two options of every command that can look back, and the moment in words.

`spend`, `search` and `rules list` take them.
"""

from datetime import datetime
from typing import Annotated

import typer

from archive.reading.as_of.moment import HOW_TO_WRITE, Moment, read_moment
from archive.terminal import format_time, utc_now

AsOf = Annotated[
    str | None, typer.Option(help=f"Answer with what the archive knew then: {HOW_TO_WRITE}.")
]
ValidAt = Annotated[
    str | None, typer.Option(help=f"Only what sources had said by then: {HOW_TO_WRITE}.")
]


def read_options(as_of: str | None, valid_at: str | None) -> Moment:
    """The moment two options name.

    Raises:
        QuestionError: if one cannot be read or has not come yet.
    """
    return read_moment(as_of, valid_at, utc_now())


def tell_moment(as_of: datetime | None, valid_at: datetime | None) -> str:
    """`as known on 3 Nov 07:20 · what held on 2 Nov 00:00`; empty: nothing known yet."""
    known = [f"as known on {format_time(as_of)}"] if as_of else []
    held = [f"what held on {format_time(valid_at)}"] if valid_at else []
    return " · ".join(known + held)
