"""What tests of unread rows share: an archive, its history told whole, its hashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session, col, select

from archive.models import Ad, Run
from archive.models.changes import ChangeKind
from archive.runs.sightings import read_seen
from archive.store.database import read, write
from config.settings import Settings
from scrapers.intake.importing import ImportReport
from tests.comparable import dump_comparable
from tests.migrated import init_fresh
from tests.scrapers.crawls import Home
from tests.scrapers.stories import (
    SNAP,
)

NOTHING_NEW = (6, 0, 0, 6, 0, 0)
"""Counts of one more look at `ROWS`."""


@contextmanager
def open_home(folder: Path) -> Iterator[Home]:
    settings = Settings(home=folder, meilisearch_url=None)
    engine = init_fresh(settings, [SNAP.info])
    yield Home(settings, engine)
    engine.dispose()


def count(report: ImportReport) -> tuple[int, ...]:
    counts = report.counts
    return (
        *(counts.seen, counts.new, counts.changed, counts.unchanged),
        *(counts.vanished, counts.quarantined),
    )


def forget_hashes(home: Home) -> None:
    """Make the next run read every row."""
    with write(home.engine) as session:
        session.connection().execute(update(Ad).values(row_hash=None))


def read_hashes(home: Home) -> dict[str, bytes | None]:
    with read(home.engine) as session:
        return dict(session.exec(select(Ad.ref, Ad.row_hash)).all())


def tell_history(home: Home) -> tuple[object, ...]:
    """All that is in an archive, and what each run counted and saw."""
    with read(home.engine) as session:
        runs = [
            (*(run.model_dump()[name] for name in COUNTED), see(session, run))
            for run in session.exec(select(Run).order_by(col(Run.id)))
        ]
        return runs, dump_comparable(session)


COUNTED = (
    *("partition", "outcome", "reason", "complete", "pages", "seen", "new", "changed"),
    *("unchanged", "vanished", "quarantined"),
)


def see(session: Session, run: Run) -> list[int]:
    blocks = read_seen(session, run.id or 0, ChangeKind.AD_CONTENT)
    return sorted({one for ids in blocks for one in ids})
