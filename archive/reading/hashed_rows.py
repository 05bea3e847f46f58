"""Whether numbers and statements are what their sources said: each has the hash that it was taken in with.

No leaf of the ledger stands for them. `archive.reading.shown_rows` calls it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, Table, and_, exists, func, select
from sqlmodel import Session, SQLModel

from archive.ingest.rows import NUMBER_KEYS
from archive.ingest.spending.statements import NOT_SAID
from archive.models import AdMetric, Advertiser, AdvertiserName, AdvertiserSpend, Committee
from archive.records import AdvertiserSpendRecord, CommitteeRecord
from archive.records.canonical import hash_json
from archive.records.escaping import escape_text
from archive.records.shown_fields import restore_content
from archive.store.bulk import table_of
from archive.store.checking import ArchiveCheck, TellDone, list_pages, look_at_each
from archive.store.database import read


class Hashed(NamedTuple):
    """How the rows of a table were hashed."""

    names: tuple[str, ...]
    """Columns that stand in the statement."""
    sha256: str
    """The column with its hash."""
    withdrawn: str = ""
    """The column that marks rows which state nothing, and so were hashed otherwise."""


HASHED: Mapping[type[SQLModel], Hashed] = {
    AdMetric: Hashed(NUMBER_KEYS, "numbers_sha256"),
    AdvertiserSpend: Hashed(
        tuple(name for name in AdvertiserSpendRecord.model_fields if name not in NOT_SAID),
        "row_sha256",
        "is_withdrawn",
    ),
    Committee: Hashed(tuple(CommitteeRecord.model_fields), "row_sha256"),
}


def check_hashes(engine: Engine, check: ArchiveCheck, tell: TellDone) -> None:
    """Hash each row anew and note those whose hash is another."""
    for model, hashed in HASHED.items():
        table = table_of(model)
        for ids in list_pages(engine, table):
            with read(engine) as session:
                for told in _find_other_words(session, table, hashed, ids):
                    check.note_bad(told)
            check.checked += len(ids)
            tell(len(ids))


def _find_other_words(
    session: Session, table: Table, hashed: Hashed, ids: Sequence[int]
) -> list[str]:
    def look(some: Sequence[int]) -> list[str]:
        query = select(table).where(table.c.id.in_(some))
        if hashed.withdrawn:
            query = query.where(table.c[hashed.withdrawn].is_(False))
        rows = session.connection().execute(query).mappings()
        lost = [row["id"] for row in rows if not _has_its_hash(dict(row), hashed)]
        return [f"{table.name} {id_}: its words are not those of its hash" for id_ in lost]

    return look_at_each(ids, look, lambda id_: f"{table.name} {id_}: cannot be read")


def _has_its_hash(row: Mapping[str, Any], hashed: Hashed) -> bool:
    whole = restore_content(row, row["withheld"]) if "withheld" in row else row
    said = {name: whole[name] for name in hashed.names}
    said["missing"] = {n: why for n, why in said["missing"].items() if n not in NOT_SAID}
    sha256: str = row[hashed.sha256]
    return hash_json(said) == sha256


def check_standing(engine: Engine, check: ArchiveCheck) -> None:
    """Note statements that are not shown although they are the newest, or are and are not; and odd names."""
    stated, known, borne = table_of(AdvertiserSpend), table_of(Advertiser), table_of(AdvertiserName)
    newest = (stated.c.observed_at.desc(), stated.c.id.desc())
    place = func.row_number().over(partition_by=(stated.c.source, stated.c.series), order_by=newest)
    ranked = select(stated.c.id, stated.c.is_current, place.label("place")).subquery()
    wrong = select(ranked.c.id).where(ranked.c.is_current != (ranked.c.place == 1))
    is_borne = and_(borne.c.advertiser_id == known.c.id, borne.c.name == known.c.name)
    strange = select(known.c.id).where(~exists().where(is_borne))
    with read(engine) as session:
        for id_ in session.connection().scalars(wrong):
            check.note_bad(f"advertiser_spend {id_}: is_current is not what was recorded")
        for name in session.connection().scalars(strange):
            check.note_bad(f"advertiser {escape_text(name)}: its name was never recorded")
