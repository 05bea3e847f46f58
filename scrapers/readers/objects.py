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
    """The objects of a file in order: one alone, a list, a list under `data`, or one a line."""
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


def _read_document(name: str, line: int, data: bytes) -> Iterator[ObjectRow | Unreadable]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        yield Unreadable(file=name, line=line, reason="the text is not UTF-8", raw=data)
        return
    if start := LIST_START.match(text):
        yield from _read_items(name, line, text, start.end())
        return
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        yield Unreadable(file=name, line=line, reason=_explain(error), raw=data)
        return
    listed = value.get("data") if isinstance(value, dict) else None
    for item in listed if isinstance(listed, list) else [value]:
        yield _check_object(name, line, item, data)


def _read_items(name: str, line: int, text: str, position: int) -> Iterator[ObjectRow | Unreadable]:
    """The items of a list from `position` on, up to its end or to where it breaks off."""
    counted = 0
    while True:
        gap = BETWEEN_ITEMS.match(text, position)
        position = gap.end() if gap else position
        line, counted = line + text.count("\n", counted, position), position
        if text[position : position + 1] == "]":
            return
        try:
            item, end = DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raw = text[position:].encode()
            yield Unreadable(file=name, line=line, reason=_explain(error), raw=raw)
            return
        yield _check_object(name, line, item, text[position:end].encode())
        position = end


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
