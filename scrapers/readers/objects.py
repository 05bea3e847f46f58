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
from typing import IO, Any, NoReturn

from archive.bounds import JSON_DEPTH, JSON_DOCUMENT, JSON_OBJECT, JSON_PARTS, Bound
from archive.records import Unreadable
from scrapers.readers.files import BREAKING_ERRORS, BoundError, SourceFile

SMALL = 64 << 10
"""Below it no text has more parts than memory should hold."""
READ_AT_ONCE = 1 << 20
LONGEST_SIGN = 16
"""Characters that a word, number or escape may lack at the end of what is held, and some to spare."""
NOT_UTF_8 = "the text is not UTF-8"

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LIST_START = re.compile(r'\s*(?:\{\s*"data"\s*:\s*)?\[')
BETWEEN_ITEMS = re.compile(r"[\s,]*")


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
    """The objects of a file in order: one alone, a list, a list under `data`, or one a line."""
    try:
        with file.open() as stream:
            for row in _read_stream(file.name, stream):
                file.reached.characters += len(row.raw)
                yield row
    except BREAKING_ERRORS as error:
        yield Unreadable(file=file.name, reason=f"the file breaks off here ({error})")


def _read_stream(name: str, stream: IO[bytes]) -> Iterator[ObjectRow | Unreadable]:
    """Every line of JSON Lines as a document of its own, or all as one."""
    first = stream.readline(JSON_OBJECT.most + 1).removeprefix(BYTE_ORDER_MARK)
    shown = first.strip()
    is_list = LIST_START.match(first[:READ_AT_ONCE].decode(errors="replace"))
    is_cut = len(first) > JSON_OBJECT.most
    if shown.startswith(b"{") and (not is_list if is_cut else shown.endswith(b"}")):
        yield from _read_line(name, 1, first, stream)
        line = 1
        while data := stream.readline(JSON_OBJECT.most + 1):
            line += 1
            if data.strip():
                yield from _read_line(name, line, data, stream)
    elif is_list:
        yield from _read_list(name, 1, first, stream)
    else:
        yield from _read_document(name, 1, first + stream.read(JSON_DOCUMENT.most))


def _read_line(
    name: str, line: int, data: bytes, stream: IO[bytes]
) -> Iterator[ObjectRow | Unreadable]:
    """What a line says; of one that is too long the rest is passed over."""
    if len(data) > JSON_OBJECT.most:
        rest = data
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(READ_AT_ONCE)
        yield Unreadable(file=name, line=line, reason=JSON_OBJECT.tell())
    elif LIST_START.match(data[:READ_AT_ONCE].decode(errors="replace")):
        yield from _read_list(name, line, data, io.BytesIO())
    else:
        yield from _read_document(name, line, data)


def _read_document(name: str, line: int, data: bytes) -> Iterator[ObjectRow | Unreadable]:
    try:
        check_size(data)
        value = DECODER.decode(data.decode())
    except BoundError as error:
        yield Unreadable(file=name, line=line, reason=str(error))
        return
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        yield Unreadable(file=name, line=line, reason=NOT_UTF_8, raw=data)
        return
    except (ValueError, RecursionError) as error:
        yield Unreadable(file=name, line=line, reason=_explain(error), raw=data)
        return
    listed = value.get("data") if isinstance(value, dict) else None
    for item in listed if isinstance(listed, list) else [value]:
        yield _check_object(name, line, item, data)


@dataclass
class _Window:
    """The text of a file from a place on, as far as it is held."""

    start: IO[bytes]
    stream: IO[bytes]
    text: str = ""
    # A byte that is no UTF-8 harms the object it stands in, and no other.
    decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("surrogateescape")
    )

    def grow(self, position: int) -> bool:
        """Hold as much again as what stands behind a place, and forget the rest; `False` at the end."""
        size = max(READ_AT_ONCE, len(self.text) - position)
        data = self.start.read(size) or self.stream.read(size)
        more = self.decoder.decode(data, final=not data)
        if data:
            self.text = self.text[position:] + more
        return bool(data)


def _read_list(
    name: str, line: int, start: bytes, stream: IO[bytes]
) -> Iterator[ObjectRow | Unreadable]:
    """The items of a list that a file begins with, up to its end or to where it breaks off."""
    window = _Window(io.BytesIO(start), stream)
    window.grow(0)
    opening = LIST_START.match(window.text)
    position = opening.end() if opening else 0
    line += window.text.count("\n", 0, position)
    while True:
        counted = position
        gap = BETWEEN_ITEMS.match(window.text, position)
        position = gap.end() if gap else position
        line += window.text.count("\n", counted, position)
        if window.text[position : position + 1] == "]":
            return
        try:
            item, end = DECODER.raw_decode(window.text, position)
        except (ValueError, RecursionError) as error:
            if _is_cut(error, window.text) and window.grow(position):
                position = 0
                try:
                    check_size(window.text, JSON_OBJECT)
                except BoundError as refusal:
                    yield Unreadable(file=name, line=line, reason=str(refusal))
                    return
                continue
            raw = window.text[position:].encode(errors="surrogateescape")
            yield Unreadable(file=name, line=line, reason=_explain(error), raw=raw)
            return
        yield _check_item(name, line, item, window.text[position:end])
        line += window.text.count("\n", position, end)
        position = end


def _is_cut(error: Exception, text: str) -> bool:
    """Whether a text that could not be decoded may be whole once more of it is held."""
    return isinstance(error, json.JSONDecodeError) and (
        error.msg.startswith("Unterminated string") or error.pos >= len(text) - LONGEST_SIGN
    )


def _check_item(name: str, line: int, item: object, text: str) -> ObjectRow | Unreadable:
    try:
        return _check_object(name, line, item, text.encode())
    except UnicodeEncodeError:
        raw = text.encode(errors="surrogateescape")
        return Unreadable(file=name, line=line, reason=NOT_UTF_8, raw=raw)


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
        if depth > JSON_DEPTH.most:
            return JSON_DEPTH.tell()
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
