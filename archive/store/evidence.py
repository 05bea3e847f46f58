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

from archive.models import Capture, MediaFile, QuarantinedPiece, Run
from archive.models.runs import RunKind
from archive.records.escaping import escape_text
from archive.store.blobs import BlobStore
from archive.store.checking import MOST_NAMED, ArchiveCheck, TellDone
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
                origin = _tell_origin(engine, sha256) if len(check.bad) < MOST_NAMED else ""
                check.note_bad(f"{row}: its evidence {sha256} is {what}{origin}")
            check.checked += 1
            tell(1)
    return check


def _tell_origin(engine: Engine, sha256: str) -> str:
    """Which run had these bytes from where: who has the file still can bring them back."""
    query = select(Capture, Run).where(Capture.sha256 == sha256, Capture.run_id == Run.id)
    with read(engine) as session:
        found = session.exec(query.order_by(col(Capture.id).desc()).limit(1)).first()
        if found is None:
            return ""
        capture, run = found
        told = f"; run {run.id} had it from {escape_text(capture.url)} on {capture.fetched_at:%Y-%m-%d}"
        again = f", which brings it back: paidforby import {capture.source} FILE"
        return f"{told}{again}" if run.kind == RunKind.IMPORT else told
