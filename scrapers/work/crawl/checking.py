"""A run of a source that leaves no trace: into a home of its own that is thrown away.

`crawl --check` and `credentials test` call it, once in a process. It reads the operator's own
configuration and, where one is crawled, the archive's watch list; it never writes to the archive.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine
from sqlmodel import select

from archive.curation.watch_lists import find_list_id, read_watch_list
from archive.errors import NotInitialisedError
from archive.models import QuarantinedBatch, QuarantinedPiece, Run, WatchList, WatchListEntry
from archive.models.runs import Outcome
from archive.runs.alerts import list_findings
from archive.runs.crawling_stops import require_crawling
from archive.runs.quarantine import tell_piece
from archive.store.database import open_archive, read, write
from archive.store.setup import init_archive
from config.settings import Settings
from scrapers.intake.pages import Clock
from scrapers.work.crawl.crawling import ENOUGH, CrawlOrder, run_crawl

SHOWN_AT_MOST = 20


@dataclass(frozen=True)
class Check:
    """How a source compares with what we expect of it."""

    run: Run
    unreadable: list[str]
    """Pieces, columns and files that are not as we know them."""
    would_hold: list[str]
    """Batches that a crawl would hold for a person."""
    findings: list[str]
    """What the monitors say of it."""

    @property
    def is_as_expected(self) -> bool:
        """Nothing was in the way, and all that was read is as we know it."""
        was_read = self.run.outcome == Outcome.DONE or (
            self.run.outcome == Outcome.PARTIAL and self.run.reason == ENOUGH
        )
        return was_read and not (self.unreadable or self.would_hold or self.findings)


def check_source(settings: Settings, order: CrawlOrder, clock: Clock, most_answers: int) -> Check:
    """Crawl the beginning of a partition, few answers, and keep nothing.

    Raises:
        CrawlingStoppedError: if all crawling is stopped.
        NotFoundError: if the partition is of a watch list that there is not.
        ArchiveError: as `run_crawl`.
    """
    _require_crawling(settings)
    with TemporaryDirectory(prefix="paidforby-check-") as folder:
        scratch = _make_scratch(settings, Path(folder))
        engine = init_archive(scratch, [order.spider.describe(settings)])
        try:
            _copy_watch_list(settings, order.partition, engine)
            run = run_crawl(scratch, engine, order, clock, most_answers=most_answers)
            with read(engine) as session:
                pieces = session.exec(select(QuarantinedPiece).limit(SHOWN_AT_MOST)).all()
                batches = session.exec(select(QuarantinedBatch).limit(SHOWN_AT_MOST)).all()
                return Check(
                    run,
                    [tell_piece(piece) for piece in pieces],
                    [batch.reason for batch in batches],
                    [finding.reason for finding in list_findings(session, SHOWN_AT_MOST)],
                )
        finally:
            engine.dispose()


def _require_crawling(settings: Settings) -> None:
    """The archive's switch binds this too; where there is no archive yet, there is none."""
    if settings.database_url is None and not (settings.home / "archive.sqlite3").exists():
        return
    with suppress(NotInitialisedError):
        archive = open_archive(settings)
        with read(archive) as session:
            require_crawling(session)
        archive.dispose()


def _make_scratch(settings: Settings, folder: Path) -> Settings:
    """The same settings for a home of nothing but the operator's own configuration."""
    own = (settings.home / "config").absolute()
    if own.is_dir():
        (folder / "config").symlink_to(own, target_is_directory=True)
    elsewhere = {"home": folder, "database_url": None, "meilisearch_url": None}
    return settings.model_copy(update=elsewhere)


def _copy_watch_list(settings: Settings, partition: str, scratch: Engine) -> None:
    """Lay the watch list that a partition covers beside the run, as the archive has it."""
    list_id = find_list_id(partition)
    if list_id is None:
        return
    archive = open_archive(settings)
    try:
        with read(archive) as session:
            view = read_watch_list(session, list_id)
            head, entries = view.watch_list.model_dump(), [e.model_dump() for e in view.entries]
    finally:
        archive.dispose()
    with write(scratch) as session:
        session.add(WatchList(**head))
        session.flush()
        session.add_all(WatchListEntry(**entry) for entry in entries)
