"""What one check of this archive found: how much was looked at, and what is not as it should be.

Each room checks what it keeps; `paidforby verify` puts the answers together.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from pydantic import computed_field
from sqlalchemy import Engine, Table, select
from sqlalchemy.exc import OperationalError
from sqlmodel import Field, SQLModel

from archive.errors import ArchiveError
from archive.store.database import read
from archive.store.readable import is_unreadable

MOST_NAMED = 20
"""Bad things named one by one; the rest is counted."""

TellDone = Callable[[int], None]
"""Takes how many more things are done."""

ROWS_AT_ONCE = 500

UNREADABLE = (ArchiveError, ValueError, TypeError, AttributeError, KeyError)
"""What reading a row raises whose values are none of their columns, or JSON of another shape."""

Key = TypeVar("Key")
Found = TypeVar("Found")


class ArchiveCheck(SQLModel):
    """One check and its outcome."""

    name: str = Field(description="tables, blobs, ledger, shown, names, search or mirror.")
    checked: int = Field(default=0, description="Things looked at.")
    bad: list[str] = Field(
        default_factory=list, description="What is not as it should be, named; the first twenty."
    )
    bad_count: int = Field(default=0, description="How many there are in all.")
    detail: str = Field(default="", description="What was not compared, and why.")

    @computed_field(description="Whether nothing bad was found.")  # type: ignore[prop-decorator]
    @property
    def ok(self) -> bool:
        """Whether nothing bad was found."""
        return self.bad_count == 0

    def note_bad(self, what: str) -> None:
        """Name, or at least count, one thing that is not as it should be; said twice, it counts once."""
        if what in self.bad:
            return
        self.bad_count += 1
        if len(self.bad) < MOST_NAMED:
            self.bad.append(what)


def look_at_each(
    keys: Sequence[Key],
    look: Callable[[Sequence[Key]], list[Found]],
    tell_unreadable: Callable[[Key], Found],
) -> list[Found]:
    """What `look` finds among rows; where one cannot be read each is looked at alone, and that one told."""
    try:
        return look(keys)
    except (OperationalError, *UNREADABLE) as error:
        if isinstance(error, OperationalError) and not is_unreadable(error):
            raise
        if len(keys) == 1:
            return [tell_unreadable(keys[0])]
        return [found for key in keys for found in look_at_each([key], look, tell_unreadable)]


def list_pages(engine: Engine, table: Table) -> Iterator[Sequence[int]]:
    """The ids of a table, some hundred at a time, by rising id; no transaction is open in between."""
    after, key = 0, table.c.id
    page = select(key).order_by(key).limit(ROWS_AT_ONCE)
    while True:
        with read(engine) as session:
            ids = session.connection().scalars(page.where(key > after)).all()
        if not ids:
            return
        yield ids
        after = ids[-1]
