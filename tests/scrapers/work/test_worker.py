"""One round of the worker: crawl what is due, evaluate and index what came in."""

import pytest

from archive.models.runs import Outcome
from archive.store.changes import last_change_seq, read_position
from archive.store.database import read
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.dispatch.following import follow_changes
from scrapers.work.dispatch.worker import work_once
from scrapers.work.plan.schedule import read_schedules
from search.engines import open_search
from tests.scrapers.crawls import Home, now


@pytest.fixture
def only_meta(home):
    """A home whose one scheduled source is Meta's API."""
    folder = home.settings.home / "config" / "schedules"
    folder.mkdir(parents=True)
    for source in find_spiders():
        (folder / f"{source}.yaml").write_text("every: never\n")
    return home


def schedule_meta(home: Home, url: str) -> None:
    folder = home.settings.home / "config" / "schedules"
    text = f"every: 6h\nbase_url: {url}/meta_ad_library\n"
    (folder / "meta_ad_library.yaml").write_text(text)


def is_followed(home: Home) -> bool:
    consumers = ("oversight", open_search(home.settings, home.engine).consumer)
    with read(home.engine) as session:
        marks = [read_position(session, consumer) for consumer in consumers]
        return all(mark and mark.seq == last_change_seq(session) for mark in marks)


def test_a_round_crawls_what_is_due_and_everything_follows(only_meta):
    with running_replica() as url:
        schedule_meta(only_meta, url)
        runs = work_once(only_meta.settings, only_meta.engine, now)
        again = work_once(only_meta.settings, only_meta.engine, now)

    assert [run.outcome for run in runs] == [Outcome.DONE]
    assert again == []
    assert is_followed(only_meta)
    assert only_meta.count("signals") > 0


def test_a_search_engine_that_is_down_fails_nothing_and_is_caught_up_later(home, capsys):
    with running_replica() as url:
        home.crawl_meta(url)
    down = home.settings.model_copy(update={"meilisearch_url": "http://127.0.0.1:9"})

    follow_changes(down, home.engine, now)
    assert "the search copy stays behind for now" in capsys.readouterr().err
    assert not is_followed(home)

    follow_changes(home.settings, home.engine, now)
    assert is_followed(home)


def test_a_broken_rule_keeps_no_ad_out_of_the_search(home, capsys):
    folder = home.settings.home / "config" / "rules" / "zz"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text("id: broken\n")
    with running_replica() as url:
        home.crawl_meta(url)

    follow_changes(home.settings, home.engine, now)

    assert "no rule was evaluated" in capsys.readouterr().err
    with read(home.engine) as session:
        mark = read_position(session, open_search(home.settings, home.engine).consumer)
    assert mark is not None


def test_the_schedules_of_the_home_are_the_ones_that_count(only_meta):
    assert not any(schedule.every for schedule in read_schedules(only_meta.settings).values())
