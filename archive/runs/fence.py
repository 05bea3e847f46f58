"""One bad thing harms only itself: what fails for a reason nobody foresaw is put aside, the rest goes on.

Every loop over records, ads, documents, rows or addresses works through here. What would fail with
anything (`archive.store.outages.is_for_all`) is raised: it waits, and puts nothing aside.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from archive.errors import ArchiveError
from archive.records import QuarantineStage
from archive.runs.plausibility import ImplausibleBatchError
from archive.runs.quarantine import list_open_subjects, put_aside, settle_passed
from archive.store.database import read, write
from archive.store.outages import is_for_all
from config.yaml_files import YamlFileError

Unit = TypeVar("Unit")
Result = TypeVar("Result")


def take_each(
    units: Sequence[Unit],
    work: Callable[[Sequence[Unit]], Result],
    session: Session | None = None,
) -> tuple[list[Result], list[tuple[Unit, Exception]]]:
    """Work on all units at once; when that fails on halves, until what fails stands alone.

    Gives what `work` gave, in the order of the units, and each unit that failed with its error. With a
    session, nothing stays in it of a try that failed; `work` may run several times, so it changes nothing
    else for good.
    """
    savepoint = session.begin_nested() if session else None
    try:
        done_at_once = work(units)
        if savepoint is not None:
            savepoint.commit()
    except Exception as error:
        if savepoint is not None:
            # SQLite ends the whole transaction where the disk is full: there is nothing to go back to.
            with suppress(SQLAlchemyError):
                savepoint.rollback()
        if is_fatal(error):
            raise
        if len(units) <= 1:
            if not units:
                raise
            return [], [(units[0], error)]
    else:
        return [done_at_once], []
    middle = len(units) // 2
    done, failed = take_each(units[:middle], work, session)
    more_done, more_failed = take_each(units[middle:], work, session)
    return done + more_done, failed + more_failed


def is_fatal(error: Exception) -> bool:
    """Whether an error ends the step it arose in, instead of the one thing that was worked on."""
    return isinstance(error, ImplausibleBatchError) or is_for_all(error)


def run_fenced(
    engine: Engine,
    stage: QuarantineStage,
    source: str,
    subject: str,
    clock: Callable[[], datetime],
    work: Callable[[], Result],
) -> Result | None:
    """Do one thing; `None`: it failed unforeseen and is put aside, and whoever called goes on.

    Raises:
        Exception: what is no fault of that one thing, or was foreseen.
    """
    try:
        result = work()
    except Exception as error:
        if isinstance(error, ArchiveError | YamlFileError) or is_fatal(error):
            raise
        with write(engine) as session:
            put_aside(session, stage, source, subject, error, clock())
        return None
    with read(engine) as session:
        is_waiting = subject in list_open_subjects(session, stage)
    if is_waiting:
        with write(engine) as session:
            settle_passed(session, stage, [subject], clock())
    return result
