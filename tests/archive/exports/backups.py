"""A filled archive and what tests of backup and restore ask of one; nothing in it is real."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, select

from archive.exports.dump import dump_table, list_tables
from archive.media.files import MachineText, keep_file
from archive.media.pictures import FileFacts
from archive.models import CrawlingStop, LedgerLeaf, QuarantinedPiece
from archive.records import AdvertiserSpendRecord, MissingReason
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from archive.store.ledger.leaves import append_leaves
from archive.store.ledger.root import read_ledger_head
from archive.store.ledger.statements import LEAF_ROWS
from config.settings import Settings
from tests.archive.store.filled_tables import fill_empty_tables
from tests.invented import NOW, decide_something, make_archive, make_settings, record_run

RULE = "id: my-own-rule\n"


def tell(_what: str, _size: int) -> None:
    """Takes progress and shows nothing."""


def dump_all(engine: Engine) -> dict[str, list[bytes]]:
    with read(engine) as session:
        return {table.name: list(dump_table(session, table)) for table in list_tables()}


def root_of(engine: Engine) -> str:
    with read(engine) as session:
        return read_ledger_head(session).root_sha256


def make_home(home: Path, url: str | None = None) -> Settings:
    return make_settings(home).model_copy(update={"database_url": url})


def append_leaves_left_out(session: Session) -> None:
    """Leaves of rows that were written past the functions that own their tables."""
    for kind, rows in LEAF_ROWS.items():
        known = set(session.exec(select(LedgerLeaf.subject_id).where(LedgerLeaf.kind == kind)))
        query = rows.query.add_columns(rows.key.label("leaf_id"))
        for found in session.connection().execute(query).mappings().all():
            fields = dict(found)
            if (id_ := fields.pop("leaf_id")) not in known:
                append_leaves(session, kind, [(id_, each) for each in rows.state(fields)], NOW)


def fill(settings: Settings) -> Engine:
    """An archive with something in every table, evidence, and an operator's own rule."""
    engine = make_archive(settings)
    decide_something(settings, engine)
    statement = AdvertiserSpendRecord(
        dataset="weekly",
        platform="harbour",
        grain="week",
        period_start_on=NOW.date() - timedelta(days=7),
        period_end_on=NOW.date() - timedelta(days=1),
        advertiser_ref="77",
        advertiser_name="Friends of the Old Mill",
        currency="EUR",
        spend_lower_minor=100,
        spend_upper_minor=100,
    )
    with write(engine) as session:
        blobs = BlobStore(settings.blobs_dir)
        record_run(session, blobs, "harbour_ads", "weekly", NOW, [statement])
        piece = blobs.put_bytes(b"a line nobody can read")
        picture = blobs.put_bytes(b"a picture of an ad")
        unread = MachineText(None, MissingReason.NOT_LOOKED, "nobody crawled")
        keep_file(session, picture, FileFacts("image/png"), unread, NOW)
        fill_empty_tables(session.connection(), list_tables())
        for held in session.exec(select(QuarantinedPiece)):
            held.sha256 = piece.sha256
        for stop in session.exec(select(CrawlingStop)):
            stop.resumed_at = NOW
        session.flush()
        append_leaves_left_out(session)
    own = settings.home / "config" / "rules" / "zz" / "own.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(RULE)
    return engine
