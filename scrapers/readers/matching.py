"""Which lines of a table stood there at the run before, and what is to be remembered of it.

`scrapers.readers.row_memory` asks when a table is opened. Blocks that stood there are known by their
hashes; of all other blocks DuckDB lays the lines beside those of the blocks that are gone. What this
look met is left in its folder, for `scrapers.readers.snapshots` to make the next snapshot of.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scrapers.readers.blocks import OpenTable, cut_blocks
from scrapers.readers.laid_out import PLAIN_REF, LaidOut
from scrapers.readers.snapshots import open_duckdb, show_snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINES_AT_ONCE = 5_000
"""Lines whose ads are looked up together."""


FIND_STOOD = "CREATE TEMP TABLE stood AS SELECT * FROM before WHERE tbl = $table"

FIND_MOVED = """CREATE TEMP TABLE moved AS SELECT line, min(ref) AS ref FROM (
    SELECT unnest(lines) AS line, unnest(string_split(refs, ' ')) AS ref
    FROM stood ANTI JOIN blocks USING (hash)
) GROUP BY line"""
"""The lines of blocks that are gone."""

FIND_AGAIN = """CREATE TEMP TABLE found AS SELECT number, row, line, coalesce(ref, '') AS ref
    FROM lines LEFT JOIN moved USING (line)"""
"""Those of them that stand in new blocks."""

SPAN_LENGTHS = """SELECT min(length(ref)), max(length(ref))
    FROM (SELECT unnest(string_split(refs, ' ')) AS ref FROM stood) WHERE ref <> ''"""

FIND_CONTRADICTED = """SELECT DISTINCT ref
    FROM (SELECT unnest(string_split(refs, ' ')) AS ref FROM stood) SEMI JOIN pieces USING (ref)"""


class LineRange(NamedTuple):
    """Neighbouring lines that stood in the table before, by the refs of their ads."""

    first_line: int
    refs: list[str]


@dataclass(frozen=True)
class Matched:
    """What of a table stood there before, and how many lines it has now."""

    blocks: list[str]
    """For each block the refs of its lines with blanks between them, empty for lines to be read."""
    lines: int
    contradicted: Collection[str]
    """Ads of which another line is to be read: rows of one ad are read together."""

    def list_row_ranges(self) -> Iterator[LineRange]:
        """The known lines in their order, cut where it pays to look up."""
        first_line, refs = 1, list[str]()
        for block in self.blocks:
            refs += block.split(" ")
            if len(refs) >= LINES_AT_ONCE:
                yield from self._cut(first_line, refs)
                first_line, refs = first_line + len(refs), []
        yield from self._cut(first_line, refs)

    def _cut(self, first_line: int, refs: list[str]) -> Iterator[LineRange]:
        """The known lines of some, cut at the other lines, which have no ref."""
        if self.contradicted:
            refs = ["" if ref in self.contradicted else ref for ref in refs]
        start, refs = 0, [*refs, ""]
        while start < len(refs):
            end = refs.index("", start)
            if end > start:
                yield LineRange(first_line + start, refs[start:end])
            start = end + 1


NOTHING = Matched([], 0, ())


def match_table(before: Path, key: bytes, laid_out: LaidOut, open_table: OpenTable) -> Matched:
    """The lines of a table that the snapshot holds.

    Only records of one line are in snapshots: one whose cells hold line breaks is read at every run.

    Raises:
        ValueError: if a line of the table is too long.
        OSError: if the table cannot be unpacked or there is no room, or DuckDB's own error.
    """
    with open_duckdb(laid_out.work) as connection:
        show_snapshot(connection, "before", before)
        connection.execute(FIND_STOOD, {"table": laid_out.name})
        stood = connection.execute("SELECT replace(hash::VARCHAR, '-', ''), refs FROM stood")
        known = dict(stood.fetchall())
        if not known:
            return NOTHING
        refs_of_known, lines = laid_out.write(cut_blocks(open_table), key, known)
        refs_of_new = _match_lines(connection, laid_out)
        blocks = [
            refs_of_new[number] if refs is None else refs
            for number, refs in enumerate(refs_of_known)
        ]
        laid_out.keep_pieces(_list_pieces(open_table, blocks, _span_lengths(connection)))
        return Matched(blocks, lines, _find_contradicted(connection, laid_out))


def _match_lines(connection: "DuckDBPyConnection", laid_out: LaidOut) -> dict[int, str]:
    """For each block that did not stand there the refs of its lines that did, in other blocks."""
    laid_out.show(connection, "blocks", "lines")
    connection.execute(FIND_MOVED)
    connection.execute(FIND_AGAIN)
    laid_out.keep_again(connection.sql("SELECT DISTINCT line, ref FROM found WHERE ref <> ''"))
    query = "SELECT number, string_agg(ref, ' ' ORDER BY row) FROM found GROUP BY number"
    return dict(connection.execute(query).fetchall())


def _span_lengths(connection: "DuckDBPyConnection") -> range:
    """The lengths that the table's refs had; a block without any is in no snapshot."""
    ((least, most),) = connection.execute(SPAN_LENGTHS).fetchall()
    return range(least, most + 1)


def _has_gap(refs: str) -> bool:
    """Whether a line of a block has no ref."""
    return "  " in f" {refs} "


def _list_pieces(open_table: OpenTable, blocks: list[str], lengths: range) -> Iterator[str]:
    """What of the lines to be read looks like a ref: more than their cells, never fewer.

    The table is unpacked no further than to the last of these lines.
    """
    last = max((number for number, refs in enumerate(blocks) if _has_gap(refs)), default=-1)
    for refs, lines in zip(blocks[: last + 1], cut_blocks(open_table), strict=False):
        if _has_gap(refs):
            for ref, line in zip(refs.split(" "), lines, strict=True):
                found = [] if ref else PLAIN_REF.findall(line.decode("ascii", errors="replace"))
                yield from (piece for piece in found if len(piece) in lengths)


def _find_contradicted(connection: "DuckDBPyConnection", laid_out: LaidOut) -> set[str]:
    """Ads that may stand in a line that is to be read."""
    laid_out.show(connection, "pieces")
    return {ref for (ref,) in connection.execute(FIND_CONTRADICTED).fetchall()}
