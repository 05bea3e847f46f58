"""Documents into the embedded engine's tables; the same document twice leaves what once leaves.

`search.embedded` calls it inside a write transaction.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import bindparam
from sqlmodel import Session

from archive.store.bulk import StoredRow, insert_rows, update_rows
from search.documents import SearchDocument
from search.fts.tables import AD_COLUMNS, BETWEEN, TEXT_WEIGHTS, SearchTables
from search.fts.typos import note_terms
from search.query import LIST_FIELDS
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
    texts = [text_row(document) for document in documents]
    ads = [ad_row(document) for document in documents]
    insert_rows(session, tables.ad, tables.ad.c.keys(), ads)
    insert_rows(session, tables.text, tables.text.c.keys(), texts)
    listed = (row for document in documents for row in listed_rows(document))
    insert_rows(session, tables.listed, ("ad_id", "name", "value"), listed)
    note_terms(session, tables, _list_terms(texts))


def move_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put new numbers in; texts are not indexed again."""
    ads = [ad_row(document) for document in documents]
    update_rows(session, tables.ad, tables.ad.c.keys(), ads)


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


def ad_row(document: SearchDocument) -> StoredRow:
    """A row of the narrow table: the ad's number, then the other columns in their order."""
    return (document.ad_id, *(getattr(document, name) for name in AD_COLUMNS))


def listed_rows(document: SearchDocument) -> Iterator[StoredRow]:
    """Rows of the table of lists."""
    for name, field in LIST_FIELDS.items():
        for value in dict.fromkeys(getattr(document, field)):
            yield document.ad_id, name, value


def text_row(document: SearchDocument) -> StoredRow:
    """A row of the text index: the ad's number, then `TEXT_WEIGHTS` in their order."""
    lists = cut_lists(document)
    return (document.ad_id, *(" ".join(w or BETWEEN for w in lists[name]) for name in TEXT_WEIGHTS))


def _list_terms(texts: Iterable[StoredRow]) -> Iterable[str]:
    """The words of all texts but ids, each once."""
    found = (term for _, *fields, _ in texts for text in fields for term in text.split())
    return dict.fromkeys(term for term in found if term != BETWEEN)
