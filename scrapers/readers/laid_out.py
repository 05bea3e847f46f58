"""What a look met in a table, laid out in its folder until the snapshot is made of it.

Plain text for DuckDB, a line a row: hashes, numbers, and refs without blanks, commas and quotes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scrapers.readers.blocks import hash_lines

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PLAIN_REF = re.compile(r"[!#-+\-.-:<-{}~]+")
"""An id without blanks, commas, semicolons, bars and quotes, so that ids can be listed and found."""


@dataclass(frozen=True)
class LaidOut:
    """The files about one table."""

    work: Path
    name: str

    @property
    def blocks(self) -> str:
        """Each block of the table in its order, as a table of SQL."""
        return read_plain(self._path("blocks"), number="BIGINT", hash="UUID")

    @property
    def lines(self) -> str:
        """Each line of the blocks that did not stand there before, as a table of SQL."""
        return read_plain(self._path("lines"), number="BIGINT", row="BIGINT", line="UUID")

    @property
    def again(self) -> str:
        """The ads of those of these lines that did stand there, as a table of SQL."""
        return read_plain(self._path("again"), line="UUID", ref="VARCHAR")

    @property
    def pieces(self) -> str:
        """What may be a ref in lines that are to be read, as a table of SQL."""
        return read_plain(self._path("pieces"), ref="VARCHAR")

    def exists(self) -> bool:
        """Whether the table was laid out at this look."""
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
        return found, row

    def keep_pieces(self, pieces: Iterable[str]) -> None:
        """Keep what may be a ref in lines that are to be read."""
        with self._path("pieces").open("w", encoding="ascii") as out:
            out.writelines(f"{piece}\n" for piece in pieces)

    def keep_again(self, connection: "DuckDBPyConnection", query: str) -> None:
        """Keep the rows of a query (`line`, `ref`) as `again`."""
        connection.execute(
            f"COPY ({query}) TO {quote(self._path('again'))} (FORMAT csv, HEADER false, QUOTE '')"
        )

    def remove(self) -> None:
        """Forget the table: what was laid out of it may be half a table."""
        for kind in ("blocks", "lines", "pieces", "again"):
            self._path(kind).unlink(missing_ok=True)

    def _path(self, kind: str) -> Path:
        return self.work / f"{self.name}.{kind}"


def find_laid_out(work: Path) -> Iterator[LaidOut]:
    """The tables that a look laid out."""
    return (LaidOut(work, path.stem) for path in sorted(work.glob("*.blocks")))


def read_plain(path: Path, **columns: str) -> str:
    """A file of plain rows as a table of SQL; an empty one where there is no file."""
    if not path.exists():
        empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
        return f"(SELECT {empty} WHERE false)"
    kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (
        f"read_csv({quote(path)}, auto_detect = false, header = false, quote = '', escape = '', "
        f"columns = {{{kinds}}})"
    )


def quote(path: Path) -> str:
    """A path as a text of SQL."""
    return "'{}'".format(str(path).replace("'", "''"))
