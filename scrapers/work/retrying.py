"""Tries once more what steps have put aside; what goes through is settled.

`paidforby quarantine retry` calls it. Each step is done as it was the first time, with today's program.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import Engine
from sqlmodel import col, select

from archive.duplicates.changes import compare_ads
from archive.exports.mirror import find_folder, sync_mirror
from archive.models import PublicAd, QuarantinedPiece
from archive.records import QuarantineStage
from archive.runs.fence import run_fenced
from archive.store.database import write
from config.settings import Settings
from oversight.evaluation.changes import EvaluationReport, evaluate_ads
from oversight.rules.rule_book import read_rule_book
from scrapers.intake.pages import Clock
from scrapers.media.collecting import MediaOrder, fetch_media, keep_due_media
from scrapers.media.machine_text import PICTURE, read_picture
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import crawl_in_child
from scrapers.work.crawl.releasing import read_pieces_again
from scrapers.work.dispatch.following import WHOLE_STEP, follow_changes
from scrapers.work.plan.crawl_job import CrawlJob
from scrapers.work.plan.schedule import read_schedules
from search.copies.sync import send_again
from search.engines import open_search

Retry = Callable[[Settings, Engine, Sequence[str], Clock], object]


def retry_pieces(
    settings: Settings, engine: Engine, pieces: Sequence[QuarantinedPiece], clock: Clock
) -> None:
    """Do for each piece again the step that put it aside, and settle it if that goes well.

    Raises:
        OutageError: if what a step needs is away; what was tried before is settled.
    """
    by_stage: defaultdict[str, list[QuarantinedPiece]] = defaultdict(list)
    for piece in pieces:
        by_stage[piece.stage].append(piece)
    from_files = by_stage[QuarantineStage.READING] + by_stage[QuarantineStage.INGEST]
    read_pieces_again(settings, engine, from_files, clock)
    for stage, retry in RETRIES.items():
        subjects = {piece.subject for piece in by_stage[stage]}
        if WHOLE_STEP in subjects:
            _follow_again(settings, engine, stage, clock)
        if named := sorted(subjects - {WHOLE_STEP}):
            retry(settings, engine, named, clock)


def _follow_again(settings: Settings, engine: Engine, stage: QuarantineStage, clock: Clock) -> None:
    """Do a whole step again; it settles itself."""
    if stage is QuarantineStage.MEDIA:
        fetch = partial(keep_due_media, settings, engine, clock)
        run_fenced(engine, stage, "", WHOLE_STEP, clock, fetch)
        return
    follow_changes(
        settings,
        engine,
        clock,
        evaluate=stage is QuarantineStage.EVALUATION,
        index=stage is QuarantineStage.SEARCH,
        mirror=stage is QuarantineStage.MIRROR,
        copies=stage is QuarantineStage.COPIES,
    )


def _evaluate_again(
    settings: Settings, engine: Engine, public_ids: Sequence[str], clock: Clock
) -> None:
    with write(engine) as session:
        book = read_rule_book(settings)
        query = select(PublicAd.id).where(col(PublicAd.public_id).in_(public_ids))
        ids = session.exec(query).all()
        rules = book.list_in_use(session)
        evaluate_ads(session, ids, rules, book.elections, clock(), EvaluationReport())


def _send_again(
    settings: Settings, engine: Engine, public_ids: Sequence[str], clock: Clock
) -> None:
    send_again(engine, open_search(settings, engine), public_ids, clock())


def _mirror_again(settings: Settings, engine: Engine, rows: Sequence[str], clock: Clock) -> None:
    sync_mirror(engine, find_folder(settings), clock(), again=rows)


def _compare_again(
    _settings: Settings, engine: Engine, public_ids: Sequence[str], clock: Clock
) -> None:
    with write(engine) as session:
        query = select(PublicAd.id).where(col(PublicAd.public_id).in_(public_ids))
        compare_ads(session, session.exec(query).all(), clock())


def _fetch_again(settings: Settings, engine: Engine, subjects: Sequence[str], clock: Clock) -> None:
    for subject in subjects:
        if subject.startswith(PICTURE):
            read_picture(settings, engine, clock, subject.removeprefix(PICTURE))
    order = MediaOrder(again=frozenset(subjects))
    for _ in fetch_media(settings, engine, clock, order):
        pass


def _crawl_again(settings: Settings, engine: Engine, subjects: Sequence[str], clock: Clock) -> None:
    for subject in subjects:
        source, _, partition = subject.partition("/")
        work: Callable[[], object]
        if partition:
            schedule = read_schedules(settings).find(source)
            base_url = schedule.base_url if schedule else ""
            crawl_job = CrawlJob(source, partition, base_url)
            work = partial(crawl_in_child, settings, engine, crawl_job, clock)
        else:
            work = partial(find_spiders()[source].list_partitions, settings, clock().date())
        run_fenced(engine, QuarantineStage.CRAWL, source, subject, clock, work)


RETRIES: Mapping[QuarantineStage, Retry] = {
    QuarantineStage.EVALUATION: _evaluate_again,
    QuarantineStage.SEARCH: _send_again,
    QuarantineStage.MIRROR: _mirror_again,
    QuarantineStage.COPIES: _compare_again,
    QuarantineStage.MEDIA: _fetch_again,
    QuarantineStage.CRAWL: _crawl_again,
}
"""How the steps after reading are done again for what they put aside, by its subjects."""
