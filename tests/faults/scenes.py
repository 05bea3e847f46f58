"""Archives that can be copied, so that each case of a fault begins alike, and what they tell."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy
from sqlmodel import col, select

from archive.models import Capture, Run
from archive.models.runs import Outcome
from archive.reading.coverage import cover_weeks
from archive.reading.sources.sources import list_sources
from archive.store.blobs import BlobStore
from archive.store.database import open_archive, read
from config.settings import Settings
from scrapers.replica.fixtures import FIXTURES, publish_day
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from tests.comparable import dump_comparable
from tests.migrated import init_fresh
from tests.scrapers.crawls import TOKEN

BUNDLE = "google_political_ads/google-political-ads-transparency-bundle.zip"
SOUND_ROWS = (
    "Advertiser_ID,Advertiser_Name,Week_Start_Date,Spend_USD\nAR1,Harbour Party,2026-01-04,100\n"
)
DAMAGED_ROW = "AR2,Harbour Party,2026-01-04,many\n"


@dataclass(frozen=True)
class Scene:
    """An archive that knows the first day, and the deliveries of the second."""

    settings: Settings
    deliveries: Path


def make_settings(home: Path, url: str | None = None) -> Settings:
    return Settings(
        home=home,
        database_url=url,
        of_sources=(MetaSettings(access_token=TOKEN, countries=["US"]),),
        meilisearch_url=None,
    )


def make_archive(settings: Settings) -> None:
    init_fresh(settings, [spider.info for spider in find_spiders().values()]).dispose()


def tell_history(settings: Settings) -> dict[str, list[str]]:
    """What an archive holds, and the evidence that it can show for it."""
    engine = open_archive(settings)
    with read(engine) as session:
        told = dump_comparable(session)
        named = session.exec(select(Capture.sha256).distinct()).all()
    engine.dispose()
    blobs = BlobStore(settings.blobs_dir)
    told["evidence"] = sorted(f"{name} {len(blobs.read(name))}" for name in named)
    told["files"] = sorted(path.name for path in settings.blobs_dir.rglob("*.zst"))
    return told


def read_runs(settings: Settings) -> list[Run]:
    engine = open_archive(settings)
    with read(engine) as session:
        runs = list(session.exec(select(Run).order_by(col(Run.id))))
    engine.dispose()
    return runs


def find_running(settings: Settings) -> set[int | None]:
    return {run.id for run in read_runs(settings) if run.outcome == Outcome.RUNNING}


def read_last_reason(settings: Settings, source: str) -> str:
    """What `sources` says of the last run."""
    engine = open_archive(settings)
    with read(engine) as session:
        runs = {each.id: each.last_run for each in list_sources(session)}
    engine.dispose()
    return runs[source].reason


def read_gap_reasons(settings: Settings, source: str) -> set[str]:
    """Why `coverage` says that days lack a run that ended well."""
    engine = open_archive(settings)
    with read(engine) as session:
        weeks = cover_weeks(session, datetime.now(UTC), source=source)
    engine.dispose()
    return {gap.reason for week in weeks for gap in week.gaps}


def lay_out_deliveries(folder: Path, day: int) -> Path:
    """The bundle of a day, and a file that is damaged in one line on the second."""
    publish_day(FIXTURES, day, folder / "published")
    shutil.copy(folder / "published" / BUNDLE, folder / "bundle.zip")
    (folder / "damaged.csv").write_text(SOUND_ROWS + DAMAGED_ROW * (day > 1))
    return folder


@contextmanager
def copied_scene(scene: Scene, folder: Path) -> Iterator[Settings]:
    """The same archive once more, below a folder that is not there yet."""
    shutil.copytree(scene.settings.home, folder)
    with copied_database(scene.settings.database_url) as url:
        yield scene.settings.model_copy(update={"home": folder, "database_url": url})


@contextmanager
def copied_database(url: str | None) -> Iterator[str | None]:
    """A copy of a PostgreSQL database nobody is connected to; SQLite's was copied with its folder."""
    if url is None:
        yield None
        return
    original = sqlalchemy.make_url(url)
    copy = original.set(database=f"{original.database}_{secrets.token_hex(4)}")
    server = sqlalchemy.create_engine(
        original.set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {copy.database} TEMPLATE {original.database}")
    try:
        yield copy.render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {copy.database} WITH (FORCE)")
        server.dispose()
