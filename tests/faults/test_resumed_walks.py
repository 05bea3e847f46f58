"""A walk that goes on from a cursor, or meets pages it knows, sees as much as one that starts afresh."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import select

from archive.models import Ad
from archive.models.runs import Outcome
from archive.store.database import open_archive, read, write
from config.settings import Settings
from scrapers.replica.serve import running_replica
from tests.faults.dying import Death, crawl_country, run_apart
from tests.faults.scenes import make_archive, make_settings, read_runs

ALL_US_ADS = 17
IN_THE_MIDST = 70
"""A step between the first page and the last."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = make_settings(tmp_path / "home")
    make_archive(made)
    return made


@pytest.fixture
def replica() -> Iterator[str]:
    with running_replica() as url:
        yield url


def test_a_first_page_that_is_as_it_was_does_not_end_the_walk(
    settings: Settings, replica: str
) -> None:
    for hour in (0, 1):
        assert run_apart(crawl_country, settings, replica, Death(hour=hour)) == 0
    first, second = read_runs(settings)

    assert (second.outcome, second.complete) == (Outcome.DONE, True)
    assert (first.seen, second.seen, second.unchanged) == (ALL_US_ADS,) * 3


def test_ads_seen_after_a_cursor_live_in_the_partition_like_those_before_it(
    settings: Settings, replica: str
) -> None:
    run_apart(crawl_country, settings, replica, Death())
    move_all_ads(settings, "import")
    killed = run_apart(crawl_country, settings, replica, Death(IN_THE_MIDST, hour=1))
    run_apart(crawl_country, settings, replica, Death(hour=2))
    resumed = read_runs(settings)[-1]

    assert killed == -signal.SIGKILL
    assert 0 < resumed.seen < ALL_US_ADS, "it went on from a cursor"
    assert not resumed.complete
    assert list_places(settings) == ["US"] * ALL_US_ADS


def move_all_ads(settings: Settings, partition: str) -> None:
    engine = open_archive(settings)
    with write(engine) as session:
        session.connection().execute(update(Ad).values(partition=partition))
    engine.dispose()


def list_places(settings: Settings) -> list[str]:
    engine = open_archive(settings)
    with read(engine) as session:
        places = list(session.exec(select(Ad.partition)))
    engine.dispose()
    return places
