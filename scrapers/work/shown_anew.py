"""Rows that do not show what was recorded, made anew from it.

`paidforby maintain --show-anew` calls it. Copies follow by the change sequence.
"""

from datetime import datetime

from sqlalchemy import Engine, insert, update
from sqlmodel import Session

from archive.errors import EvidenceError
from archive.ingest.ads.asked_countries import list_asked_sources, note_sighted
from archive.models import Disclosure, PublicAd
from archive.models.changes import ChangeKind
from archive.reading.hashed_rows import check_hashes
from archive.reading.shown_rows import DifferingRow, Shown, compare_rows, find_differing
from archive.store.bulk import table_of
from archive.store.changes import append_changes
from archive.store.database import read, write
from archive.store.ledger.checking import check_ledger
from config.counts import write_count

CHANGED: dict[type[Shown], ChangeKind] = {
    PublicAd: ChangeKind.AD_CONTENT,
    Disclosure: ChangeKind.DISCLOSURE,
}


def show_anew(engine: Engine, now: datetime) -> list[str]:
    """Put in the place of each row that differs what was recorded; gives what each had been.

    What cannot be read stays as it is.

    Raises:
        EvidenceError: if versions are not what the ledger holds, or numbers not of their hash: they would be
            shown.
    """
    with read(engine) as session:
        recorded = check_ledger(session, None, lambda _: None)
    check_hashes(engine, recorded, lambda _: None)
    if not recorded.ok:
        raise EvidenceError(f"nothing is shown anew: {recorded.bad[0]}; compare with a backup")
    with write(engine) as session:
        noted = {each: note_sighted(session, each, now) for each in list_asked_sources(session)}
    told = [
        f"{source}: for which country it was asked when it gave {write_count(ads, 'ad')}"
        for source, ads in noted.items()
        if ads
    ]
    for _, differing in find_differing(engine):
        if differing:
            with write(engine) as session:
                told += _show(session, differing[0].table, [row.id for row in differing], now)
    return told


def _show(session: Session, shown: type[Shown], ids: list[int], now: datetime) -> list[str]:
    """Compare once more, now that nobody else writes, and write."""
    table = table_of(shown)
    rows: list[DifferingRow] = [row for row in compare_rows(session, shown, ids) if row.recorded]
    for row in rows:
        values = row.recorded or {}
        place = update(table).where(table.c.id == row.id) if row.is_there else insert(table)
        session.connection().execute(place.values(**values))
    append_changes(session, CHANGED[shown], [row.id for row in rows], now)
    return [row.tell() for row in rows]
