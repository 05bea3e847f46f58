"""A list that grows while it is read: a download keeps to its moment, pages have no gap."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from archive.exports.downloads import Form, What, write_stream
from archive.reading import AdFilter, list_ads
from archive.store.database import read
from tests.archive.exports.streamed import read_lines, write_whole
from tests.archive.moments import DAY, NOON
from tests.benchmarks.streams import fill_archive


@contextmanager
def in_thread(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.mark.parametrize("form", [Form.JSON_LINES, Form.CSV])
def test_what_another_thread_takes_in_meanwhile_changes_nothing_of_a_download(
    engine, ingest_run, make_ad, form, monkeypatch
):
    monkeypatch.setattr("archive.exports.downloads.pages.PAGE_ROWS", 100)
    ingest_run([make_ad(f"a{number}") for number in range(250)], sweep=False)
    before = write_whole(engine, What.ADS, form)
    changed = [make_ad(f"a{number}", bodies=["Other"]) for number in (1, 150, 240)]

    parts = write_stream(engine, What.ADS, form, AdFilter())
    taken = [next(parts), next(parts)]
    with in_thread(lambda: ingest_run([*changed, make_ad("new")], NOON + DAY, sweep=False)):
        pass
    taken += parts

    assert b"".join(taken) == before
    assert write_whole(engine, What.ADS, form) != before


def test_downloads_beside_a_busy_writer_hold_whole_pages_in_order(engine, ingest_run, make_ad):
    page = 50
    ingest_run([make_ad(f"a{number}") for number in range(page)], sweep=False)
    stop = threading.Event()

    def take_in() -> None:
        for start in range(page, 20 * page, page):
            if stop.is_set():
                return
            ingest_run(
                [make_ad(f"a{start + number}") for number in range(page)],
                NOON + timedelta(minutes=start),
                partition=f"{start}",
                sweep=False,
            )

    with in_thread(take_in):
        try:
            downloads = [list_refs(engine) for _ in range(8)]
        finally:
            stop.set()
    for refs in downloads:
        assert refs == [f"a{number}" for number in range(len(refs))]
        assert len(refs) % page == 0


def list_refs(engine: Engine) -> list[str]:
    """The ads of a download; its sidecar would already count more."""
    return [row["ref"] for row in read_lines(write_whole(engine, What.ADS, Form.JSON_LINES))]


def page_while_inserting(engine: Engine, ingest_run, make_ad, rows: int, every: int) -> None:
    """Page through the list of ads; before every so many pages twenty further ads come in."""
    fill_archive(engine, rows)
    seen, cursor, added, pages = [], None, 0, 0
    while not pages or cursor:
        if pages % every == 0 and added < 200:
            new = [make_ad(f"new{added + number}") for number in range(20)]
            ingest_run(new, NOON + timedelta(days=1, minutes=pages), sweep=False)
            added += 20
        with read(engine) as session:
            page = list_ads(session, AdFilter(), cursor, 100)
        seen += [ad.ref for ad in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert seen == [f"a{n + 1}" for n in range(rows)] + [f"new{n}" for n in range(added)]


def test_paging_through_a_list_that_grows_has_no_gap_and_no_duplicate(engine, ingest_run, make_ad):
    page_while_inserting(engine, ingest_run, make_ad, rows=1_500, every=3)


@pytest.mark.slow
def test_paging_through_100_000_ads_that_grow_has_no_gap_and_no_duplicate(
    engine, ingest_run, make_ad
):
    page_while_inserting(engine, ingest_run, make_ad, rows=100_000, every=100)
