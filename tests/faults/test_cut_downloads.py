"""Downloads that were cut short or damaged: kept as evidence, believed in nothing, made up for next time."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select
from starlette.requests import Request
from starlette.responses import Response

from archive.models import Capture, Run
from archive.models.runs import Outcome
from archive.store.blobs import BlobStore
from archive.store.database import open_archive, read
from config.settings import Settings
from scrapers.intake.importing import ImportOrder, ImportReport, import_files
from scrapers.replica.faults import Act, AskReplica, Fault
from scrapers.replica.fixtures import FIXTURES, publish_day
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import FORKS
from tests.faults.scenes import (
    make_archive,
    make_settings,
    read_gap_reasons,
    read_last_reason,
    read_runs,
    tell_history,
)
from tests.scrapers.crawls import FOREVER, crawl_once
from tests.scrapers.replica.http_faults import cut_body, replace_body, truncate_body

SNAP = "/snap/*"
PUBLISHED = "snap/political/2026/PoliticalAds.zip"
HEADER = "Advertiser_ID,Advertiser_Name,Week_Start_Date,Spend_USD\n"
WEEKS = [f"AR{number},Harbour Party,2026-01-04,100\n" for number in range(1, 5)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = make_settings(tmp_path / "home")
    make_archive(made)
    return made


def crawl_snap(settings: Settings, day: int, *faults: Fault) -> Run:
    """One crawl of a day, in a process of its own as Scrapy needs it."""
    with running_replica(day=day, faults=faults) as url:
        process = FORKS.Process(target=crawl_once, args=(settings, "snap", "2026", f"{url}/snap"))
        process.start()
        process.join()
    return read_runs(settings)[-1]


def damage_body() -> Act:
    """The whole length arrives, with wrong bytes in its midst."""

    async def act(_request: Request, ask: AskReplica) -> Response:
        answer = await ask()
        body = bytearray(answer.body)
        middle = len(body) // 2
        body[middle : middle + 8] = b"\x00\xff" * 4
        return replace_body(answer, bytes(body))

    return act


def read_published(folder: Path, day: int) -> bytes:
    publish_day(FIXTURES, day, folder)
    return (folder / PUBLISHED).read_bytes()


def keeps(settings: Settings, body: bytes) -> bool:
    """Whether there is a capture with these bytes, and its evidence."""
    sha256 = hashlib.sha256(body).hexdigest()
    engine = open_archive(settings)
    with read(engine) as session:
        named = session.exec(select(Capture.id).where(Capture.sha256 == sha256)).first()
    engine.dispose()
    return named is not None and BlobStore(settings.blobs_dir).read(sha256) == body


def tell_ads(settings: Settings) -> dict[str, list[str]]:
    """The history without what was cut: its captures, and the pieces that were put aside."""
    told = tell_history(settings)
    beside = {"capture", "quarantined_piece", "evidence", "files", "checkpoint"}
    return {name: lines for name, lines in told.items() if name not in beside}


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What two days of sound downloads tell."""
    settings = make_settings(tmp_path_factory.mktemp("untroubled") / "home")
    make_archive(settings)
    for day in (1, 2):
        assert crawl_snap(settings, day).outcome == Outcome.DONE
    return tell_ads(settings)


def test_a_body_that_keeps_breaking_off_is_kept_and_the_next_run_completes(
    settings: Settings, tmp_path: Path, untroubled: dict[str, list[str]]
) -> None:
    crawl_snap(settings, 1)
    before = tell_ads(settings)
    cut = crawl_snap(settings, 2, Fault(SNAP, cut_body(0.5), times=FOREVER))
    body = read_published(tmp_path / "published", day=2)

    assert (cut.outcome, cut.vanished, cut.complete) == (Outcome.DEFERRED, 0, False)
    assert "the answer broke off before its end" in cut.reason
    assert cut.not_before_at is not None
    (part,) = settings.spool_dir.rglob("*.part")
    assert part.stat().st_size > 0
    assert body.startswith(part.read_bytes())
    assert tell_ads(settings) == before
    assert read_last_reason(settings, "snap") == cut.reason

    assert crawl_snap(settings, 2).complete
    assert tell_ads(settings) == untroubled


@pytest.mark.parametrize(
    ("act", "why"), [(truncate_body(0.5), "cut short"), (damage_body(), "damaged")]
)
def test_a_zip_that_came_cut_or_damaged_is_not_taken_for_the_sound_one_of_the_same_state(
    settings: Settings, untroubled: dict[str, list[str]], act: Act, why: str
) -> None:
    crawl_snap(settings, 1)
    before = tell_ads(settings)
    bad = crawl_snap(settings, 2, Fault(SNAP, act, times=FOREVER))

    assert (bad.outcome, bad.seen, bad.vanished) == (Outcome.ATTENTION, 0, 0)
    assert not bad.complete
    assert tell_ads(settings) == before

    assert crawl_snap(settings, 2).complete, "although the source says the same ETag of both"
    assert tell_ads(settings) == untroubled


def test_a_day_without_a_sound_download_is_a_gap_with_its_reason(settings: Settings) -> None:
    cut = crawl_snap(settings, 2, Fault(SNAP, cut_body(0.5), times=FOREVER))

    assert read_gap_reasons(settings, "snap") == {cut.reason}


def test_a_table_that_breaks_off_in_a_row_lets_nothing_vanish(
    settings: Settings, tmp_path: Path
) -> None:
    first, cut, whole = (tmp_path / name for name in ("first.csv", "cut.csv", "whole.csv"))
    first.write_text(HEADER + "".join(WEEKS[:3]))
    cut.write_text(HEADER + "".join(WEEKS[:2]) + WEEKS[2][:12])
    whole.write_text(HEADER + "".join(WEEKS))
    take_in(settings, first)
    broken = take_in(settings, cut)
    completed = take_in(settings, whole)

    assert (broken.outcome, broken.counts.unchanged) == (Outcome.ATTENTION, 2)
    assert keeps(settings, cut.read_bytes())
    assert (completed.counts.unchanged, completed.counts.new) == (3, 1)
    assert [run.complete for run in read_runs(settings)] == [True, False, True]


def take_in(settings: Settings, path: Path) -> ImportReport:
    engine = open_archive(settings)
    spider = find_spiders()["google_political_ads"]
    order = ImportOrder((path,), complete_partition="world")
    try:
        return import_files(settings, engine, spider, order, lambda: datetime.now(UTC))
    finally:
        engine.dispose()
