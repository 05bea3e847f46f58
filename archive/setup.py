"""Makes an archive or brings an old one up to date; idempotent.

`paidforby init`, the demo and tests call it. Migrations are Alembic's, one line for both databases.
"""

from collections.abc import Iterable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine
from sqlmodel import Session

from archive.database import open_engine, write
from archive.models import Source
from archive.records import SourceInfo
from config.settings import Settings

MIGRATIONS_DIR = Path(__file__).parent / "migrations"


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
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for one open connection; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR))
    config.attributes["connection"] = connection
    return config


def write_sources(session: Session, sources: Iterable[SourceInfo]) -> None:
    """Write each source's description, replacing an older one."""
    for info in sources:
        session.merge(Source(**info.model_dump()))
