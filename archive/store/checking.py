"""What one check of this archive found: how much was looked at, and what is not as it should be.

Each room checks what it keeps; `paidforby verify` puts the answers together.
"""

from collections.abc import Callable

from pydantic import computed_field
from sqlmodel import Field, SQLModel

MOST_NAMED = 20
"""Bad things named one by one; the rest is counted."""

TellDone = Callable[[int], None]
"""Takes how many more things are done."""


class ArchiveCheck(SQLModel):
    """One check and its outcome."""

    name: str = Field(description="tables, blobs, ledger, search or mirror.")
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
