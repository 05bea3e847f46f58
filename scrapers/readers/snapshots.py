"""Snapshots of tables: which lines stood there, kept as one small Parquet file a partition.

`scrapers.readers.row_memory` writes one when a look has ended well and asks at the next which lines of a
table stand there again; DuckDB answers. Nothing here knows what a line means. A snapshot is an aid: it may
be deleted at any time.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINES_AT_ONCE = 5_000
"""Lines whose ads are looked up together."""

LONGEST_LINE = 4 << 20
"""Bytes; a table with a longer line is read row by row."""

CHUNK_BYTES = 1 << 18

NO_QUOTES = "auto_detect = false, header = false, quote = '', escape = ''"
NOTED_OPTIONS = f"{NO_QUOTES}, columns = {{'tbl': 'VARCHAR', 'hash': 'UUID', 'ref': 'VARCHAR'}}"

KEEP_HASHES = "CREATE TEMP TABLE here AS SELECT text::UUID AS hash FROM {texts}"

DROP_CONTRADICTED = "UPDATE again SET ref = '', held = NULL WHERE ref IN (SELECT text FROM {texts})"
"""Leave out ads whose ref stands in a line that is to be read: rows of one ad are read together."""

CELL_ENDS = re.compile("[,;|\t]")

PLAIN_REF = re.compile(r"[!#-+\--~]+")
"""An id without blanks, commas and quotes, so that ids can be listed."""

ROOT = Path(__file__).parents[2]
READERS = ("archive", "config", "scrapers")


class Stretch(NamedTuple):
    """Neighbouring lines that stood in the table before, by the refs of their ads."""

    first_line: int
    refs: list[str]


class Matched(NamedTuple):
    """What of a table stood there before, and how many lines it has now."""

    stretches: list[Stretch]
    lines: int


NOTHING = Matched([], 0)


class SnapshotName(NamedTuple):
    """What the name of a snapshot says: the look it is of, and the key of its hashes."""

    run_id: int
    observed_at: datetime
    key: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """The name of a file.

        Raises:
            ValueError: if it is no snapshot.
        """
        run_id, microseconds, key = path.stem.split("_")
        at = datetime.fromtimestamp(0, UTC) + int(microseconds) * datetime.resolution
        return cls(int(run_id), at, key)

    def __str__(self) -> str:
        since = self.observed_at - datetime.fromtimestamp(0, UTC)
        return f"{self.run_id}_{since // datetime.resolution}_{self.key}.parquet"


def name_folder(home: Path, source: str, partition: str) -> Path:
    """Where a partition's snapshot lies; partitions may be called anything."""
    return home / "snapshots" / source / sha256(partition.encode()).hexdigest()[:16]


def find_snapshot(folder: Path) -> Path | None:
    """The newest snapshot in a folder."""
    return max(folder.glob("*_*_*.parquet"), key=lambda p: SnapshotName.of(p).run_id, default=None)


def make_key() -> str:
    """A new key for the hashes of a partition's lines."""
    return secrets.token_hex(16)


def hash_line(key: bytes, line: bytes) -> str:
    """The hash of a line without its end, in 32 hexadecimal digits.

    128 bits, because lines of one hash would hide a change; keyed, because whoever does not know what
    the digest begins with cannot make two such lines. DuckDB's own `hash()` will not do: one bit
    flipped in each of two letters eight bytes apart gave one hash under half of all keys.
    """
    return sha256(key + line).hexdigest()[:32]


@lru_cache(maxsize=4)
def hash_readers(own_config: Path) -> str:
    """The hash of all that decides what a row means: our code and configuration, the operator's."""
    digest = sha256()
    for folder in (*(ROOT / name for name in READERS), own_config):
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".yaml"} and path.is_file():
                digest.update(f"{path.relative_to(folder)}\n".encode(errors="surrogateescape"))
                digest.update(path.read_bytes())
    return digest.hexdigest()


def name_table(readers_sha256: str, file_name: str, columns: Iterable[str]) -> str:
    """What must be the same for a line to mean the same: its file, its columns and its readers."""
    return sha256("\n".join((readers_sha256, file_name, *columns)).encode()).hexdigest()[:16]


def write_snapshot(work: Path, before: Path | None, target: Path) -> None:
    """Make a snapshot of what a look noted (`noted.csv`) and, of the one before, what did not go.

    Ads that stood in several rows are left out: what the archive holds of them is the last row's.

    Raises:
        OSError: if there is no room, or DuckDB's own error.
    """
    part = work / "snapshot"
    with _open_duckdb(work) as connection:
        connection.execute("CREATE TEMP TABLE met (tbl VARCHAR, hash UUID, ref VARCHAR)")
        held = f"read_parquet({_quote(before)}) AS held" if before else ""
        for gone in sorted(work.glob("*.gone")):
            connection.execute(
                f"INSERT INTO met SELECT held.* FROM {held} "  # noqa: S608 (our own path)
                f"ANTI JOIN read_parquet({_quote(gone)}) USING (hash) WHERE tbl = '{gone.stem}'"
            )
        if (noted := work / "noted.csv").exists():
            connection.execute(f"INSERT INTO met FROM read_csv({_quote(noted)}, {NOTED_OPTIONS})")
        connection.execute(
            "COPY (WITH one AS (SELECT DISTINCT * FROM met) SELECT * FROM one "  # noqa: S608 (our own path)
            "ANTI JOIN (SELECT ref FROM one GROUP BY ref HAVING count(*) > 1) USING (ref) "
            f"ORDER BY tbl) TO {_quote(part)} (FORMAT parquet)"
        )
    former = set(target.parent.glob("*.parquet")) - {target}
    part.replace(target)
    for path in former:
        path.unlink()


def match_lines(
    snapshot: Path, table: str, open_table: Callable[[], IO[bytes]], work: Path
) -> Matched:
    """The lines of a table that the snapshot holds, in their order, cut where it pays to look up.

    Only records of one line are in snapshots: one whose cells hold line breaks is read at every look.
    What stood there and does not any more is kept in `work` for the next snapshot.

    Raises:
        ValueError: if a line is longer than `LONGEST_LINE`.
        OSError: if the table cannot be unpacked, or DuckDB's own error.
    """
    with _open_duckdb(work) as connection:
        stood = f"SELECT hash, ref FROM read_parquet({_quote(snapshot)}) WHERE tbl = '{table}'"  # noqa: S608 (our own hash)
        connection.execute(f"CREATE TEMP TABLE stood AS {stood}")
        if not _count(connection, "stood"):
            return NOTHING
        key = SnapshotName.of(snapshot).key.encode()
        _execute_on_pipe(connection, KEEP_HASHES, _list_hashes(open_table, key))
        connection.execute(
            "CREATE TEMP TABLE again AS SELECT here.rowid AS row, stood.rowid AS held, "
            "coalesce(ref, '') AS ref FROM here LEFT JOIN stood USING (hash)"
        )
        # The header is read in any case.
        if _count(connection, "again WHERE ref = ''") > 1:
            marks = _mark_read_lines(connection)
            _execute_on_pipe(connection, DROP_CONTRADICTED, _list_possible_refs(open_table, marks))
        connection.execute(
            "COPY (SELECT hash FROM stood ANTI JOIN again ON stood.rowid = held) "  # noqa: S608 (our own path)
            f"TO {_quote(work / f'{table}.gone')} (FORMAT parquet)"
        )
        return Matched(list(_list_stretches(connection)), _count(connection, "here"))


def _list_hashes(open_table: Callable[[], IO[bytes]], key: bytes) -> Iterator[list[str]]:
    for lines in _unpack_lines(open_table):
        yield [hash_line(key, line) for line in lines]


def _mark_read_lines(connection: "DuckDBPyConnection") -> Iterator[bool]:
    """For each line whether it is to be read."""
    query = "SELECT string_agg(if(ref = '', 'x', '-'), '' ORDER BY row) FROM again"
    (marks,) = connection.execute(query).fetchone() or ("",)
    return (mark == "x" for mark in marks)


def _list_possible_refs(
    open_table: Callable[[], IO[bytes]], marks: Iterator[bool]
) -> Iterator[list[str]]:
    """What may be the ref in the lines that are marked: any piece that looks like one.

    Whoever splits lines at each separator finds more than the cells, never fewer.
    """
    for lines in _unpack_lines(open_table):
        marked = (line for line, is_marked in zip(lines, marks, strict=False) if is_marked)
        pieces = (
            piece for line in marked for piece in CELL_ENDS.split(line.decode(errors="replace"))
        )
        bare = (piece.strip().strip('"').strip() for piece in pieces)
        yield list(filter(PLAIN_REF.fullmatch, bare))


def _unpack_lines(open_table: Callable[[], IO[bytes]]) -> Iterator[list[bytes]]:
    """The lines of a table as bytes without their ends, some at a time."""
    rest = b""
    with open_table() as packed:
        while chunk := packed.read(CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise ValueError("a line of the table is too long to be remembered")
            yield lines
    if rest:
        yield [rest]


def _execute_on_pipe(
    connection: "DuckDBPyConnection", query: str, texts: Iterator[list[str]]
) -> None:
    """Run a query over `{texts}` while they are made; they go through a pipe, one a line.

    Nothing is laid out on disk. Whichever end fails, the other one ends.
    """
    outlet, inlet = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(_send, texts, inlet)
        try:
            rows = f"read_csv('/dev/fd/{outlet}', {NO_QUOTES}, columns = {{'text': 'VARCHAR'}})"
            connection.execute(query.replace("{texts}", rows))
        finally:
            os.close(outlet)
    sent.result()


def _send(texts: Iterator[list[str]], inlet: int) -> None:
    with open(inlet, "w", encoding="ascii") as out:
        out.writelines("".join([f"{text}\n" for text in some]) for some in texts)


def _list_stretches(connection: "DuckDBPyConnection") -> Iterator[Stretch]:
    blocks = connection.execute(
        f"SELECT row // {LINES_AT_ONCE}, string_agg(ref, ' ' ORDER BY row) FROM again "  # noqa: S608 (our own number)
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    for block, refs in blocks:
        yield from _cut_block(block * LINES_AT_ONCE + 1, refs.split(" "))


def _cut_block(first_line: int, refs: list[str]) -> Iterator[Stretch]:
    """The known lines of a block, cut at the other lines, which have no ref."""
    start, refs = 0, [*refs, ""]
    while start < len(refs):
        end = refs.index("", start)
        if end > start:
            yield Stretch(first_line + start, refs[start:end])
        start = end + 1


def _open_duckdb(work: Path) -> "DuckDBPyConnection":
    """A database of its own in memory, which spills into the look's folder."""
    import duckdb  # noqa: PLC0415 (a tenth of a second that most commands need not spend)

    settings = {"memory_limit": "1GB", "temp_directory": str(work / "spill")}
    return duckdb.connect(config=settings)  # type: ignore[arg-type]


def _count(connection: "DuckDBPyConnection", rows: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()  # noqa: S608 (our own words)
    return int(row[0]) if row else 0


def _quote(path: Path) -> str:
    """A path as a text of SQL."""
    return "'{}'".format(str(path).replace("'", "''"))
