"""Whether what is shown of ads and filings is what was recorded of them.

`paidforby verify` and the nightly upkeep ask; `scrapers.work.shown_anew` mends what differs. A row is made
of its versions, numbers and vanished periods by the very code that restores it as of a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, select
from sqlmodel import Session

from archive.models import Ad, Disclosure, PublicAd
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import restore_ads
from archive.reading.as_of.past_money import restore_disclosures
from archive.reading.asked_rows import check_asked
from archive.reading.hashed_rows import check_hashes, check_standing
from archive.records.escaping import escape_text
from archive.store.bulk import table_of
from archive.store.checking import ArchiveCheck, TellDone, list_pages, look_at_each
from archive.store.database import read

Shown = PublicAd | Disclosure
Values = dict[str, Any]
"""The columns of one row, by name."""
Restore = Callable[[Session, Moment, Mapping[int, str]], Iterator[Values]]

SHOWN: Mapping[type[Shown], tuple[type[Ad | Disclosure], Restore]] = {
    PublicAd: (Ad, restore_ads),
    Disclosure: (Disclosure, restore_disclosures),
}
"""Each table that is shown: where ids and sources of all its rows stand, and its rows as recorded."""


class DifferingRow(NamedTuple):
    """A row that does not show what was recorded."""

    table: type[Shown]
    id: int
    fields: list[str]
    """Columns that differ."""
    recorded: Values | None
    """The row as it was recorded; `None`: nobody can tell."""
    is_there: bool = True

    def tell(self) -> str:
        """What is wrong, in a line that repeats no value."""
        name = f"{self.table.__tablename__} {self.id}"
        if self.recorded is None:
            return f"{name}: it, or what was recorded of it, cannot be read"
        ref = escape_text(f"{self.recorded['source']}:{self.recorded['ref']}")
        if not self.is_there:
            return f"{name} ({ref}): what was recorded is not shown"
        return f"{name} ({ref}): not shown as it was recorded: {', '.join(self.fields)}"


def check_shown(engine: Engine, tell: TellDone) -> ArchiveCheck:
    """Make each ad and filing anew from what was recorded, and compare it with the row that is shown.

    Numbers and statements, which are shown as they were recorded, are held against their hash.
    """
    check = ArchiveCheck(name="shown")
    for count, differing in find_differing(engine):
        for row in differing:
            check.note_bad(row.tell())
        check.checked += count
        tell(count)
    check_hashes(engine, check, tell)
    check_standing(engine, check)
    check_asked(engine, check)
    return check


def find_differing(engine: Engine) -> Iterator[tuple[int, list[DifferingRow]]]:
    """Some hundred rows after the other: how many were compared, and those that differ.

    Each page is read in a transaction of its own, which has ended when it is given.
    """
    for table, (named, _) in SHOWN.items():
        for ids in list_pages(engine, table_of(named)):
            with read(engine) as session:
                differing = compare_rows(session, table, ids)
            yield len(ids), differing


def compare_rows(session: Session, table: type[Shown], ids: Sequence[int]) -> list[DifferingRow]:
    """Those of some rows that differ from what was recorded."""

    def compare(some: Sequence[int]) -> list[DifferingRow]:
        return list(_compare(session, table, some))

    return look_at_each(ids, compare, lambda id_: DifferingRow(table, id_, [], None))


def _compare(session: Session, table: type[Shown], ids: Sequence[int]) -> Iterator[DifferingRow]:
    named, restore = SHOWN[table]
    own, identity = table_of(table), table_of(named)
    sourced = select(identity.c.id, identity.c.source).where(identity.c.id.in_(ids))
    query = select(own).where(own.c.id.in_(ids))
    shown = {row["id"]: row for row in session.connection().execute(query).mappings()}
    sources = {row.id: row.source for row in session.connection().execute(sourced)}
    recorded = {row["id"]: row for row in restore(session, NOW, sources)}
    session.expunge_all()
    for id_ in ids:
        is_there, row = id_ in shown, recorded.get(id_)
        fields = _list_differing(dict(shown[id_]), row) if is_there and row else []
        if row is None or fields or not is_there:
            yield DifferingRow(table, id_, fields, row, is_there)


def _list_differing(shown: Mapping[str, Any], recorded: Values) -> list[str]:
    return [
        name
        for name, value in shown.items()
        if value != recorded[name]
        # After a clock that was ahead, what was recorded last is not of the latest time.
        and not (name == "recorded_at" and value < recorded[name])
    ]
