"""Crawls of the replica with the real spiders: what comes in, what is asked, and how a run ends."""

import os

import pytest
from sqlmodel import select

from archive.models import Capture, QuarantinedPiece
from archive.models.runs import Outcome, RunKind
from archive.runs.lease import begin_run
from archive.runs.processes import name_process
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from config.settings import Realm, Settings
from scrapers.fetching.walk import Walk, WalkCrawler
from scrapers.intake.importing import ImportOrder, import_files
from scrapers.replica.faults import Fault
from scrapers.replica.fixtures import FIXTURES
from scrapers.replica.serve import running_replica
from scrapers.spiders import find_spiders
from scrapers.work.crawl.crawling import build_settings
from tests.migrated import init_fresh
from tests.scrapers.crawls import FOREVER, Home, now
from tests.scrapers.replica.http_faults import (
    cut_body,
    fail_server,
    refuse_too_many,
    show_html_page,
    truncate_body,
)

SNAP = "/snap/*"


def test_the_second_day_brings_what_is_new_what_changed_and_what_is_gone(home):
    with running_replica(day=1) as url:
        first = home.crawl(url)
    with running_replica(day=2) as url:
        second = home.crawl(url)

    assert first.outcome == second.outcome == Outcome.DONE
    assert first.complete
    assert first.new == first.seen == 15
    assert (second.new, second.changed, second.vanished) == (3, 6, 1)
    assert second.unchanged == second.seen - second.new - second.changed


def test_a_file_that_has_not_changed_is_neither_sent_nor_read_again(home):
    received = []
    with running_replica(received=received) as url:
        home.crawl(url)
        again = home.crawl(url)

    assert (again.outcome, again.seen, again.vanished) == (Outcome.DONE, 0, 0)
    assert again.complete
    assert again.reason == "unchanged since the last run"
    assert "if-none-match" in received[-1].headers
    assert home.count("captures") == 1


def test_equal_bytes_are_read_again_after_an_import_that_changed_what_they_say(home):
    with running_replica() as url:
        home.crawl(url)
        tomorrow = FIXTURES / "snap" / "day-2"
        order = ImportOrder((tomorrow,), realm=Realm.FICTIONAL)
        import_files(home.settings, home.engine, find_spiders()["snap"], order, now)
        again = home.crawl(url)

    assert (again.outcome, again.seen, again.changed) == (Outcome.DONE, 15, 6)


def test_equal_bytes_are_kept_as_evidence_but_not_read_again(home):
    with running_replica() as url:
        home.crawl(url, "us_fec_bulk", "2020")
        again = home.crawl(url, "us_fec_bulk", "2020")

    assert (again.outcome, again.seen) == (Outcome.DONE, 0)
    assert home.count("captures", "us_fec_bulk") == 8


def test_nothing_is_asked_again_before_the_source_allows_it(home):
    received = []
    faults = [Fault(SNAP, refuse_too_many("1"))]
    with running_replica(faults=faults, received=received) as url:
        run = home.crawl(url)

    asked = [request.seconds for request in received if request.path.startswith("/snap/")]
    assert run.outcome == Outcome.DONE
    assert len(asked) == 2
    assert asked[1] - asked[0] >= 1.0


def test_a_long_wait_ends_the_run_as_deferred_with_its_time(home):
    with running_replica(faults=[Fault(SNAP, refuse_too_many("7200"))]) as url:
        run = home.crawl(url)

    assert run.outcome == Outcome.DEFERRED
    assert 7190 < (run.not_before_at - run.started_at).total_seconds() < 7300


def test_an_outage_is_waited_out_and_in_the_end_deferred(home):
    received = []
    faults = [Fault(SNAP, fail_server(), times=FOREVER)]
    with running_replica(faults=faults, received=received) as url:
        run = home.crawl(url)

    assert run.outcome == Outcome.DEFERRED
    assert "status 500" in run.reason
    assert len([request for request in received if request.path.startswith("/snap/")]) == 6


def test_a_download_that_breaks_off_is_fetched_again(home):
    with running_replica(faults=[Fault(SNAP, cut_body(0.5))]) as url:
        run = home.crawl(url)

    assert (run.outcome, run.seen) == (Outcome.DONE, 15)


def test_a_zip_cut_short_where_it_lies_is_held_and_marks_nothing_as_gone(home):
    with running_replica(day=1) as url:
        home.crawl(url)
    with running_replica(day=2, faults=[Fault(SNAP, truncate_body(0.5))]) as url:
        run = home.crawl(url)

    assert (run.outcome, run.vanished, run.quarantined) == (Outcome.ATTENTION, 0, 1)
    assert not run.complete


def test_a_page_for_people_in_a_files_place_is_held_with_its_bytes(home):
    with running_replica(faults=[Fault(SNAP, show_html_page(200))]) as url:
        run = home.crawl(url)

    with read(home.engine) as session:
        piece = session.exec(select(QuarantinedPiece)).one()
    kept = BlobStore(home.settings.blobs_dir).read(piece.sha256)
    assert run.outcome == Outcome.ATTENTION
    assert b"Sorry" in kept


def test_a_file_that_is_not_there_fails_the_run_and_keeps_the_answer(home):
    with running_replica() as url:
        run = home.crawl(url, "us_fec_bulk", "2022")

    with read(home.engine) as session:
        statuses = session.exec(select(Capture.status)).all()
    assert run.outcome == Outcome.FAILED
    assert "404" in run.reason
    assert set(statuses) == {404}


def test_a_second_crawl_of_a_partition_is_refused_with_a_clear_message(home):
    with write(home.engine) as session:
        begin_run(session, "snap", "2026", RunKind.CRAWL, now())
    with running_replica() as url:
        second = home.command("crawl", "snap", "--partition", "2026", "--base-url", f"{url}/snap")

    assert second.returncode == 1
    holder = name_process(os.getpid())
    assert f"snap/2026 is being read by another run ({holder}), until" in second.stderr


def test_a_check_says_how_the_source_is_and_keeps_nothing(home):
    with running_replica() as url:
        good = home.command("crawl", "snap", "--check", "--base-url", f"{url}/snap")
    with running_replica(faults=[Fault(SNAP, show_html_page(200))]) as url:
        bad = home.command("crawl", "snap", "--check", "--base-url", f"{url}/snap")

    assert (good.returncode, bad.returncode) == (0, 1)
    assert "PoliticalAds.zip: the zip cannot be opened" in bad.stderr
    assert home.runs() == []


def test_a_crawl_and_its_child_write_to_postgresql_alike(postgresql_url, tmp_path):
    settings = Settings(home=tmp_path, database_url=postgresql_url)
    engine = init_fresh(settings, [spider.info for spider in find_spiders().values()])
    home = Home(settings, engine)
    with running_replica(day=1) as url:
        first = home.crawl(url)
    with running_replica(day=2) as url:
        second = home.crawl(url)
    engine.dispose()

    assert (first.outcome, first.new, first.complete) == (Outcome.DONE, 15, True)
    assert (second.new, second.changed, second.vanished) == (3, 6, 1)


@pytest.mark.parametrize("source", sorted(find_spiders()))
def test_scrapy_runs_with_our_settings_and_opens_no_door(source):
    spider = find_spiders()[source]
    settings = Settings(operator_contact="desk@archive.example")
    live = build_settings(settings, spider.info, spider.base_url)
    scrapy = WalkCrawler(Walk(spider, spider.base_url, None), live).settings

    for door in ("REMOTE_CONTROL_ENABLED", "TELNETCONSOLE_ENABLED", "COOKIES_ENABLED"):
        assert not scrapy.getbool(door)
    assert scrapy.getbool("ROBOTSTXT_OBEY") == (spider.info.access != "terms of an API")
    assert "desk@archive.example" in scrapy["USER_AGENT"]
    assert scrapy.getfloat("DOWNLOAD_DELAY") == spider.info.seconds_between_requests > 0
    assert scrapy.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
    assert "429" not in scrapy.getlist("RETRY_HTTP_CODES")
    assert scrapy["JOBDIR"] is None


def test_the_replica_need_not_be_spared(home):
    spider = find_spiders()["snap"]
    local = build_settings(home.settings, spider.info, "http://127.0.0.1:9/snap")
    assert local["DOWNLOAD_DELAY"] == 0
