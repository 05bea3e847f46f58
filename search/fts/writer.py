"""Documents into the embedded engine's tables; the same document twice leaves what once leaves.

`search.embedded` calls it inside a write transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter

import orjson
from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from archive.store.batches import cut_batches
from archive.store.bulk import StoredRow, insert_rows, update_rows
from search.fts.tables import (
    BETWEEN,
    OWN_COLUMNS,
    TEXT_WEIGHTS,
    TOUCHES_KEPT,
    SearchTables,
    past_of,
)
from search.fts.typos import note_terms
from search.indexed.documents import SearchDocument
from search.indexed.moved import MOVING, MovedAd
from search.indexed.word_lists import APART, TEXTS, WordLists, cut_lists
from search.question.filters import LIST_FILTERS, VALUE_FILTERS, fold_value

_read_own = attrgetter(*OWN_COLUMNS)
_read_moved = attrgetter("ad_id", *MOVING)


def write_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put whole documents in, with the states before them, replacing older ones."""
    _delete_rows(session, tables, [document.ad_id for document in documents])
    since: dict[int, list[int]] = defaultdict(list)
    for document in documents:
        first = min((state.held_since for state in document.earlier), default=document.held_since)
        since[0 if document.replaces_earlier else first].append(document.ad_id)
    for at, ad_ids in since.items():
        _delete_states(session, tables, ad_ids, at)
    add_documents(session, tables, documents)


def add_documents(
    session: Session, tables: SearchTables, documents: Sequence[SearchDocument]
) -> None:
    """Put documents in of ads that are not there yet, with the states before them."""
    words = _add_rows(session, tables, [(document.ad_id, document) for document in documents])
    note_terms(session, tables, words)
    past = past_of(tables)
    earlier = [state for document in documents for state in document.earlier]
    if earlier:
        last = session.connection().execute(select(func.max(past.ad.c.id))).scalar() or 0
        numbered = list(enumerate(earlier, last + 1))
        _add_rows(session, past, numbered)
        _touch(session, past, [number for number, _ in numbered])


def _add_rows(
    session: Session, tables: SearchTables, numbered: Sequence[tuple[int, SearchDocument]]
) -> Iterable[str]:
    """Write documents under their numbers; gives the words of their texts, each once."""
    ads, texts = [], []
    words: dict[str, None] = {}
    for number, document in numbered:
        lists = cut_lists(document)
        ads.append(ad_row(number, document, lists))
        texts.append(text_row(number, lists))
        words |= dict.fromkeys(chain(*(lists[name] for name in TEXTS)))
    words.pop(APART, None)
    insert_rows(session, tables.ad, tables.ad.c.keys(), ads)
    insert_rows(session, tables.text, tables.text.c.keys(), texts)
    listed = (row for number, document in numbered for row in listed_rows(number, document))
    insert_rows(session, tables.listed, ("ad_id", "name", "value"), listed)
    return words


def move_documents(session: Session, tables: SearchTables, moved: Sequence[MovedAd]) -> None:
    """Put new figures in; texts are not indexed again, and since when they hold stays."""
    update_rows(session, tables.ad, ("id", *MOVING), list(map(_read_moved, moved)))
    _touch(session, tables, [ad.ad_id for ad in moved])


def delete_documents(session: Session, tables: SearchTables, ad_ids: Sequence[int]) -> None:
    """Take documents out, and the states before them; ids that are not there are no error."""
    if not ad_ids:
        return
    _delete_rows(session, tables, ad_ids)
    _delete_states(session, tables, ad_ids)


def _delete_states(
    session: Session, tables: SearchTables, ad_ids: Sequence[int], since: int = 0
) -> None:
    """Take out the earlier states of ads that began at a time or later."""
    past = past_of(tables)
    for some in cut_batches(ad_ids):
        rows = select(past.ad.c.id).where(past.ad.c.ad_id.in_(some), past.ad.c.held_since >= since)
        _delete_rows(session, past, session.connection().execute(rows).scalars().all())


def _delete_rows(session: Session, tables: SearchTables, numbers: Sequence[int]) -> None:
    if not numbers:
        return
    rows = [{"this_id": number} for number in numbers]
    connection = session.connection()
    for table, key in (
        (tables.ad, tables.ad.c.id),
        (tables.listed, tables.listed.c.ad_id),
        (tables.text, tables.text.c.rowid),
    ):
        connection.execute(table.delete().where(key == bindparam("this_id")), rows)
    _touch(session, tables, numbers)


def _touch(session: Session, tables: SearchTables, numbers: Sequence[int]) -> None:
    """Note that rows are written, for who holds them in memory."""
    touched = tables.touched
    insert_rows(session, touched, ("number",), ((number,) for number in numbers))
    last = select(func.max(touched.c.seq)).scalar_subquery()
    session.connection().execute(touched.delete().where(touched.c.seq <= last - TOUCHES_KEPT))


def ad_row(number: int, document: SearchDocument, lists: WordLists) -> StoredRow:
    """A row of the narrow table."""
    cells = (_spell_cell(name, document.values.get(name)) for name in VALUE_FILTERS)
    return (number, document.ad_id, *cells, *_read_own(document), *_weigh(lists))


def _spell_cell(name: str, values: list[str] | None) -> str | None:
    if not values:
        return None
    return orjson.dumps(values).decode() if name in LIST_FILTERS else values[0]


def _weigh(lists: WordLists) -> tuple[int, int]:
    """How many words the row of texts has, and what the weightiest counts, all its places together."""
    counted = Counter(chain(*(lists[name] * weight for name, weight in TEXT_WEIGHTS.items())))
    del counted[APART]
    return sum(map(len, lists.values())), max(counted.values(), default=0)


def listed_rows(number: int, document: SearchDocument) -> Iterator[StoredRow]:
    """Rows of the table of former names."""
    for name, names in document.former_names.items():
        for value in dict.fromkeys(fold_value(each) for each in names):
            yield number, f"former_{name}", value


def text_row(number: int, lists: WordLists) -> StoredRow:
    """A row of the text index: its number, then `TEXT_WEIGHTS` in their order."""
    return (number, *(" ".join(w or BETWEEN for w in lists[name]) for name in TEXT_WEIGHTS))
