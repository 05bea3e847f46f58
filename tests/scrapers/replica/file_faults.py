"""Faults of published files: the table or the zip that is served, changed on its way.

Only tests call these; `Fault("/snap/*", change_tables(drop_column("Spend")))` puts one in the way.
Each `Change` is a plain function of bytes, so that a test may also damage a file that lies on disk.
What sources have done of this is listed in the notes of their formats.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response

from archive.bounds import TABLE_RECORD
from scrapers.replica.faults import Act, AskReplica
from scrapers.replica.zips import name_member
from tests.scrapers.replica.http_faults import replace_body

Member = tuple[str, bytes]
"""A file in a zip: its name and its text."""

Change = Callable[[bytes], bytes]
Rows = list[list[str]]

ZIP_START = b"PK\x03\x04"
BOM = b"\xef\xbb\xbf"

RANGE_HEADERS = frozenset({b"range", b"if-range"})
CONDITION_HEADERS = frozenset({b"if-none-match", b"if-modified-since"})


def change_tables(change: Change, member: str = "*.csv") -> Act:
    """The file with this change, or those of a zip whose base name fits the pattern."""
    return change_file(lambda body: change_members(body, member, change))


def change_file(change: Change) -> Act:
    """The whole file changed, as if it lay so at the source: with a length and an ETag of its own."""

    async def act(request: Request, ask: AskReplica) -> Response:
        leave_out_headers(request, RANGE_HEADERS | CONDITION_HEADERS)
        honest = await ask()
        body = change(bytes(honest.body))
        answer = replace_body(honest, body)
        answer.headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return answer

    return act


def ignore_ranges() -> Act:
    """A server that knows no ranges: the whole file, whatever part was asked for."""

    async def act(request: Request, ask: AskReplica) -> Response:
        leave_out_headers(request, RANGE_HEADERS)
        answer = await ask()
        del answer.headers["Accept-Ranges"]
        return answer

    return act


def leave_out_headers(request: Request, names: frozenset[bytes]) -> None:
    """Let the replica not see these headers of a request."""
    headers = request.scope["headers"]
    request.scope["headers"] = [pair for pair in headers if pair[0].lower() not in names]


def change_members(body: bytes, member: str, change: Change) -> bytes:
    """A table changed; of a zip, the files whose base name fits the pattern."""
    if not body.startswith(ZIP_START):
        return change(body)
    return pack_members(
        (name, change(text) if fnmatchcase(PurePosixPath(name).name, member) else text)
        for name, text in read_members(body)
    )


def drop_member(member: str) -> Change:
    """A zip without the files whose base name fits the pattern."""
    return lambda body: pack_members(
        (name, text)
        for name, text in read_members(body)
        if not fnmatchcase(PurePosixPath(name).name, member)
    )


def put_in_folder(folder: str) -> Change:
    """A zip whose files lie in a folder, as Google's did until 2022."""
    return lambda body: pack_members(
        (f"{folder}/{name}", text) for name, text in read_members(body)
    )


def drop_column(name: str) -> Change:
    """A table without a column.

    The change raises ValueError if the table has no such column.
    """

    def change(rows: Rows) -> Rows:
        gone = rows[0].index(name)
        return [row[:gone] + row[gone + 1 :] for row in rows]

    return change_rows(change)


def add_column(name: str, value: str) -> Change:
    """A table with a further column, which holds the same value in each row."""
    return change_rows(
        lambda rows: [[*row, value if index else name] for index, row in enumerate(rows)]
    )


def rename_column(old: str, new: str) -> Change:
    """A table with another name over a column."""
    return change_rows(lambda rows: [[new if name == old else name for name in rows[0]], *rows[1:]])


def reverse_columns() -> Change:
    """A table with the same columns in another order."""
    return change_rows(lambda rows: [row[::-1] for row in rows])


def change_rows(change: Callable[[Rows], Rows]) -> Change:
    """A change of the rows of a table, the first of which names the columns; line ends stay."""

    def change_text(body: bytes) -> bytes:
        csv.field_size_limit(TABLE_RECORD.most)
        text = body.decode()
        line_end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
        written = io.StringIO(newline="")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        csv.writer(written, lineterminator=line_end).writerows(change(rows))
        return written.getvalue().encode()

    return change_text


def break_quotes(line: int) -> Change:
    """A quote that is opened in a line (the header is line 1) and never closed."""

    def change(body: bytes) -> bytes:
        lines = body.splitlines(keepends=True)
        lines[line - 1] = b'"' + lines[line - 1].replace(b'"', b"")
        return b"".join(lines)

    return change


def write_latin_1() -> Change:
    """A table in Latin-1, where UTF-8 was promised; what Latin-1 lacks becomes a question mark."""
    return lambda body: body.decode().encode("latin-1", errors="replace")


def write_crlf() -> Change:
    """The same table with other line ends: other bytes, and nothing new in them."""
    return lambda body: body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def repeat_bom(every: int = 500) -> Change:
    """A byte-order mark again every so many lines, as Meta's reports once had."""

    def change(body: bytes) -> bytes:
        lines = body.removeprefix(BOM).splitlines(keepends=True)
        return b"".join(line if index % every else BOM + line for index, line in enumerate(lines))

    return change


def cut_text(share: float) -> Change:
    """A table that ends after this share of its bytes, in a row, a cell or a letter."""
    return lambda body: body[: int(len(body) * share)]


def read_members(body: bytes) -> Iterator[Member]:
    """The files of a zip, in their order."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def pack_members(members: Iterable[Member]) -> bytes:
    """A zip of these files, in their order."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members:
            archive.writestr(name_member(name), text)
    return packed.getvalue()
