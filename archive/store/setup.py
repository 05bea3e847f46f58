"""Makes an archive or brings an old one up to date; idempotent.

`paidforby init`, the demo and tests call it. Migrations are Alembic's, one line for both databases.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, update
from sqlmodel import Session

from archive.models import AdvertiserSpend, Source
from archive.records import SourceInfo
from archive.store.bulk import table_of
from archive.store.database import open_engine, write
from archive.store.revisions import MIGRATIONS_DIR, find_newest_revision, read_revision
from config.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config


def init_archive(settings: Settings, sources: Iterable[SourceInfo]) -> Engine:
    """Create or migrate the archive's tables and write down the sources it can read."""
    engine = open_engine(settings)
    migrate(engine)
    with write(engine) as session:
        write_sources(session, sources)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest revision."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if read_revision(connection) != find_newest_revision():
            # Alembic takes a quarter of a second to import, and most commands find nothing to do.
            from alembic import command  # noqa: PLC0415

            command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> "Config":
    """Alembic's configuration for one open connection; there is no alembic.ini."""
    from alembic.config import Config  # noqa: PLC0415 (as above)

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))
    config.attributes["connection"] = connection
    return config


def write_sources(session: Session, sources: Iterable[SourceInfo]) -> None:
    """Write each source's description, replacing an older one."""
    for info in sources:
        before = session.get(Source, info.id)
        known = (before.rounding, before.rounded_to_minor) if before else ("", {})
        if known != (info.rounding, info.rounded_to_minor):
            _note_rounding(session, info)
        session.merge(Source(**info.model_dump()))


def _note_rounding(session: Session, info: SourceInfo) -> None:
    """Say beside every amount that a source stated how it is rounded, as is known by now."""
    amount = table_of(AdvertiserSpend).c
    of_source = update(AdvertiserSpend).where(amount.source == info.id)
    everywhere = of_source.values(is_rounded=bool(info.rounding), rounded_to_minor=None)
    session.connection().execute(everywhere)
    for currency, step in info.rounded_to_minor.items():
        of_currency = of_source.where(amount.currency == currency).values(rounded_to_minor=step)
        session.connection().execute(of_currency)
