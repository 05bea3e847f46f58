"""How each process writes its log: a line for each record, as text or as JSON, with what repeats counted.

Whatever logs by the standard library goes this way, libraries too: of ours from `info` on, of theirs from
`warning` on. Fields given as `extra` stand in the line, and those of the run or request that is under way.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from textwrap import indent
from types import MappingProxyType
from typing import Any, TextIO

from config.counts import write_count
from config.escaping import escape_text

OURS = ("api", "archive", "config", "oversight", "paidforby", "scrapers", "search")

NUMBER = re.compile("0x[0-9a-f]+|[0-9]+")

SECONDS_COUNTED = 60
"""A warning that says the same again within them is counted, not written."""
MOST_COUNTED = 1_000
"""Different warnings that are remembered at a time."""

OF_A_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
"""What the library, or uvicorn for a terminal, puts into a record; the rest came as `extra`."""

UNDER_WAY: ContextVar[Mapping[str, object]] = ContextVar("under_way", default=MappingProxyType({}))

Clean = Callable[[str], str]
"""Takes out of a text what may stand in no log."""


class LogForm(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class LineFormatter(logging.Formatter):
    """Writes a record with its time (UTC), level, process, message and fields."""

    def __init__(self, form: LogForm, process: str, clean: Clean) -> None:
        super().__init__()
        self._form, self._process, self._clean = form, process, clean

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end; as text, a traceback stands below it, indented."""
        at = datetime.fromtimestamp(record.created, UTC)
        message = self._clean(record.getMessage())
        fields = {name: self._tell(value) for name, value in _list_fields(record).items()}
        error = self._clean(self.formatException(record.exc_info)) if record.exc_info else ""
        level = record.levelname.lower()
        if self._form is LogForm.JSON:
            head: dict[str, Any] = {
                "time": at.isoformat(),
                "level": level,
                "process": self._process,
            }
            head |= {"pid": record.process, "logger": record.name, "message": message}
            return json.dumps(
                head | fields | head | ({"error": error} if error else {}), default=str
            )
        told = " ".join([message, *(f"{name}={value}" for name, value in fields.items())])
        line = f"{at:%Y-%m-%d %H:%M:%S} UTC {level} {self._process}[{record.process}]: {escape_text(told)}"
        below = "\n".join(escape_text(each) for each in error.splitlines())
        return f"{line}\n{indent(below, '    ')}" if below else line

    def _tell(self, value: object) -> object:
        return self._clean(value) if isinstance(value, str) else value


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in OURS


def _list_fields(record: logging.LogRecord) -> dict[str, object]:
    given = {name: value for name, value in vars(record).items() if name not in OF_A_RECORD}
    return {**UNDER_WAY.get(), **given}


@dataclass
class Repeated:
    """A warning that was written, and how often it came again."""

    first: logging.LogRecord
    last_at: float
    times: int = 0


class LogHandler(logging.StreamHandler[TextIO]):
    """Writes to standard error; of a warning that comes again within a minute, how often it came.

    The count is told with the next line of any kind after that minute, or when the log ends.
    """

    def __init__(self, form: LogForm, process: str, clean: Clean) -> None:
        super().__init__()
        self.setFormatter(LineFormatter(form, process, clean))
        self._repeated: dict[tuple[str, int, str], Repeated] = {}

    @property
    def stream(self) -> TextIO:
        """Standard error as it is now."""
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """The library sets one when the handler is made."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Of libraries, warnings and worse."""
        return record.levelno >= logging.WARNING or _is_ours(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or count it."""
        try:
            self._tell_counted(lambda each: each.first.created + SECONDS_COUNTED <= record.created)
            if record.levelno >= logging.WARNING and self._count(record):
                return
        except Exception:  # noqa: BLE001 (as the library does: a log must not end what it tells of)
            self.handleError(record)
        super().emit(record)

    def close(self) -> None:
        """Tell what is still counted."""
        with self.lock or threading.RLock():
            self._tell_counted(lambda _each: True)
        super().close()

    def _count(self, record: logging.LogRecord) -> bool:
        """Whether the same was said just now."""
        text = record.getMessage()
        # A library's warning names its objects and times; one of ours says another thing with each number.
        key = record.name, record.levelno, text if _is_ours(record) else NUMBER.sub("0", text)
        said = self._repeated.get(key)
        if said:
            said.times, said.last_at = said.times + 1, record.created
        else:
            self._repeated[key] = Repeated(record, record.created)
            self._tell_counted(lambda _each: len(self._repeated) > MOST_COUNTED)
        return said is not None

    def _tell_counted(self, is_over: Callable[[Repeated], bool]) -> None:
        """Write how often the oldest came again, as long as `is_over` says that their time is over."""
        while self._repeated and is_over(next(iter(self._repeated.values()))):
            each = self._repeated.pop(next(iter(self._repeated)))
            if each.times:
                seconds = max(1, round(each.last_at - each.first.created))
                again = f"{write_count(each.times, 'time')} more in {seconds} s: {each.first.getMessage()}"
                told = {"msg": again, "args": None, "exc_info": None, "repeated": each.times}
                super().emit(
                    logging.makeLogRecord(vars(each.first) | told | {"created": each.last_at})
                )


@contextmanager
def kept_log(form: LogForm, process: str, clean: Clean = str) -> Iterator[None]:
    """Keep a log on standard error until the block ends; inside another one, in place of it.

    `process`: what its lines call this process. An error that ends the process stands in it too.
    """
    root = logging.getLogger()
    before = [each for each in root.handlers if isinstance(each, LogHandler)]
    for each in before:
        root.removeHandler(each)
    handler = start_log(form, process, clean)
    try:
        yield
    finally:
        root.handlers = [*(each for each in root.handlers if each is not handler), *before]
        logging.captureWarnings(bool(before))
        handler.close()


def start_log(form: LogForm, process: str, clean: Clean = str) -> LogHandler:
    """Keep a log as long as the process lives."""
    handler = LogHandler(form, process, clean)
    logging.getLogger().addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    # What Python and libraries warn of would stand between the lines as it is.
    logging.captureWarnings(True)
    # Asked when all blocks have ended.
    sys.excepthook = partial(_log_uncaught, handler)
    return handler


def _log_uncaught(
    handler: LogHandler, kind: type[BaseException], error: BaseException, trace: object
) -> None:
    values = {"name": "paidforby", "levelno": logging.CRITICAL, "levelname": "CRITICAL"}
    told = values | {"msg": "this process ends by an error", "exc_info": (kind, error, trace)}
    handler.emit(logging.makeLogRecord(told))


def is_log_kept() -> bool:
    """Whether lines of this process stand in a log, which wants no other lines between them."""
    return any(isinstance(each, LogHandler) for each in logging.getLogger().handlers)


@contextmanager
def under_way(**fields: object) -> Iterator[None]:
    """Let every line say what it belongs to (`run`, `request_id`), until the block ends."""
    before = UNDER_WAY.set({**UNDER_WAY.get(), **fields})
    try:
        yield
    finally:
        UNDER_WAY.reset(before)
