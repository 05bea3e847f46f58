"""Whether each row names rows that are there and holds values of its columns, and whether the file is sound.

Most references carry no constraint, because checking each row costs more than writing it
(docs/decisions/0004); here all are looked up at once. `paidforby verify` calls it.
"""

from collections.abc import Iterator

from sqlalchemy import Column, Table, func, select, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, SQLModel

import archive.models  # noqa: F401 (importing it registers every table)
from archive.store.checking import ArchiveCheck, TellDone
from archive.store.readable import find_unreadable

NAMED_OTHERWISE = {
    ("public_ad", "id"): "ad",
    ("public_ad", "version_id"): "ad_version",
    ("ad_media", "version_id"): "ad_version",
}
"""References whose column is not called `<table>_id`."""


def check_tables(session: Session, tell: TellDone) -> ArchiveCheck:
    """Look up what each row names, and read each value; on SQLite also the whole file for damage."""
    check = ArchiveCheck(name="tables")
    for fault in find_damage(session, "integrity_check"):
        check.note_bad(fault)
    for table in SQLModel.metadata.sorted_tables:
        try:
            _check_table(session, check, table)
        except DatabaseError as error:
            # Of the other tables there may be more to say.
            check.note_bad(f"{table.name}: could not be read to its end: {_tell_damage(error)}")
        tell(1)
    return check


def find_damage(session: Session, pragma: str) -> Iterator[str]:
    """What SQLite finds wrong with the pages of its file; PostgreSQL looks after its own.

    `integrity_check` compares indexes with rows too, which `quick_check` leaves out.
    """
    if session.connection().dialect.name != "sqlite":
        return
    try:
        for found in session.connection().scalars(text(f"PRAGMA {pragma}")):
            lines = [line for line in found.splitlines() if line and not line.startswith("***")]
            yield from (f"SQLite: {line}" for line in lines if line != "ok")
    except DatabaseError as error:
        yield f"SQLite: {_tell_damage(error)}"


def _tell_damage(error: DatabaseError) -> str:
    """What SQLite says of a damaged file; whatever else went wrong goes on."""
    if type(error) is not DatabaseError:
        raise error
    return str(error.orig)


def _check_table(session: Session, check: ArchiveCheck, table: Table) -> None:
    check.checked += _count(session, table)
    for told in find_unreadable(session, table):
        check.note_bad(told)
    for column, target in list_references(table):
        _check_reference(session, check, column, target)


def list_references(table: Table) -> Iterator[tuple[Column[object], Column[object]]]:
    """Each column that names a row of another table, and the key it names."""
    tables = SQLModel.metadata.tables
    for column in table.columns:
        for key in column.foreign_keys:
            yield column, key.column
        name = NAMED_OTHERWISE.get((table.name, column.name), column.name.removesuffix("_id"))
        is_named = name in tables and name != column.name and "id" in tables[name].c
        if is_named and not column.foreign_keys:
            yield column, tables[name].c.id


def _check_reference(
    session: Session, check: ArchiveCheck, column: Column[object], target: Column[object]
) -> None:
    named = target.table.alias("named")
    key = next(iter(column.table.primary_key))
    lost = (
        select(key, column.label("names"))
        .join_from(column.table, named, column == named.c[target.name], isouter=True)
        .where(column.is_not(None), named.c[target.name].is_(None))
    )
    for id_, names in session.connection().execute(lost):
        check.note_bad(
            f"{column.table.name} {id_}: its {column.name} {names} is no row of {target.table.name}"
        )


def _count(session: Session, table: Table) -> int:
    return session.connection().scalar(select(func.count()).select_from(table)) or 0
