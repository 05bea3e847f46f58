"""What the embedded engine holds, row by row, and what it should hold of a document: to be compared.

`search.embedded` calls it for `paidforby index check`.
"""

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, Select, column, insert, select, table, union
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from archive.store.batches import cut_batches
from archive.store.bulk import StoredRow
from search.fts.tables import SearchTables
from search.fts.writer import ad_row, listed_rows, text_row
from search.indexed.documents import SearchDocument
from search.indexed.word_lists import cut_lists

ROWS_AT_ONCE = 1_000
BEFORE_ALL = -(2**63)
"""No row has this number; whatever is below zero is none of ours, and found all the same."""

AdRows = tuple[int, StoredRow | None, StoredRow | None, list[StoredRow]]
"""An ad's number, its row of the narrow table and of the texts, and what is listed of it."""


def spell_rows(document: SearchDocument) -> AdRows:
    """What the tables hold of a document."""
    number = document.ad_id
    lists = cut_lists(document)
    listed = sorted(listed_rows(number, document))
    return number, ad_row(number, document, lists), text_row(number, lists), listed


def read_rows(session: Session, tables: SearchTables, after: int) -> list[AdRows]:
    """What they do hold of the next ads above a number."""
    connection = session.connection()
    ids: list[int] = list(connection.execute(_select_next(tables, after)).scalars())
    ads: dict[int, StoredRow] = {}
    texts: dict[int, StoredRow] = {}
    listed: dict[int, list[StoredRow]] = defaultdict(list)
    for some in cut_batches(ids):
        for row in connection.execute(select(tables.ad).where(tables.ad.c.id.in_(some))):
            ads[row[0]] = tuple(row)
        for row in connection.execute(select(tables.text).where(tables.text.c.rowid.in_(some))):
            texts[row[0]] = tuple(row)
        for row in connection.execute(select(tables.listed).where(tables.listed.c.ad_id.in_(some))):
            listed[row[0]].append(tuple(row))
    return [(i, ads.get(i), texts.get(i), sorted(listed[i])) for i in ids]


def _select_next(tables: SearchTables, after: int) -> Select[Any]:
    """The next ads of which any table has a row; each is asked for so many, which its index finds."""
    keys = (tables.ad.c.id, tables.text.c.rowid, tables.listed.c.ad_id)
    some = [_select_some(key, after) for key in keys]
    found = union(*some).subquery()
    return select(found.c.id).order_by(found.c.id).limit(ROWS_AT_ONCE)


def _select_some(key: ColumnElement[int], after: int) -> Select[Any]:
    ids = select(key.label("id")).where(key > after).distinct().order_by(key).limit(ROWS_AT_ONCE)
    return select(ids.subquery())


def is_intact(session: Session, tables: SearchTables) -> bool:
    """Whether the indexes of words are those of the texts (SQLite documentation, FTS5, "integrity-check")."""
    try:
        for virtual in (tables.text, tables.trigram):
            itself: ColumnClause[str] = column(virtual.name)
            told = insert(table(virtual.name, itself)).values({itself: "integrity-check"})
            session.connection().execute(told)
    except DatabaseError as error:
        # Whose classes are all below it; it alone is said of a damaged file.
        if type(error) is not DatabaseError:
            raise
        return False
    return True
