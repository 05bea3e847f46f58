"""Files on their way to disk: what is kept when they break off, and what is asked for after that."""

import asyncio
import gzip
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr
from sqlmodel import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from archive.models import Capture
from archive.models.runs import Outcome
from archive.store.blobs import BlobStore
from archive.store.database import open_archive, read
from config.settings import Realm, Settings
from scrapers.replica.serve import serve_app
from scrapers.sources.signing import Secret
from scrapers.spiders.snap import SnapSpider
from scrapers.work.crawl.children import FORKS, finish_child, running_child
from scrapers.work.crawl.crawling import CrawlOrder, run_crawl
from scrapers.work.plan.crawl_job import CrawlJob
from tests.scrapers.crawls import TOKEN, Home, crawl_once, now

BODY = bytes(range(256)) * (4 << 12)
"""4 MB: what the client has not handed on when the connection breaks is lost, some 400 kB at most."""
CUT = 1 << 20
NEWER = BODY[::-1]
PATIENCE_SECONDS = 30

Answer = Callable[[Request], Response]


def send_whole(body: bytes = BODY, etag: str = '"1"', **headers: str) -> Answer:
    return lambda _: Response(body, headers={"ETag": etag} | headers)


def cut_at(end: int, etag: str = '"1"') -> Answer:
    """The body breaks off there, although its whole length was declared."""
    headers = {"ETag": etag, "Content-Length": str(len(BODY))}
    return lambda _: StreamingResponse(iter([BODY[:end]]), headers=headers)


def hang_at(end: int) -> Answer:
    """The body comes as far as that, and no more of it until whoever waits for it goes away."""

    async def send_beginning() -> AsyncIterator[bytes]:
        yield BODY[:end]
        await asyncio.sleep(PATIENCE_SECONDS)

    headers = {"ETag": '"1"', "Content-Length": str(len(BODY))}
    return lambda _: StreamingResponse(send_beginning(), headers=headers)


def first_byte(request: Request) -> int:
    """The first byte of the piece that is asked for."""
    return int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))


def send_rest(shift: int = 0, *, cut: bool = False) -> Answer:
    """The piece that was asked for, or one that begins elsewhere."""

    def answer(request: Request) -> Response:
        start = first_byte(request) + shift
        piece = BODY[start:]
        headers = {
            "ETag": '"1"',
            "Content-Length": str(len(piece)),
            "Content-Range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}",
        }
        sent = piece[: len(piece) // 2] if cut else piece
        return StreamingResponse(iter([sent]), 206, headers)

    return answer


@contextmanager
def serving(*answers: Answer, robots: str = "") -> Iterator[tuple[str, list[Request]]]:
    """A source whose n-th answer is the n-th of these, and then the last; what it was asked."""
    asked: list[Request] = []

    async def answer_next(request: Request) -> Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1](request)

    async def show_robots(_: Request) -> Response:
        return PlainTextResponse(robots, headers={"X-Realm": "fictional"})

    routes = [Route("/robots.txt", show_robots), Route("/snap/{path:path}", answer_next)]
    with serve_app(Starlette(routes=routes)) as url:
        yield url, asked


def kept_bodies(home: Home) -> list[bytes]:
    with read(home.engine) as session:
        kept = session.exec(select(Capture.sha256).order_by(Capture.id)).all()
    return [BlobStore(home.settings.blobs_dir).read(sha256) for sha256 in kept]


def spooled_files(home: Home) -> list[Path]:
    return sorted(home.settings.spool_dir.glob("*"))


def test_a_body_that_broke_off_is_gone_on_with_and_kept_whole(home):
    with serving(cut_at(CUT), send_rest()) as (url, asked):
        home.crawl(url)

    assert 0 < first_byte(asked[1]) < CUT
    assert asked[1].headers["if-range"] == '"1"'
    assert kept_bodies(home) == [BODY]
    assert spooled_files(home) == []


def test_a_file_that_has_changed_meanwhile_is_begun_anew(home):
    with serving(cut_at(CUT), send_whole(NEWER, '"2"')) as (url, asked):
        home.crawl(url)

    assert asked[1].headers["if-range"] == '"1"'
    assert kept_bodies(home) == [NEWER]


def test_a_source_that_knows_no_ranges_sends_the_file_anew(home):
    with serving(cut_at(CUT), send_whole()) as (url, _):
        home.crawl(url)

    assert kept_bodies(home) == [BODY]


def test_a_piece_that_was_not_asked_for_is_implausible(home):
    with serving(cut_at(CUT), send_rest(shift=7), send_whole()) as (url, asked):
        home.crawl(url)

    assert "range" not in asked[2].headers
    assert kept_bodies(home) == [BODY]


def test_a_file_without_a_strong_name_is_never_pieced_together(home):
    with serving(cut_at(CUT, 'W/"1"'), send_whole(NEWER, 'W/"1"')) as (url, asked):
        home.crawl(url)

    assert "range" not in asked[1].headers
    assert kept_bodies(home) == [NEWER]


def test_a_file_that_always_breaks_off_is_deferred_and_the_next_run_goes_on(home):
    with serving(cut_at(CUT), *[send_rest(cut=True)] * 5, send_rest()) as (url, asked):
        deferred = home.crawl(url)
        part, note = spooled_files(home)
        written_beside = note.read_text()
        home.crawl(url)

    assert deferred.outcome == Outcome.DEFERRED
    assert "broke off" in deferred.reason
    assert (part.suffix, written_beside) == (".part", '"1"'), "no address, which may hold a secret"
    starts = [first_byte(request) for request in asked[1:]]
    assert starts == sorted(starts)
    assert starts[-1] > CUT, "the runs together came further than any of their requests"
    assert kept_bodies(home) == [BODY]


def test_a_killed_run_leaves_what_came_and_the_next_one_asks_for_the_rest(home):
    with serving(hang_at(CUT), send_rest()) as (url, asked):
        crawl_job = CrawlJob("snap", "2026", f"{url}/snap")
        with running_child(home.settings, crawl_job, now) as child:
            wait_for_bytes(home)
            os.kill(child.pid, signal.SIGKILL)
            killed = finish_child(home.engine, child, now)
        home.crawl(url)

    assert (killed.outcome, killed.seen) == (Outcome.FAILED, 0)
    assert 0 < first_byte(asked[1]) < CUT
    assert asked[1].headers["if-range"] == '"1"'
    assert kept_bodies(home) == [BODY]
    assert spooled_files(home) == []


def wait_for_bytes(home: Home) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(path.stat().st_size for path in home.settings.spool_dir.glob("*.part")):
        assert time.monotonic() < deadline, "nothing of the file came"
        time.sleep(0.05)


def test_a_file_is_asked_for_unpacked_and_unpacked_where_it_is_not(home):
    packed = send_whole(gzip.compress(BODY), **{"Content-Encoding": "gzip"})
    with serving(packed) as (url, asked):
        home.crawl(url)

    assert asked[0].headers["accept-encoding"] == "identity"
    assert kept_bodies(home) == [BODY]


def test_a_packed_body_that_grows_absurdly_is_given_up(home):
    bomb = gzip.compress(bytes(60 << 20))
    with serving(send_whole(bomb, **{"Content-Encoding": "gzip"})) as (url, asked):
        run = home.crawl(url)

    assert (run.outcome, len(asked)) == (Outcome.FAILED, 1)
    assert "200 times its packed size" in run.reason
    assert kept_bodies(home) == spooled_files(home) == []


def test_a_packing_that_nobody_asked_for_and_we_do_not_know_fails_the_run(home):
    with serving(send_whole(b"?", **{"Content-Encoding": "br"})) as (url, _):
        run = home.crawl(url)

    assert run.outcome == Outcome.FAILED
    assert "packed it as 'br'" in run.reason


def test_a_download_that_would_fill_the_disk_is_not_begun_and_says_so(home):
    careful = home.settings.model_copy(update={"disk_reserve_mb": 1 << 40})
    with serving(send_whole()) as (url, asked):
        run = Home(careful, home.engine).crawl(url)

    assert (run.outcome, len(asked)) == (Outcome.FAILED, 1)
    assert run.reason.startswith("the disk is too full for this download")
    assert "PAIDFORBY_DISK_RESERVE_MB" in run.reason
    assert spooled_files(home) == []


def crawl_on_small_disk(settings: Settings, base_url: str) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(BODY) - 1, len(BODY) - 1))
    crawl_once(settings, "snap", "2026", base_url)


def test_a_disk_that_is_full_in_the_end_gets_its_room_back_and_the_run_says_so(home):
    with serving(send_whole()) as (url, asked):
        process = FORKS.Process(target=crawl_on_small_disk, args=(home.settings, f"{url}/snap"))
        process.start()
        process.join()

    (run,) = home.runs()
    assert (run.outcome, len(asked)) == (Outcome.FAILED, 1)
    assert run.reason.startswith("the disk is full")
    assert spooled_files(home) == []


def test_an_answer_that_is_not_the_file_touches_nothing_of_what_came_before(home):
    busy = lambda _: Response("busy", 503, {"Retry-After": "0"})  # noqa: E731
    with serving(cut_at(CUT), busy, send_rest()) as (url, asked):
        home.crawl(url)

    assert first_byte(asked[1]) == first_byte(asked[2]) > 0
    assert kept_bodies(home) == [b"busy", BODY]


def test_an_answer_without_a_file_leaves_none(home):
    with serving(lambda _: Response("gone", 410)) as (url, _):
        run = home.crawl(url)

    assert run.outcome == Outcome.FAILED
    assert kept_bodies(home) == [b"gone"]
    assert spooled_files(home) == []


def test_a_file_that_robots_may_not_have_is_not_asked_for(home):
    with serving(send_whole(), robots="User-agent: *\nDisallow: /\n") as (url, asked):
        run = home.crawl(url)

    assert (run.outcome, asked) == (Outcome.BLOCKED, [])


class SignedSnapSpider(SnapSpider):
    """Snap, if it asked for a key."""

    @classmethod
    def read_secret(cls, _settings: Settings) -> Secret:
        return Secret("key", SecretStr(TOKEN))


def crawl_signed(settings: Settings, base_url: str) -> None:
    engine = open_archive(settings)
    order = CrawlOrder(SignedSnapSpider, "2026", base_url, Realm.FICTIONAL)
    run_crawl(settings, engine, order, now)


def test_a_secret_reaches_the_source_and_no_file_of_the_archive(home):
    echo = lambda request: Response(BODY + str(request.url).encode())  # noqa: E731
    with serving(echo) as (url, asked):
        process = FORKS.Process(target=crawl_signed, args=(home.settings, f"{url}/snap"))
        process.start()
        process.join()

    assert asked[0].query_params["key"] == TOKEN
    (kept,) = kept_bodies(home)
    assert kept.startswith(BODY)
    assert TOKEN.encode() not in kept
    assert spooled_files(home) == []
    for path in home.settings.home.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
