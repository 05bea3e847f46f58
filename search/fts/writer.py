"""Documents into the embedded engine's tables; the same document twice leaves what once leaves.

`search.embedded` calls it inside a write transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session

from search.documents import SearchDocument
from search.fts.tables import SearchTables
from search.fts.typos import note_terms
from search.query import LIST_FIELDS
from search.words import join_terms

Values = dict[str, Any]
"""The columns of one row, by name."""


def write_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put whole documents in, replacing older ones."""
    if not documents:
        return
    delete_documents(session, tables, [document.ad_id for document in documents])
    texts = [_text_row(document) for document in documents]
    listed = [row for document in documents for row in _visible_rows(document)]
    connection = session.connection()
    connection.execute(tables.ad.insert(), [_ad_row(tables, d) for d in documents])
    connection.execute(tables.shown.insert(), [_shown_row(d) for d in documents])
    connection.execute(tables.text.insert(), texts)
    if listed:
        connection.execute(tables.listed.insert(), listed)
    note_terms(session, tables, _list_terms(texts))


def move_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put new numbers in; texts are not indexed again."""
    if not documents:
        return
    connection = session.connection()
    for table, rows in (
        (tables.ad, [_ad_row(tables, d) for d in documents]),
        (tables.shown, [_shown_row(d) for d in documents]),
    ):
        names = [name for name in rows[0] if name != "id"]
        statement = table.update().where(table.c.id == bindparam("this_id"))
        values: Values = {name: bindparam(f"new_{name}") for name in names}
        moved = [{"this_id": r["id"], **{f"new_{n}": r[n] for n in names}} for r in rows]
        connection.execute(statement.values(values), moved)


def delete_documents(session: Session, tables: SearchTables, ad_ids: Sequence[int]) -> None:
    """Take documents out; ids that are not there are no error."""
    if not ad_ids:
        return
    rows = [{"this_id": ad_id} for ad_id in ad_ids]
    connection = session.connection()
    for table, key in (
        (tables.ad, tables.ad.c.id),
        (tables.shown, tables.shown.c.id),
        (tables.listed, tables.listed.c.ad_id),
        (tables.text, tables.text.c.rowid),
    ):
        connection.execute(table.delete().where(key == bindparam("this_id")), rows)


def _ad_row(tables: SearchTables, document: SearchDocument) -> Values:
    names = [column.name for column in tables.ad.c if column.name != "id"]
    return {"id": document.ad_id, **{name: getattr(document, name) for name in names}}


def _shown_row(document: SearchDocument) -> Values:
    return {"id": document.ad_id, "document": document.model_dump_json()}


def _visible_rows(document: SearchDocument) -> Iterable[Values]:
    for name, field in LIST_FIELDS.items():
        for value in dict.fromkeys(getattr(document, field)):
            yield {"ad_id": document.ad_id, "name": name, "value": value}


def _text_row(document: SearchDocument) -> Values:
    names = dict.fromkeys([document.advertiser, document.payer, document.sponsor])
    return {
        "rowid": document.ad_id,
        "title": join_terms(document.title),
        "body": join_terms(document.body),
        "names": join_terms("\n".join(name for name in names if name)),
        "landing": join_terms(document.landing),
        "id": join_terms(document.id),
    }


def _list_terms(texts: Iterable[Values]) -> Iterable[str]:
    fields = ("title", "body", "names", "landing")
    return dict.fromkeys(term for row in texts for f in fields for term in row[f].split())
