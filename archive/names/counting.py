"""Names of some rows counted again: what was counted for a row last is taken off, what it bears now added.

`archive.names.following` calls it; who writes here holds the archive's only writing transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from archive.models import Name, NamedRow, NameKind, NameSpelling, NameWord
from archive.names.bearing import COUNTED_AS, KINDS, Bearing, select_named
from archive.store.batches import cut_batches
from archive.store.bulk import insert_rows, table_of, update_rows
from archive.text.names import fold_name
from archive.text.words import list_other_spellings, split_words

COUNTS = ("ads", "statements", "filings", "registered")

Borne = tuple[int | None, ...]
"""The spelling that was counted of each of `KINDS`."""


def recount_rows(session: Session, bearing: Bearing, ids: Sequence[int]) -> None:
    """Count anew which names some rows of one table bear; `ids` are as many as one statement takes."""
    before, now = _read_counted(session, bearing, ids), _read_borne(session, bearing, ids)
    moved = [id_ for id_ in ids if before.get(id_) != now.get(id_)]
    if not moved:
        return
    steps: Counter[int] = Counter()
    for id_ in moved:
        steps.subtract(filter(None, before.get(id_, ())))
        steps.update(filter(None, now.get(id_, ())))
    which = (col(NamedRow.what) == bearing.value, col(NamedRow.row_id).in_(moved))
    session.connection().execute(delete(NamedRow).where(*which))
    rows = [(bearing.value, id_, *now[id_]) for id_ in moved if id_ in now]
    insert_rows(session, table_of(NamedRow), ("what", "row_id", *KINDS), rows)
    _add_to_spellings(session, COUNTED_AS[bearing], {key: n for key, n in steps.items() if n})


def _read_counted(session: Session, bearing: Bearing, ids: Sequence[int]) -> dict[int, Borne]:
    row = table_of(NamedRow).c
    query = select(row.row_id, *(row[kind] for kind in KINDS))
    query = query.where(row.what == bearing.value, row.row_id.in_(ids))
    return {row_id: tuple(borne) for row_id, *borne in session.connection().execute(query)}


def _read_borne(session: Session, bearing: Bearing, ids: Sequence[int]) -> dict[int, Borne]:
    """The spellings that rows bear now, by the rows' ids; new ones are written down."""
    query, id_ = select_named(bearing)
    rows = session.connection().execute(query.where(id_.in_(ids))).all()
    borne = {
        row_id: [name if name and fold_name(name) else None for name in names]
        for row_id, *names in rows
    }
    by_kind: dict[NameKind, dict[str, int]] = {}
    for place, kind in enumerate(KINDS):
        spelt = sorted({name for names in borne.values() if (name := names[place])})
        by_kind[kind] = _find_spellings(session, kind, spelt)
    return {
        row_id: tuple(by_kind[k][n] if n else None for k, n in zip(KINDS, names, strict=True))
        for row_id, names in borne.items()
        if any(names)
    }


def _find_spellings(session: Session, kind: NameKind, spelt: Sequence[str]) -> dict[str, int]:
    """Our id of each spelling; one nobody bore is written down, with its name."""
    found: dict[str, int] = {}
    for some in cut_batches(spelt):
        query = select(col(NameSpelling.spelling), col(NameSpelling.id))
        query = query.where(col(NameSpelling.kind) == kind, col(NameSpelling.spelling).in_(some))
        found |= dict(session.connection().execute(query).all())
    new = [name for name in spelt if name not in found]
    if not new:
        return found
    names = _find_names(session, kind, new)
    first = _next_id(session, NameSpelling)
    found |= {name: first + i for i, name in enumerate(new)}
    rows = [(found[s], names[fold_name(s)], kind.value, s, 0, 0, 0, 0) for s in new]
    insert_rows(
        session, table_of(NameSpelling), ("id", "name_id", "kind", "spelling", *COUNTS), rows
    )
    _write_words(session, set(names.values()))
    return found


def _find_names(session: Session, kind: NameKind, spelt: Iterable[str]) -> dict[str, int]:
    """Our id of the name of each spelling, by its key; one nobody bore is written down."""
    keys = list(dict.fromkeys(map(fold_name, spelt)))
    found: dict[str, int] = {}
    for some in cut_batches(keys):
        query = select(col(Name.key), col(Name.id))
        query = query.where(col(Name.kind) == kind, col(Name.key).in_(some))
        found |= dict(session.connection().execute(query).all())
    new = [key for key in keys if key not in found]
    first = _next_id(session, Name) if new else 0
    found |= {key: first + i for i, key in enumerate(new)}
    rows = [(found[key], kind.value, key, "", 0, 0, 0, 0) for key in new]
    insert_rows(session, table_of(Name), ("id", "kind", "key", "name", *COUNTS), rows)
    return found


def _add_to_spellings(session: Session, count: str, steps: Mapping[int, int]) -> None:
    """Raise or lower one count of spellings; one that nobody bears any more goes."""
    table, touched, gone = table_of(NameSpelling), set(), set()
    for some in cut_batches(list(steps)):
        query = select(table.c.id, table.c.name_id, *(table.c[name] for name in COUNTS))
        changed = []
        for id_, name_id, *counts in session.connection().execute(
            query.where(table.c.id.in_(some))
        ):
            counts[COUNTS.index(count)] += steps[id_]
            changed.append((id_, counts[COUNTS.index(count)]))
            touched.add(name_id)
            gone |= set() if any(counts) else {id_}
        update_rows(session, table, ("id", count), changed)
    for some in cut_batches(list(gone)):
        session.connection().execute(delete(table).where(table.c.id.in_(some)))
    _sum_names(session, touched)
    if gone:
        _write_words(session, touched)


def _sum_names(session: Session, name_ids: Collection[int]) -> None:
    """Add up the spellings of names, and choose the commonest; a name without any goes."""
    spelt = table_of(NameSpelling).c
    for some in cut_batches(list(name_ids)):
        by_name: defaultdict[int, list[tuple[str, list[int]]]] = defaultdict(list)
        query = select(spelt.name_id, spelt.spelling, *(spelt[name] for name in COUNTS))
        for id_, spelling, *counts in session.connection().execute(
            query.where(spelt.name_id.in_(some))
        ):
            by_name[id_].append((spelling, counts))
        rows = [
            (id_, choose_spelling(of_it), *map(sum, zip(*(c for _, c in of_it), strict=True)))
            for id_, of_it in by_name.items()
        ]
        update_rows(session, table_of(Name), ("id", "name", *COUNTS), rows)
        gone = [id_ for id_ in some if id_ not in by_name]
        session.connection().execute(delete(Name).where(col(Name.id).in_(gone)))


def choose_spelling(spelt: Iterable[tuple[str, Sequence[int]]]) -> str:
    """The commonest of some spellings with their counts; of equally common ones the smallest."""
    return min(spelt, key=lambda one: (-sum(one[1]), one[0]))[0]


def _write_words(session: Session, name_ids: Collection[int]) -> None:
    """Write the words of names anew, from all their spellings."""
    spelt, table = table_of(NameSpelling).c, table_of(NameWord)
    for some in cut_batches(sorted(name_ids)):
        session.connection().execute(delete(table).where(table.c.name_id.in_(some)))
        query = select(spelt.name_id, spelt.spelling).where(spelt.name_id.in_(some))
        words = {
            (word, id_)
            for id_, spelling in session.connection().execute(query)
            for word in list_words(spelling)
        }
        insert_rows(session, table, ("word", "name_id"), sorted(words))


def list_words(spelling: str) -> set[str]:
    """The words by which a spelling is found, as search folds them."""
    return {word.term for word in split_words(spelling)} | {*list_other_spellings(spelling)}


def _next_id(session: Session, table: type[Name | NameSpelling]) -> int:
    return (session.connection().scalar(select(func.max(col(table.id)))) or 0) + 1
