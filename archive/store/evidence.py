"""Which blobs rows name, and whether each is there and is what its name says.

Backup copies them, `paidforby verify` checks them.
"""

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Engine, Text, cast, literal, union_all
from sqlmodel import Session, col, select

from archive.models import Capture, MediaFile, QuarantinedPiece
from archive.store.blobs import BlobStore
from archive.store.checking import ArchiveCheck, TellDone
from archive.store.database import read

ROWS_AT_ONCE = 1_000
NAMING = ((Capture, Capture.id), (QuarantinedPiece, QuarantinedPiece.id), (MediaFile, ""))
"""Tables whose `sha256` names a blob, each with its key; a kept file's key is that very hash."""


def list_named_blobs(session: Session) -> Iterator[tuple[str, str]]:
    """SHA-256 of every blob that a row names, once, in order, and the first row that does."""
    named = union_all(
        *(
            select(col(table.sha256), literal(table.__tablename__).label("table"), cast(key, Text))
            for table, key in NAMING
        )
    )
    query = named.order_by("sha256", "table")
    options = {"yield_per": ROWS_AT_ONCE}
    with closing(session.connection().execute(query, execution_options=options)) as rows:
        for sha256, same in groupby(rows, key=lambda row: row[0]):
            _, table, key = next(same)
            yield sha256, f"{table} {key}".strip()


def note_named_blobs(session: Session, names: IO[str]) -> None:
    """Write them into an open file, for who works long on each: no transaction need last as long."""
    for sha256, row in list_named_blobs(session):
        names.write(f"{sha256} {row}\n")
    names.seek(0)


def check_blobs(engine: Engine, store: BlobStore, tell: TellDone) -> ArchiveCheck:
    """Read every blob that a row names from the disk and compare it with its name."""
    check = ArchiveCheck(name="blobs")
    with TemporaryFile("w+") as names:
        with read(engine) as session:
            note_named_blobs(session, names)
        for line in names:
            sha256, row = line.rstrip("\n").split(" ", 1)
            if not store.is_whole(sha256):
                what = "damaged" if store.path_of(sha256).exists() else "not there"
                check.note_bad(f"{row}: its evidence {sha256} is {what}")
            check.checked += 1
            tell(1)
    return check
