"""Names of some rows counted again: what was counted for a row last is taken off, what it bears now added.

`archive.names.following` calls it; who writes here holds the archive's only writing transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Table, and_, delete, func, select
from sqlmodel import Session, col

from archive.models import Name, NamedRow, NameSpelling, NameWord
from archive.names.bearing import COUNTED_AS, KINDS, Bearing, select_named
from archive.store.batches import cut_batches
from archive.store.bulk import (
    insert_rows,
    lay_out_ids,
    look_up_by_key,
    make_scratch,
    table_of,
    update_rows,
)
from archive.text.names import fold_name
from archive.text.words import list_other_spellings, split_words

COUNTS = ("ads", "statements", "filings", "registered")

Borne = tuple[int | None, ...]
"""The spelling that was counted of each of `KINDS`."""

Spelling = tuple[str, str]
"""A kind, and how a name of it is spelt; or the key of a name."""


def recount_rows(session: Session, bearing: Bearing, ids: Sequence[int]) -> None:
    """Count anew which names some rows of one table bear, each id given once."""
    wanted = lay_out_ids(session, "rows_to_count", ids)
    with look_up_by_key(session):
        before = _read_counted(session, bearing, wanted)
        now = _read_borne(session, bearing, wanted)
        moved = [id_ for id_ in ids if before.get(id_) != now.get(id_)]
        steps: Counter[int] = Counter()
        for id_ in moved:
            steps.subtract(filter(None, before.get(id_, ())))
            steps.update(filter(None, now.get(id_, ())))
        again = select(lay_out_ids(session, "rows_counted", (i for i in moved if i in before)).c.id)
        which = (col(NamedRow.what) == bearing.value, col(NamedRow.row_id).in_(again))
        session.connection().execute(delete(NamedRow).where(*which))
        rows = [(bearing.value, id_, *now[id_]) for id_ in moved if id_ in now]
        insert_rows(session, table_of(NamedRow), ("what", "row_id", *KINDS), rows)
        _add_to_spellings(session, COUNTED_AS[bearing], {key: n for key, n in steps.items() if n})


def _read_counted(session: Session, bearing: Bearing, wanted: Table) -> dict[int, Borne]:
    row = table_of(NamedRow).c
    query = select(row.row_id, *(row[kind] for kind in KINDS))
    query = query.join(wanted, wanted.c.id == row.row_id).where(row.what == bearing.value)
    return {row_id: tuple(borne) for row_id, *borne in session.connection().execute(query)}


def _read_borne(session: Session, bearing: Bearing, wanted: Table) -> dict[int, Borne]:
    """The spellings that rows bear now, by the rows' ids; new ones are written down."""
    query, id_ = select_named(bearing)
    plain = [kind.value for kind in KINDS]
    rows = session.connection().execute(query.where(id_.in_(select(wanted.c.id)))).all()
    borne = {
        row_id: [(kind, name) for kind, name in zip(plain, names, strict=True)]
        for row_id, *names in rows
    }
    spelt = {one for names in borne.values() for one in names if one[1] and fold_name(one[1])}
    known = _find_spellings(session, sorted(spelt))
    found = {row_id: tuple(map(known.get, names)) for row_id, names in borne.items()}
    return {row_id: ids for row_id, ids in found.items() if any(ids)}


def _find_spellings(session: Session, spelt: Sequence[Spelling]) -> dict[Spelling, int]:
    """Our id of each spelling; one nobody bore is written down, with its name."""
    table = table_of(NameSpelling)
    met = make_scratch(session, "met_spelling", [table.c.kind, table.c.spelling])
    insert_rows(session, met, ("kind", "spelling"), spelt)
    is_met = and_(table.c.kind == met.c.kind, table.c.spelling == met.c.spelling)
    query = select(table.c.kind, table.c.spelling, table.c.id).join_from(met, table, is_met)
    found = {(kind, name): id_ for kind, name, id_ in session.connection().execute(query)}
    new = [one for one in spelt if one not in found]
    if not new:
        return found
    names = _find_names(session, {(kind, fold_name(spelling)): None for kind, spelling in new})
    found |= _number(session, NameSpelling, new)
    rows = [(found[kind, s], names[kind, fold_name(s)], kind, s, 0, 0, 0, 0) for kind, s in new]
    insert_rows(session, table, ("id", "name_id", "kind", "spelling", *COUNTS), rows)
    _write_words(session, set(names.values()))
    return found


def _find_names(session: Session, keys: Collection[Spelling]) -> dict[Spelling, int]:
    """Our id of each name by its kind and key; one nobody bore is written down."""
    table = table_of(Name)
    met = make_scratch(session, "met_name", [table.c.kind, table.c.key])
    insert_rows(session, met, ("kind", "key"), keys)
    is_met = and_(table.c.key == met.c.key, table.c.kind == met.c.kind)
    query = select(table.c.kind, table.c.key, table.c.id).join_from(met, table, is_met)
    found = {(kind, key): id_ for kind, key, id_ in session.connection().execute(query)}
    new = _number(session, Name, [one for one in keys if one not in found])
    rows = [(id_, kind, key, "", 0, 0, 0, 0) for (kind, key), id_ in new.items()]
    insert_rows(session, table, ("id", "kind", "key", "name", *COUNTS), rows)
    return found | new


def _add_to_spellings(session: Session, count: str, steps: Mapping[int, int]) -> None:
    """Raise or lower one count of spellings; one that nobody bears any more goes."""
    if not steps:
        return
    table, place = table_of(NameSpelling), COUNTS.index(count)
    changed, gone, touched = [], [], set()
    query = select(table.c.id, table.c.name_id, *(table.c[name] for name in COUNTS))
    moved = lay_out_ids(session, "moved_spelling", steps)
    query = query.join(moved, moved.c.id == table.c.id)
    for id_, name_id, *counts in session.connection().execute(query).all():
        counts[place] += steps[id_]
        touched.add(name_id)
        if any(counts):
            changed.append((id_, counts[place]))
        else:
            gone.append(id_)
    update_rows(session, table, ("id", count), changed)
    for some in cut_batches(gone):
        session.connection().execute(delete(table).where(table.c.id.in_(some)))
    _sum_names(session, touched)
    if gone:
        _write_words(session, touched)


def _sum_names(session: Session, name_ids: Collection[int]) -> None:
    """Add up the spellings of names, and choose the commonest; a name without any goes."""
    spelt = table_of(NameSpelling).c
    by_name: defaultdict[int, list[tuple[str, list[int]]]] = defaultdict(list)
    touched = lay_out_ids(session, "touched_name", name_ids)
    query = select(spelt.name_id, spelt.spelling, *(spelt[name] for name in COUNTS))
    query = query.join(touched, touched.c.id == spelt.name_id)
    for id_, spelling, *counts in session.connection().execute(query):
        by_name[id_].append((spelling, counts))
    rows = [
        (id_, choose_spelling(of_it), *map(sum, zip(*(c for _, c in of_it), strict=True)))
        for id_, of_it in by_name.items()
    ]
    update_rows(session, table_of(Name), ("id", "name", *COUNTS), rows)
    for some in cut_batches([id_ for id_ in name_ids if id_ not in by_name]):
        session.connection().execute(delete(Name).where(col(Name.id).in_(some)))


def choose_spelling(spelt: Iterable[tuple[str, Sequence[int]]]) -> str:
    """The commonest of some spellings with their counts; of equally common ones the smallest."""
    return min(spelt, key=lambda one: (-sum(one[1]), one[0]))[0]


def _write_words(session: Session, name_ids: Collection[int]) -> None:
    """Write the words of names anew, from all their spellings."""
    spelt, table = table_of(NameSpelling).c, table_of(NameWord)
    respelt = lay_out_ids(session, "respelt_name", name_ids)
    of_them = table.c.name_id.in_(select(respelt.c.id))
    session.connection().execute(delete(table).where(of_them))
    query = select(spelt.name_id, spelt.spelling).join(respelt, respelt.c.id == spelt.name_id)
    rows = session.connection().execute(query).all()
    words = {(word, id_) for id_, spelling in rows for word in list_words(spelling)}
    insert_rows(session, table, ("word", "name_id"), sorted(words))


def list_words(spelling: str) -> set[str]:
    """The words by which a spelling is found, as search folds them."""
    return {word.term for word in split_words(spelling)} | {*list_other_spellings(spelling)}


def _number(
    session: Session, table: type[Name | NameSpelling], new: Sequence[Spelling]
) -> dict[Spelling, int]:
    """Ids for new rows."""
    newest = session.connection().scalar(select(func.max(col(table.id)))) or 0
    return {one: newest + place for place, one in enumerate(new, start=1)}
