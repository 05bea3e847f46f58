"""Who is killed by what it works on cannot put it aside: each try is noted before the work, for the next one.

After two tries at one mark that did not report their end, the batch is halved until what kills stands alone;
then it is put aside untouched. A try that ends, well or with an error, leaves no note.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from archive.models import ConsumerPosition
from archive.store.changes import read_position
from archive.store.database import read, write

MOST_DEATHS = 2

Result = TypeVar("Result")


class ProcessKilledError(Exception):
    """The process ended while it worked on this, without a word, more than once."""


@dataclass(frozen=True)
class NotedTry:
    """What a try may take, and where it stands."""

    consumer: str
    most: int
    """How many of the next units."""
    seq: int = 0
    detail: str = ""
    tries: int = 0
    suspects: int = 0
    """As noted before this try."""

    def meets_killer(self, session: Session) -> bool:
        """Whether the next unit is the one that kills, and nobody has passed it meanwhile."""
        if self.tries < MOST_DEATHS or self.suspects > 1:
            return False
        mark = read_position(session, self.consumer)
        return mark is not None and (mark.seq, mark.detail) == (self.seq, self.detail)


@contextmanager
def note_try(engine: Engine, consumer: str, waiting: int, now: datetime) -> Iterator[NotedTry]:
    """A try whose end is noted too, unless the process dies; `waiting` is how many units it would take."""
    this = begin_try(engine, consumer, waiting, now)
    try:
        yield this
    except ProcessKilledError:
        _note(engine, this, 0, 0)
        raise
    except BaseException:
        # Where even that cannot be written, the try counts as one that did not end.
        with suppress(SQLAlchemyError):
            _note(engine, this, this.tries, this.suspects)
        raise
    end_try(engine, this)


def begin_try(engine: Engine, consumer: str, waiting: int, now: datetime) -> NotedTry:
    """Note that a try begins, in a transaction of its own."""
    with write(engine) as session:
        mark = read_position(session, consumer) or ConsumerPosition(
            consumer=consumer, seq=0, moved_at=now
        )
        this = NotedTry(
            consumer, _choose_most(mark, waiting), mark.seq, mark.detail, mark.tries, mark.suspects
        )
        mark.tries, mark.suspects = mark.tries + 1, this.most
        session.add(mark)
    return this


def end_try(engine: Engine, this: NotedTry) -> None:
    """Note that a try went through: what it took is above suspicion, what it left is not."""
    left = max(0, this.suspects - this.most) if this.tries >= MOST_DEATHS else 0
    # The last one left is tried alone first: the others may have been innocent too.
    _note(engine, this, min(left, MOST_DEATHS), left)


def take_alone(engine: Engine, consumer: str, now: datetime, work: Callable[[], Result]) -> Result:
    """Do one thing that may end the process; its note goes by a name of its own.

    Raises:
        ProcessKilledError: if it has done so before; whoever comes after this may try again.
    """
    with note_try(engine, consumer, 1, now) as noted:
        with read(engine) as session:
            if noted.meets_killer(session):
                raise ProcessKilledError
        return work()


def _choose_most(mark: ConsumerPosition, waiting: int) -> int:
    if mark.tries < MOST_DEATHS and mark.suspects != 1:
        return waiting
    return max(1, min(mark.suspects, waiting) // 2)


def _note(engine: Engine, this: NotedTry, tries: int, suspects: int) -> None:
    with write(engine) as session:
        mark = read_position(session, this.consumer)
        if mark is None:
            return
        if (mark.seq, mark.detail, tries) == (0, "", 0):
            # It was begun for the try alone.
            session.delete(mark)
        else:
            mark.tries, mark.suspects = tries, suspects
            session.add(mark)
