"""What a run met in a table, laid out in its folder until the snapshot is made of it.

Plain text for DuckDB, a line a row: hashes, numbers, and refs without blanks, commas and quotes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scrapers.readers.blocks import hash_lines

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

PLAIN_REF = re.compile(r"[!#-+\-.-:<-{}~]+")
"""An id without blanks, commas, semicolons, bars and quotes, so that ids can be listed and found."""


COLUMNS = {
    # Each block of the table in its order.
    "blocks": {"number": "BIGINT", "hash": "UUID"},
    # Each line of the blocks that did not stand there before.
    "lines": {"number": "BIGINT", "row": "BIGINT", "line": "UUID"},
    # The ads of those of these lines that did stand there, in other blocks.
    "again": {"line": "UUID", "ref": "VARCHAR"},
    # What may be a ref in lines that are to be read.
    "pieces": {"ref": "VARCHAR"},
}
"""The files about a table, by their endings."""


@dataclass(frozen=True)
class LaidOut:
    """The files about one table."""

    work: Path
    name: str

    def exists(self) -> bool:
        """Whether the table was laid out at this run."""
        return self._path("blocks").exists()

    def write(
        self, blocks: Iterable[list[bytes]], key: bytes, known: Mapping[str, str]
    ) -> tuple[list[str | None], int]:
        """Lay a table out; gives the refs of each block that is known, and the number of lines."""
        found, row = list[str | None](), 0
        with (
            self._path("blocks").open("w", encoding="ascii") as all_blocks,
            self._path("lines").open("w", encoding="ascii") as new_lines,
        ):
            for number, lines in enumerate(blocks):
                block = hash_lines(key, lines)
                all_blocks.write(f"{number},{block}\n")
                refs = known.get(block)
                if refs is None:
                    hashes = (hash_lines(key, [line]) for line in lines)
                    new_lines.writelines(f"{number},{at},{h}\n" for at, h in enumerate(hashes, row))
                found.append(refs)
                row += len(lines)
        self._path("again").touch()
        return found, row

    def keep_pieces(self, pieces: Iterable[str]) -> None:
        """Keep what may be a ref in lines that are to be read."""
        with self._path("pieces").open("w", encoding="ascii") as out:
            out.writelines(f"{piece}\n" for piece in pieces)

    def keep_again(self, again: "DuckDBPyRelation") -> None:
        """Keep the ads of lines that stood there before."""
        again.write_csv(str(self._path("again")), header=False, quotechar="")

    def show(self, connection: "DuckDBPyConnection", *kinds: str) -> None:
        """Let a connection ask these files, each under the name of its kind."""
        for kind in kinds:
            escape_text(connection, kind, self._path(kind), COLUMNS[kind])

    def remove(self) -> None:
        """Forget the table: what was laid out of it may be half a table."""
        for kind in COLUMNS:
            self._path(kind).unlink(missing_ok=True)

    def _path(self, kind: str) -> Path:
        return self.work / f"{self.name}.{kind}"


def find_laid_out(work: Path) -> Iterator[LaidOut]:
    """The tables that a run laid out."""
    return (LaidOut(work, path.stem) for path in sorted(work.glob("*.blocks")))


def escape_text(
    connection: "DuckDBPyConnection", name: str, path: Path, columns: dict[str, str]
) -> None:
    """Let a connection ask a file of plain rows under a name."""
    connection.read_csv(
        str(path), columns=columns, auto_detect=False, header=False, quotechar="", escapechar=""
    ).create_view(name)
