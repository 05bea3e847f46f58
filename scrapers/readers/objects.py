"""JSON as sources write it: objects with their lines, and what could not be read.

Spiders iterate `read_objects`; a list that breaks off gives its whole objects first. It is the
counterpart of `scrapers.readers.tables`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from archive.records import Unreadable
from scrapers.readers.files import BREAKING_ERRORS, SourceFile

MAX_DOCUMENT_BYTES = 512 << 20
"""One JSON text is held in memory; larger deliveries are JSON Lines."""

MAX_DEPTH = 40

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LIST_START = re.compile(r'\s*(?:\{\s*"data"\s*:\s*)?\[')
BETWEEN_ITEMS = re.compile(r"[\s,]*")
SPACE = re.compile(r"\s*")
BEFORE_VALUE = re.compile(r',\s*"(?P<name>(?:[^"\\]|\\.)*)"\s*:\s*')
ERROR_BESIDE = "an error stands beside the list, so the answer may not be whole"


@dataclass(frozen=True)
class ObjectRow:
    """One object of a file, by key."""

    line: int
    cells: dict[str, Any]
    raw: bytes


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# Numbers with a point stay as written: a share keeps its digits, and a ruined id shows.
DECODER = json.JSONDecoder(parse_float=str, parse_constant=_refuse_constant)


def looks_like_json(file: SourceFile) -> bool:
    """Whether a file begins as an object or a list does."""
    try:
        with file.open() as stream:
            start = stream.read(200)
    except BREAKING_ERRORS:
        return False
    return start.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")


def read_objects(file: SourceFile) -> Iterator[ObjectRow | Unreadable]:
    """The objects of a file in order: one alone, a list, one under `data`, several of these, one a line."""
    try:
        for line, data in _split_documents(file):
            yield from _read_document(file.name, line, data)
    except BREAKING_ERRORS as error:
        yield Unreadable(file=file.name, reason=f"the file breaks off here ({error})")


def _split_documents(file: SourceFile) -> Iterator[tuple[int, bytes]]:
    """The JSON texts of a file with their first lines: every line of JSON Lines, or all as one."""
    with file.open() as stream:
        first = stream.readline(MAX_DOCUMENT_BYTES).removeprefix(BYTE_ORDER_MARK)
        shown = first.strip()
        if shown.startswith(b"{") and shown.endswith(b"}"):
            yield 1, first
            for line, data in enumerate(stream, start=2):
                if data.strip():
                    yield line, data
        else:
            yield 1, first + stream.read(MAX_DOCUMENT_BYTES)


@dataclass
class _Cursor:
    """A place in a text, and the line it is on."""

    text: str
    line: int
    position: int = 0
    _counted: int = 0

    def skip(self, gap: re.Pattern[str] = SPACE) -> str:
        """Go over what a pattern takes; gives the character there, nothing at the end."""
        if found := gap.match(self.text, self.position):
            self.position = found.end()
        self.line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self.text[self.position : self.position + 1]

    def decode(self) -> tuple[Any, bytes]:
        """The value that begins here, and its bytes; goes behind it.

        Raises:
            ValueError: if there is none.
            RecursionError: if it is nested too deep.
        """
        begin = self.position
        value, self.position = DECODER.raw_decode(self.text, begin)
        return value, self.text[begin : self.position].encode()

    def break_off(self, name: str, reason: str) -> Unreadable:
        """What stands from here on, as one piece; goes to the end."""
        raw = self.text[self.position :].encode()
        self.position = len(self.text)
        return Unreadable(file=name, line=self.line, reason=reason, raw=raw)


def _read_document(name: str, line: int, data: bytes) -> Iterator[ObjectRow | Unreadable]:
    """The objects of one JSON text, or of several one behind the other, as pages saved together are."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        yield Unreadable(file=name, line=line, reason="the text is not UTF-8", raw=data)
        return
    cursor = _Cursor(text, line)
    while first := cursor.skip():
        if start := LIST_START.match(text, cursor.position):
            cursor.position = start.end()
            yield from _read_items(name, cursor)
            if first == "{" and cursor.position < len(text):
                yield from _read_beside(name, cursor)
        else:
            yield from _read_value(name, cursor)


def _read_value(name: str, cursor: _Cursor) -> Iterator[ObjectRow | Unreadable]:
    line = cursor.line
    try:
        value, raw = cursor.decode()
    except (ValueError, RecursionError) as error:
        yield cursor.break_off(name, _explain(error))
        return
    if not isinstance(value, dict):
        cursor.position -= len(raw.decode())
        yield cursor.break_off(name, "here stands something that is no object")
        return
    listed = value.get("data")
    if isinstance(listed, list) and "error" in value:
        yield Unreadable(file=name, line=line, field="error", reason=ERROR_BESIDE, raw=raw)
    for item in listed if isinstance(listed, list) else [value]:
        yield _check_object(name, line, item, raw)


def _read_items(name: str, cursor: _Cursor) -> Iterator[ObjectRow | Unreadable]:
    """The items of a list up to its end or to where it breaks off."""
    while cursor.skip(BETWEEN_ITEMS) != "]":
        try:
            item, raw = cursor.decode()
        except (ValueError, RecursionError) as error:
            yield cursor.break_off(name, _explain(error))
            return
        yield _check_object(name, cursor.line, item, raw)
    cursor.position += 1


def _read_beside(name: str, cursor: _Cursor) -> Iterator[Unreadable]:
    """What an object holds behind the list under `data`: an error there is put aside."""
    try:
        while cursor.skip() != "}":
            if not (key := BEFORE_VALUE.match(cursor.text, cursor.position)):
                yield cursor.break_off(name, "the object does not end here")
                return
            cursor.position = key.end()
            line = cursor.line
            _, raw = cursor.decode()
            if key["name"] == "error":
                yield Unreadable(file=name, line=line, field="error", reason=ERROR_BESIDE, raw=raw)
    except (ValueError, RecursionError) as error:
        yield cursor.break_off(name, _explain(error))
        return
    cursor.position += 1


def _explain(error: Exception) -> str:
    what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"the JSON is damaged or breaks off here ({what})"


def _check_object(name: str, line: int, item: object, raw: bytes) -> ObjectRow | Unreadable:
    if not isinstance(item, dict):
        reason = "a list of objects holds something else"
        return Unreadable(file=name, line=line, reason=reason, raw=raw)
    for key, value in item.items():
        if unfit := _find_unfit_text([key, value]):
            field = ascii(key)[1:81]
            return Unreadable(file=name, line=line, field=field, reason=unfit, raw=raw)
    return ObjectRow(line, item, raw)


def _find_unfit_text(value: object) -> str | None:
    """Why no database could hold a value, if so: NUL, half a character, endless nesting."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return f"is nested more than {MAX_DEPTH} deep"
        if isinstance(part, str):
            if "\0" in part:
                return "holds a NUL"
            if not part.isascii() and any("\ud800" <= c <= "\udfff" for c in part):
                return "holds half of a character (a lone surrogate)"
        elif isinstance(part, dict):
            waiting += [(inner, depth + 1) for pair in part.items() for inner in pair]
        elif isinstance(part, list):
            waiting += [(inner, depth + 1) for inner in part]
    return None
