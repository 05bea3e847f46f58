"""Tables as blocks of neighbouring lines, so that what stood there before is known by few hashes.

`scrapers.readers.matching` lays blocks beside those of the run before. A block ends where the length of
a line says so: lines that come or go above it move a block and do not change it.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import IO

LONGEST_LINE = 4 << 20
"""Bytes; a table with a longer line is read row by row."""

LONGEST_BLOCK = 2_000
"""Lines; only a table whose lines are all of one length has blocks as long."""

CHUNK_BYTES = 1 << 18

END_BITS = 15
"""A line ends its block when none of these bits is set in its length: one line in sixteen."""

OpenTable = Callable[[], IO[bytes]]


def hash_lines(key: bytes, lines: list[bytes]) -> str:
    """The hash of lines without their ends, in 32 hexadecimal digits.

    128 bits, because texts of one hash would hide a change; keyed, because whoever does not know what
    the digest begins with cannot make two such texts.
    """
    return sha256(b"\n".join((key, *lines))).hexdigest()[:32]


def cut_blocks(open_table: OpenTable) -> Iterator[list[bytes]]:
    """All lines of a table in order, as bytes without their ends.

    Raises:
        ValueError: if a line is longer than `LONGEST_LINE`.
        OSError: if the table cannot be unpacked.
    """
    waiting: list[bytes] = []
    for lines in _unpack_lines(open_table):
        start = 0
        for end in [at for at, line in enumerate(lines, 1) if not len(line) & END_BITS]:
            yield waiting + lines[start:end]
            waiting, start = [], end
        waiting += lines[start:]
        if len(waiting) > LONGEST_BLOCK:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _unpack_lines(open_table: OpenTable) -> Iterator[list[bytes]]:
    rest = b""
    with open_table() as packed:
        while chunk := packed.read(CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise ValueError("a line of the table is too long to be remembered")
            yield lines
    if rest:
        yield [rest]
