"""How commands speak: aligned tables, one JSON document, plain errors, exit codes.

Every room's cli.py prints through here. Standard output carries the answer, standard error the rest.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from archive.errors import ArchiveError, QuestionError
from archive.records.escaping import escape_text
from archive.store.database import open_archive
from archive.store.outages import tell_cause
from archive.store.readable import is_unreadable
from config.logs import is_log_kept
from config.settings import Settings
from config.yaml_files import YamlFileError

logger = logging.getLogger(__name__)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]

DONE, FAILED, WRONG_USAGE, DONE_WITH_REMAINDERS = 0, 1, 2, 3
STOPPED = 130
"""As a shell tells of a program that Ctrl-C ended: 128 and the signal's number."""

STOPPED_MIDWAY = (
    "stopped; what was finished is kept, nothing is half-done: the same command goes on"
)

VERIFY = "to name it with its place, type: paidforby verify"

SECONDS_BETWEEN_LINES = 5.0
"""Of progress where there is no terminal."""

NOT_COUNTED = "–"
"""Stands in a column of numbers where a thing of this kind does not exist; what is none shows 0."""


def utc_now() -> datetime:
    """The clock, read at the front door and passed in from there."""
    return datetime.now(UTC)


def say(text: str = "") -> None:
    """A line of the answer."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """A line beside the answer; where a log is kept, one of the log."""
    _note(text, logging.INFO)


def note_error(text: str) -> None:
    """The same of what ends a command."""
    _note(text, logging.ERROR)


def _note(text: str, level: int) -> None:
    if is_log_kept():
        logger.log(level, "%s", text)
    else:
        sys.stderr.write(f"{text}\n")


def note_refused(errors: Iterable[YamlFileError]) -> None:
    """Name each file that cannot be used on a line of its own."""
    for error in errors:
        note_error(escape_text(str(error)))


def emit_json(value: object) -> None:
    """The answer as one JSON document."""
    say(json.dumps(value, indent=2, ensure_ascii=False, default=_encode))


def _encode(value: Any) -> object:  # noqa: ANN401 (whatever json cannot write itself)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def format_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Lines of an aligned table; columns of numbers stand to the right."""
    cells = [[_show(value) for value in row] for row in rows]
    is_number = [
        all(isinstance(row[i], int) or row[i] == NOT_COUNTED for row in rows) and bool(rows)
        for i in range(len(header))
    ]
    widths = [max(len(line[i]) for line in [list(header), *cells]) for i in range(len(header))]
    return [
        "   ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in [list(header), *cells]
    ]


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return format_time(value)
    return "" if value is None else escape_text(str(value))


def format_time(value: datetime) -> str:
    """A time for people, in UTC: `23 Nov 2026 07:20 UTC`."""
    return f"{value.astimezone(UTC):%d %b %Y %H:%M} UTC".removeprefix("0")


def open_or_exit(settings: Settings) -> Engine:
    """The archive, or a sentence that says how to fix it."""
    with plain_errors():
        return open_archive(settings)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what the archive refuses into a sentence and exit code 1, or 2 if it is the question.

    Whoever is stopped says so too, with exit code 130: what the interrupt carries, or that nothing is lost.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        note(str(stop) or STOPPED_MIDWAY)
        raise typer.Exit(STOPPED) from None
    except (OperationalError, ValueError, TypeError) as error:
        if is_unreadable(error):
            cause = escape_text(tell_cause(error))
            note_error(f"the database holds what cannot be read: {cause}; {VERIFY}")
        elif isinstance(error, OperationalError):
            note_error(f"the database does not answer: {tell_cause(error)}")
        else:
            raise
        raise typer.Exit(FAILED) from None
    except DatabaseError as error:
        # What SQLite says of a damaged file; classes below this one are faults of ours.
        if type(error) is not DatabaseError:
            raise
        note_error(
            f"the database cannot be read: {error.orig}; bring back a backup: paidforby restore"
        )
        raise typer.Exit(FAILED) from None
    except YamlFileError as error:
        note_refused(error.faults)
        raise typer.Exit(FAILED) from None
    except (ArchiveError, FileNotFoundError) as error:
        note_error(str(error))
        code = WRONG_USAGE if isinstance(error, QuestionError) else FAILED
        raise typer.Exit(code) from None


ReachStage = Callable[[str, int, int], None]
"""Told how far a stage of long work has come: its name, how much is done, of how much; 1 of 1 ends it."""


def reach_no_stage(_stage: str, _done: int, _of: int) -> None:
    """Where nobody watches."""


@contextmanager
def shown_stages(
    stages: Sequence[str], now: Callable[[], float] = monotonic
) -> Iterator[ReachStage]:
    """How far each stage has come, on standard error: bars on a terminal, else a line now and then."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _tell_now_and_then(now)
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(30),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bars:
        tasks = {s: bars.add_task(s, total=1, start=False, told="waiting") for s in stages}

        def reach(stage: str, done: int, of: int) -> None:
            bars.start_task(tasks[stage])
            bars.update(tasks[stage], completed=done, total=of, told=_tell_share(done, of))

        yield reach


def _tell_now_and_then(now: Callable[[], float]) -> ReachStage:
    told_at, begun = now(), set[str]()

    def reach(stage: str, done: int, of: int) -> None:
        nonlocal told_at
        if of > 1 and now() - told_at >= SECONDS_BETWEEN_LINES:
            told_at = now()
            begun.add(stage)
            note(f"{stage}: {_tell_share(done, of)}")
        elif of == 1 and stage in begun:
            # Else the last that is heard of it is some share of the whole.
            begun.remove(stage)
            note(f"{stage}: {_tell_share(done, of)}")

    return reach


def _tell_share(done: int, of: int) -> str:
    """Rounded down: only what is done is 100 %."""
    return f"{done * 100 // of:3} %, {done:,} of {of:,}" if of > 1 else "done"


def make_progress() -> Progress:
    """Progress over bytes, with rate and remaining time; silent where there is no terminal."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
