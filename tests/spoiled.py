"""Files of the replica's sources with one value in each place made extreme, for tests of what may come."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrapers.replica.fixtures import FIXTURES

INSTANTS = (
    *("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("9999-12-31T23:59:59.999999Z", "0001-01-01 00:00:00", "12/31/9999", "99991231"),
)
NUMBERS = (str(2**63), str(-(2**63) - 1), "9" * 400, "1e400", "-0", "NaN")
TEXTS = ("\x1b[31m\x07", "a\0b", "\u202e\u2028\x85", "\ud800", "[\ud800]", "")
EXTREMES = (*INSTANTS, *NUMBERS, *TEXTS)
JSON_NUMBERS = (2**63, -(2**64), 10**400, True, [], {}, None)


def list_fixtures() -> Iterator[tuple[str, Path]]:
    """Files of each source's first day, one of each name."""
    for folder in sorted(FIXTURES.glob("*/day-1")):
        paths = sorted(
            (p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size
        )
        # Of tables each name, of the objects in one folder the largest.
        files = {p.name if p.suffix in {".csv", ".txt"} else p.parent: p for p in paths}
        for path in files.values():
            if not path.name.lower().startswith("readme"):
                yield folder.parent.name, path


def spoil(path: Path) -> Iterator[bytes]:
    """The file with an extreme value in each place of a row or an object in turn."""
    data = path.read_bytes()
    if data.lstrip()[:1] in (b"{", b"["):
        yield from _spoil_json(data)
    else:
        yield from _spoil_table(data.decode(), "|" if path.suffix == ".txt" else ",")


def _spoil_table(text: str, delimiter: str) -> Iterator[bytes]:
    """A file for each value, with it in another column of each row."""
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    head, row = rows[0], rows[-1]
    for value in EXTREMES:
        spoiled = [[*row[:at], value, *row[at + 1 :]] for at in range(len(row))]
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows([head, *spoiled])
        yield out.getvalue().encode(errors="surrogatepass")


def _spoil_json(data: bytes) -> Iterator[bytes]:
    first = data.splitlines()[0] if data.lstrip()[:1] == b"{" and b"\n{" in data else data
    document = _unwrap(json.loads(first))
    for place in list_places(document):
        for value in (*EXTREMES, *JSON_NUMBERS):
            copy = _unwrap(json.loads(first))
            inner = copy
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = value
            yield json.dumps(copy).encode()


def _unwrap(document: Any) -> Any:
    """What the source would send: the fixtures of two of them say beside it when."""
    if isinstance(document, dict) and "ads" in document:
        return {"data": document["ads"]}
    if isinstance(document, list) and "answer" in document[0]:
        return document[0]["answer"]
    return document


def list_places(
    value: object, before: tuple[str | int, ...] = ()
) -> Iterator[tuple[str | int, ...]]:
    """Where values stand; of a list its first item only."""
    inside = value.items() if isinstance(value, dict) else list(enumerate(value))[:1]
    for key, inner in inside:
        yield (*before, key)
        if isinstance(inner, dict | list):
            yield from list_places(inner, (*before, key))
