"""JSON as sources write it: objects with their lines, and what could not be read.

Spiders iterate `read_objects`; a list that breaks off gives its whole objects first. It is the
counterpart of `scrapers.readers.tables`.
"""

import codecs
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from archive.bounds import JSON_DEPTH, JSON_DOCUMENT, JSON_OBJECT, JSON_PARTS, Bound
from archive.records import Unreadable
from scrapers.readers.files import BREAKING_ERRORS, BoundError, SourceFile

SMALL = 64 << 10
"""Below it no text has more parts than memory should hold."""
READ_AT_ONCE = 1 << 20
LONGEST_SIGN = 16
"""Characters that a word, number or escape may lack at the end of what is held, and some to spare."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LIST_START = re.compile(r'\s*(?:\{\s*"data"\s*:\s*)?\[')
BETWEEN_ITEMS = re.compile(r"[\s,]*")
SPACE = re.compile(r"\s*")
BEFORE_VALUE = re.compile(r',\s*"(?P<name>(?:[^"\\]|\\.)*)"\s*:\s*')
LONGEST_START = 1 << 12
"""Characters from a list's beginning, or a name's, within which it is told."""
ERROR_BESIDE = "an error stands beside the list, so the answer may not be whole"


@dataclass(frozen=True)
class ObjectRow:
    """One object of a file, by key."""

    line: int
    cells: dict[str, Any]
    raw: bytes


# Numbers with a point stay as written: a share keeps its digits, and a ruined id shows. So a float is NaN.
# A whole number of more digits than Python reads would end the file; as a text it harms its own object.
DECODER = json.JSONDecoder(
    parse_float=str,
    parse_int=lambda digits: int(digits) if len(digits) < 640 else digits,
    parse_constant=float,
)


def check_size(text: str | bytes, most: Bound = JSON_DOCUMENT) -> None:
    """See to it that a JSON text can be decoded within the memory meant for one.

    Raises:
        BoundError: if it is too long or has too many parts.
    """
    if len(text) > most.most:
        raise BoundError(most)
    if len(text) > SMALL:
        signs: Any = ("{", "[", ",") if isinstance(text, str) else (b"{", b"[", b",")
        if sum(map(text.count, signs)) > JSON_PARTS.most:
            raise BoundError(JSON_PARTS)


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
        with file.open() as stream:
            for row in _read_stream(file.name, stream):
                file.reached.characters += len(row.raw)
                yield row
    except BREAKING_ERRORS as error:
        yield Unreadable(file=file.name, reason=f"the file breaks off here ({error})")


def _read_stream(name: str, stream: IO[bytes]) -> Iterator[ObjectRow | Unreadable]:
    """Every line of JSON Lines for itself, or all as one text."""
    first = stream.readline(JSON_OBJECT.most + 1).removeprefix(BYTE_ORDER_MARK)
    is_cut = len(first) > JSON_OBJECT.most
    is_whole = (
        not LIST_START.match(first[:READ_AT_ONCE].decode(errors="replace"))
        if is_cut
        else first.rstrip().endswith(b"}")
    )
    if not (first.lstrip().startswith(b"{") and is_whole):
        yield from _read_text(name, _Cursor(1, io.BytesIO(first), stream))
        return
    data, line = first, 1
    while data:
        if data.strip():
            yield from _read_line(name, line, data.removeprefix(BYTE_ORDER_MARK), stream)
        data = stream.readline(JSON_OBJECT.most + 1)
        line += 1


def _read_line(
    name: str, line: int, data: bytes, stream: IO[bytes]
) -> Iterator[ObjectRow | Unreadable]:
    """What a line says; of one that is too long the rest is passed over."""
    if len(data) > JSON_OBJECT.most:
        rest = data
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(READ_AT_ONCE)
        yield Unreadable(file=name, line=line, reason=JSON_OBJECT.tell())
    else:
        yield from _read_text(name, _Cursor(line, io.BytesIO(data)))


class _TooLargeError(ValueError):
    """A value passes a bound; unlike `BoundError`, what stands around it may be read."""


@dataclass
class _Cursor:
    """A place in a text, as far as it is held, and the line it is on."""

    line: int
    start: IO[bytes]
    stream: IO[bytes] = field(default_factory=io.BytesIO)
    text: str = ""
    position: int = 0
    # A byte that is no UTF-8 harms the object it stands in, and no other.
    decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("surrogateescape")
    )

    def grow(self) -> bool:
        """Hold as much again as what stands from here on, and forget the rest; `False` at the end."""
        held = len(self.text) - self.position
        size = max(READ_AT_ONCE, min(held, JSON_OBJECT.most))
        data = self.start.read(size) or self.stream.read(size)
        self.text = self.text[self.position :] + self.decoder.decode(data, final=not data)
        self.position = 0
        return bool(data)

    def hold(self, characters: int) -> None:
        """Hold so many characters from here on, if there are so many."""
        while len(self.text) - self.position < characters and self.grow():
            pass

    def go_to(self, position: int) -> None:
        """Go on to a place in what is held."""
        self.line += self.text.count("\n", self.position, position)
        self.position = position

    def skip(self, gap: re.Pattern[str] = SPACE) -> str:
        """Go over what a pattern takes; gives the character there, nothing at the end."""
        while True:
            if found := gap.match(self.text, self.position):
                self.go_to(found.end())
            if self.position < len(self.text) or not self.grow():
                return self.text[self.position : self.position + 1]

    def decode(self, most: Bound = JSON_OBJECT) -> tuple[Any, str]:
        """The value that begins here, and its text; stays before it.

        Raises:
            ValueError: if there is none, or it is too long or has too many parts.
            RecursionError: if it is nested too deep.
        """
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.position)
                # Of a number the end that is held may not be its end.
                if isinstance(value, dict | list) or end < len(self.text) or not self.grow():
                    return value, self.text[self.position : end]
            except json.JSONDecodeError as error:
                if not (_is_cut(error, self.text) and self.grow()):
                    raise
            try:
                check_size(self.text, most)
            except BoundError as error:
                raise _TooLargeError(str(error)) from None

    def break_off(self, name: str, error: Exception) -> Unreadable:
        """What stands from here on, as one piece where no bound is passed; ends the text."""
        is_bound = isinstance(error, _TooLargeError)
        raw = b"" if is_bound else self.text[self.position :].encode(errors="surrogateescape")
        self.text, self.position, self.start, self.stream = "", 0, io.BytesIO(), io.BytesIO()
        reason = str(error) if is_bound else _explain(error)
        return Unreadable(file=name, line=self.line, reason=reason, raw=raw)


def _read_text(name: str, cursor: _Cursor) -> Iterator[ObjectRow | Unreadable]:
    """The objects of a text: of one JSON value, or of several one behind the other, as saved pages are."""
    try:
        while first := cursor.skip():
            cursor.hold(LONGEST_START)
            if start := LIST_START.match(cursor.text, cursor.position):
                cursor.go_to(start.end())
                yield from _read_items(name, cursor)
                if first == "{":
                    yield from _read_beside(name, cursor)
            else:
                yield from _read_value(name, cursor)
    except BREAKING_ERRORS:
        raise
    except (ValueError, RecursionError) as error:
        yield cursor.break_off(name, error)


def _read_value(name: str, cursor: _Cursor) -> Iterator[ObjectRow | Unreadable]:
    value, text = cursor.decode(JSON_DOCUMENT)
    if not isinstance(value, dict):
        raise ValueError("here stands no object")  # noqa: TRY004 (of the source's text, not of a call)
    listed = value.get("data")
    if isinstance(listed, list) and "error" in value:
        yield _hold_error(name, cursor.line, text)
    for item in listed if isinstance(listed, list) else [value]:
        yield _check_item(name, cursor.line, item, text)
    cursor.go_to(cursor.position + len(text))


def _read_items(name: str, cursor: _Cursor) -> Iterator[ObjectRow | Unreadable]:
    """The items of a list up to its end or to where it breaks off."""
    while cursor.skip(BETWEEN_ITEMS) != "]":
        item, text = cursor.decode()
        yield _check_item(name, cursor.line, item, text)
        cursor.go_to(cursor.position + len(text))
    cursor.go_to(cursor.position + 1)


def _read_beside(name: str, cursor: _Cursor) -> Iterator[Unreadable]:
    """What an object holds behind the list under `data`: an error there is put aside."""
    while cursor.skip() != "}":
        cursor.hold(LONGEST_START)
        if not (key := BEFORE_VALUE.match(cursor.text, cursor.position)):
            raise ValueError("the object does not end here")
        cursor.go_to(key.end())
        _, text = cursor.decode()
        if key["name"] == "error":
            yield _hold_error(name, cursor.line, text)
        cursor.go_to(cursor.position + len(text))
    cursor.go_to(cursor.position + 1)


def _hold_error(name: str, line: int, text: str) -> Unreadable:
    raw = text.encode(errors="surrogateescape")
    return Unreadable(file=name, line=line, field="error", reason=ERROR_BESIDE, raw=raw)


def _is_cut(error: Exception, text: str) -> bool:
    """Whether a text that could not be decoded may be whole once more of it is held."""
    return isinstance(error, json.JSONDecodeError) and (
        error.msg.startswith("Unterminated string") or error.pos >= len(text) - LONGEST_SIGN
    )


def _explain(error: Exception) -> str:
    what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"the JSON is damaged or breaks off here ({what})"


def _check_item(name: str, line: int, item: object, text: str) -> ObjectRow | Unreadable:
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raw = text.encode(errors="surrogateescape")
        return Unreadable(file=name, line=line, reason="the text is not UTF-8", raw=raw)
    if not isinstance(item, dict):
        reason = "a list of objects holds something else"
        return Unreadable(file=name, line=line, reason=reason, raw=raw)
    for key, value in item.items():
        if unfit := _find_unfit_text([key, value]):
            field = ascii(key)[1:-1][:80]
            return Unreadable(file=name, line=line, field=field, reason=unfit, raw=raw)
    return ObjectRow(line, item, raw)


def _find_unfit_text(value: object) -> str | None:
    """Why no database could hold a value, if so: NUL, half a character, endless nesting."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > JSON_DEPTH.most:
            return JSON_DEPTH.tell()
        if isinstance(part, str):
            if "\0" in part:
                return "holds a NUL"
            if not part.isascii() and any("\ud800" <= c <= "\udfff" for c in part):
                return "holds half of a character (a lone surrogate)"
        elif isinstance(part, float):
            return "NaN and Infinity are not JSON"
        elif isinstance(part, dict):
            waiting += [(inner, depth + 1) for pair in part.items() for inner in pair]
        elif isinstance(part, list):
            waiting += [(inner, depth + 1) for inner in part]
    return None
