"""Documents into the embedded engine's tables; the same document twice leaves what once leaves.

`search.embedded` calls it inside a write transaction.
"""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam
from sqlmodel import Session

from archive.store.bulk import StoredRow, insert_rows, update_rows
from archive.text.names import fold_name
from search.documents import SearchDocument
from search.filters import LIST_FILTERS, VALUE_FILTERS
from search.fts.tables import BETWEEN, TEXT_WEIGHTS, SearchTables
from search.fts.typos import note_terms
from search.word_lists import cut_lists


def write_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put whole documents in, replacing older ones."""
    delete_documents(session, tables, [document.ad_id for document in documents])
    add_documents(session, tables, documents)


def add_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put documents in of ads that are not there yet."""
    texts = [_text_row(document) for document in documents]
    insert_rows(session, tables.ad, tables.ad.c.keys(), _ad_rows(tables, documents))
    insert_rows(session, tables.text, tables.text.c.keys(), texts)
    listed = (row for document in documents for row in _visible_rows(document))
    insert_rows(session, tables.listed, ("ad_id", "name", "value"), listed)
    note_terms(session, tables, _list_terms(texts))


def move_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put new numbers in; texts are not indexed again."""
    update_rows(session, tables.ad, tables.ad.c.keys(), _ad_rows(tables, documents))


def delete_documents(session: Session, tables: SearchTables, ad_ids: Sequence[int]) -> None:
    """Take documents out; ids that are not there are no error."""
    if not ad_ids:
        return
    rows = [{"this_id": ad_id} for ad_id in ad_ids]
    connection = session.connection()
    for table, key in (
        (tables.ad, tables.ad.c.id),
        (tables.listed, tables.listed.c.ad_id),
        (tables.text, tables.text.c.rowid),
    ):
        connection.execute(table.delete().where(key == bindparam("this_id")), rows)


def _ad_rows(tables: SearchTables, documents: Iterable[SearchDocument]) -> list[StoredRow]:
    # The ad's number is the first column.
    _, *names = tables.ad.c.keys()
    return [(d.ad_id, *(_find_cell(d, name) for name in names)) for d in documents]


def _find_cell(document: SearchDocument, name: str) -> object:
    if name not in VALUE_FILTERS:
        return getattr(document, name)
    values = document.values.get(name)
    if name in LIST_FILTERS:
        return values and json.dumps(values, ensure_ascii=False)
    return values and values[0]


def _visible_rows(document: SearchDocument) -> Iterable[StoredRow]:
    for name in LIST_FILTERS:
        for value in document.values.get(name, ()):
            yield document.ad_id, name, value
    for name, names in document.former_names.items():
        for value in dict.fromkeys(map(fold_name, names)):
            yield document.ad_id, f"former_{name}", value


def _text_row(document: SearchDocument) -> StoredRow:
    """A row of the text index: the ad's number, then `TEXT_WEIGHTS` in their order."""
    lists = cut_lists(document)
    return (document.ad_id, *(" ".join(w or BETWEEN for w in lists[name]) for name in TEXT_WEIGHTS))


def _list_terms(texts: Iterable[StoredRow]) -> Iterable[str]:
    """The words of all texts but ids, each once."""
    found = (term for _, *fields, _ in texts for text in fields for term in text.split())
    return dict.fromkeys(term for term in found if term != BETWEEN)
