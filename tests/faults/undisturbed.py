"""An import that nothing disturbs, and whether another one told the same in the end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from archive.models import Run
from archive.store.database import open_archive
from config.settings import Settings
from scrapers.intake.importing import ImportOrder, ImportReport, import_files
from scrapers.spiders import find_spiders
from tests.faults.scenes import make_archive, read_runs, tell_history

SOURCE = "google_political_ads"
FIGURES = ("outcome", "complete", "pages", "seen", "new", "changed", "unchanged", "vanished")


@dataclass(frozen=True)
class Sight:
    """What an import tells that nothing disturbed."""

    bundle: Path
    told: dict[str, list[str]]
    run: Run

    def assert_same(self, settings: Settings) -> Run:
        """The only run of this archive has the same figures, and the archive tells the same."""
        (run,) = read_runs(settings)
        for name in FIGURES:
            assert getattr(run, name) == getattr(self.run, name), name
        assert tell_history(settings) == self.told
        return run


def take_in(
    settings: Settings,
    bundle: Path,
    disturb: Callable[[Engine], None] = lambda _: None,
    later: timedelta = timedelta(),
) -> ImportReport:
    """Import a bundle into an archive, made first if need be; `disturb` prepares what goes wrong."""
    make_archive(settings)
    engine = open_archive(settings)
    disturb(engine)
    spider, order = find_spiders()[SOURCE], ImportOrder((bundle,), complete_partition="world")
    try:
        return import_files(settings, engine, spider, order, lambda: datetime.now(UTC) + later)
    finally:
        engine.dispose()
