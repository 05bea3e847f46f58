"""An answer that passes a bound is refused by the bound's name, kept as evidence, and ends one run only."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from sqlmodel import select

from archive.bounds import ANSWER, ROBOTS, WAIT
from archive.models import Capture
from archive.models.runs import Outcome
from archive.store.blobs import BlobStore
from archive.store.database import read
from scrapers.fetching.answers import bound_wait, read_wait
from scrapers.replica.serve import running_replica
from tests.hostile.answers import sending, spell_answer

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
GZIP = "Content-Encoding: gzip"


@pytest.fixture(scope="module")
def zeros() -> bytes:
    return bytes(ANSWER.most + 1)


def kept(home) -> list[bytes]:
    with read(home.engine) as session:
        names = session.exec(select(Capture.sha256).order_by(Capture.id)).all()
    return [BlobStore(home.settings.blobs_dir).read(name) for name in names]


def check_next_run(home) -> None:
    """What was refused harms no later run."""
    with running_replica() as url:
        assert home.crawl_meta(url).outcome == Outcome.DONE


def test_an_answer_that_unpacks_to_more_than_is_held_is_refused_and_its_beginning_kept(home, zeros):
    with sending({"/": spell_answer(gzip.compress(zeros, 1), GZIP)}) as url:
        run = home.crawl_meta(url)
    assert run.outcome == Outcome.FAILED
    assert "200 times its packed size" in run.reason
    assert [set(body) for body in kept(home)] == [{0}]
    check_next_run(home)


def test_an_answer_longer_than_is_held_is_refused_and_its_beginning_kept(home, zeros):
    with sending({"/": spell_answer(zeros)}) as url:
        run = home.crawl_meta(url)
    assert "67,108,864 bytes of one answer held in memory" in run.reason
    assert [len(body) for body in kept(home)] == [ANSWER.most]


def test_a_packing_nobody_asked_for_is_not_unpacked(home):
    bomb = zstandard.compress(bytes(1 << 20))
    with sending({"/": spell_answer(bomb, "Content-Encoding: zstd")}) as url:
        run = home.crawl_meta(url)
    assert (run.outcome, "packed it as 'zstd'" in run.reason) == (Outcome.FAILED, True)
    assert kept(home) == [b""], "packed, it may hold the token"


@pytest.mark.parametrize(
    "answer",
    [
        spell_answer(b"{}", f"X-Long: {'x' * 9_000}"),
        spell_answer(b"{}", *(f"X-{number}: 1" for number in range(200))),
        spell_answer(b"{}", "Content-Length: -5"),
        b"\0\1\2\3 no HTTP\r\n\r\n",
    ],
    ids=["long header", "many headers", "negative length", "no HTTP"],
)
@pytest.mark.parametrize("source", ["snap", "meta_ad_library"])
def test_a_head_that_passes_a_bound_ends_the_run_and_says_nothing_of_what_was_sent(
    home, answer, source
):
    with sending({"/": answer}) as url:
        run = home.crawl(url, source, "2026" if source == "snap" else "US")
    assert run.outcome == Outcome.FAILED
    assert "128 headers of one answer, or more than 8,190 bytes of one header" in run.reason
    assert url not in run.reason


def test_of_a_long_robots_txt_the_beginning_counts(home):
    rules = b"User-agent: *\nDisallow: /\n" + b"#" * (ROBOTS.most * 2)
    with sending({"/robots.txt": spell_answer(rules)}) as url:
        run = home.crawl(url)
    assert (run.outcome, run.reason) == (Outcome.BLOCKED, "the source's robots.txt forbids it")


def test_a_source_whose_robots_txt_cannot_be_unpacked_is_not_asked(home):
    robots = spell_answer(b"?", "Content-Encoding: zstd")
    with sending({"/robots.txt": robots, "/": spell_answer(b"never")}) as url:
        run = home.crawl(url)
    assert (run.outcome, "packed it as 'zstd'" in run.reason) == (Outcome.FAILED, True)
    assert kept(home) == []


def send_on(to: str) -> bytes:
    return spell_answer(b"", f"Location: {to}", status="302 Found")


def test_a_source_that_sends_on_and_on_is_not_followed_for_ever(home):
    further = {f"/snap/{number}": send_on(f"/snap/{number + 1}") for number in range(9)}
    with sending({"/": send_on("/snap/0")} | further) as url:
        run = home.crawl(url)
    assert (run.outcome, "5 redirects in a row" in run.reason) == (Outcome.FAILED, True)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("90", 90),
        ("0", 0),
        ("99999999999999999999", WAIT.most),
        ("9" * 5_000, WAIT.most),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
        ("Sun, 29 Nov 2026 12:01:00 GMT", 60),
        ("Sun, 29 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", WAIT.most),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Fri, 99 Dec 99999999999999999999 23:59:59 GMT", None),
    ],
)
def test_a_source_may_ask_us_to_wait_but_never_for_months(said, seconds):
    assert read_wait(said, NOW) == seconds


def test_a_wait_that_no_clock_could_hold_is_bounded():
    assert NOW + timedelta(seconds=bound_wait(10**400)) == NOW + timedelta(seconds=WAIT.most)


def test_a_source_that_asks_to_be_left_alone_for_ever_is_asked_again_in_a_week(home):
    busy = spell_answer(b"busy", "Retry-After: 99999999999999999999", status="503 Busy")
    with sending({"/": busy}) as url:
        run = home.crawl(url)
    assert run.outcome == Outcome.DEFERRED
    waits = run.not_before_at - run.started_at
    assert timedelta(days=7) <= waits < timedelta(days=8)
