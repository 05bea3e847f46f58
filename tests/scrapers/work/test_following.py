"""After a run the mirror follows where it is asked for, and holds nothing else up."""

import pytest
from sqlmodel import func, select

from archive.exports.mirror import find_folder, read_status, sync_mirror
from archive.exports.mirror.manifest import hold_mirror
from archive.models import AdText
from archive.store.database import read
from scrapers.replica.serve import running_replica
from scrapers.work.dispatch import consumers
from scrapers.work.dispatch.following import follow_changes
from search.answering.found import search_now
from search.engines import open_search
from search.question.query import build_query
from tests.scrapers.crawls import now


@pytest.fixture
def crawled(home):
    with running_replica() as url:
        home.crawl_meta(url)
    return home


def follow(home):
    follow_changes(home.settings, home.engine, now, evaluate=False, index=False, mirror=True)


def test_the_mirror_follows_when_asked(crawled):
    follow(crawled)

    status = read_status(crawled.engine, find_folder(crawled.settings))
    assert status.lag_changes == 0
    assert status.tables["public_ad"].rows == crawled.count("ads")


def test_a_single_import_makes_no_mirror(crawled):
    follow_changes(crawled.settings, crawled.engine, now, evaluate=False)

    assert not find_folder(crawled.settings).exists()


def test_a_mirror_that_another_process_holds_is_left_for_later(crawled, capsys):
    with hold_mirror(find_folder(crawled.settings)):
        follow(crawled)

    assert "the mirror stays behind for now" in capsys.readouterr().err


def test_a_full_disk_stops_the_mirror_and_not_the_worker(crawled, capsys, monkeypatch):
    def fill_disk(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(consumers, "sync_mirror", fill_disk)

    follow(crawled)

    assert "No space left" in capsys.readouterr().err


@pytest.mark.parametrize(("bearable", "left"), [(2, 1), (3, 2)])
def test_when_files_have_become_many_one_takes_their_place(home, monkeypatch, bearable, left):
    folder = find_folder(home.settings)
    sync_mirror(home.engine, folder, now())
    with running_replica() as url:
        home.crawl_meta(url)
    monkeypatch.setattr(consumers, "MOST_PARTS", bearable)

    follow(home)

    assert read_status(home.engine, folder).tables["public_ad"].parts == left


def test_the_worker_compares_ads_and_an_import_does_not(crawled):
    follow(crawled)
    assert count_compared(crawled) == 0

    follow_changes(crawled.settings, crawled.engine, now, evaluate=False, index=False, copies=True)

    assert count_compared(crawled) == crawled.count("ads")


def test_the_search_copy_has_the_creatives_as_soon_as_they_are_found(crawled):
    follow_changes(crawled.settings, crawled.engine, now, evaluate=False, copies=True)

    search = open_search(crawled.settings, crawled.engine)
    with read(crawled.engine) as session:
        page = search_now(session, search, build_query(copies="once", include="unlabelled"))
    assert 0 < page.creatives <= page.total == crawled.count("ads")


def count_compared(home):
    with read(home.engine) as session:
        return session.exec(select(func.count()).select_from(AdText)).one()
