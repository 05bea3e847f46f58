"""The walk through Meta's API: pages and cursors, its errors and accidents, and the token's secrecy."""

import json

import pytest
from scrapy.http import Response
from sqlmodel import select

from archive.models import Capture, Checkpoint
from archive.models.runs import Outcome
from archive.store.blobs import BlobStore
from archive.store.database import read
from scrapers.fetching.answers import NextStep
from scrapers.replica.faults import Fault
from scrapers.replica.serve import running_replica
from scrapers.spiders.meta.errors import classify_meta_response
from tests.scrapers.crawls import FIRST_PAGE_REQUEST, FOREVER, META, SMALL_PAGES, TOKEN
from tests.scrapers.replica.http_faults import redirect_to, show_html_page
from tests.scrapers.replica.meta_faults import drop_paging, refuse_call, remove_ad, repeat_cursor

ALL_US_ADS = 17


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        "https://graph.example/", status=status, headers=headers, body=json.dumps(body).encode()
    )


def refuse(code: int, message: str = "no", status: int = 400, **more: object) -> Response:
    return answer({"error": {"code": code, "message": message} | more}, status)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer({"data": []}), NextStep.READ),
        (answer({"paging": {}}), NextStep.SCHEMA),
        (answer([]), NextStep.TRANSIENT),
        (refuse(1, status=500), NextStep.TRANSIENT),
        (refuse(2, is_transient=True), NextStep.TRANSIENT),
        (refuse(999, is_transient=True), NextStep.TRANSIENT),
        (refuse(1, "Please reduce the amount of data you're asking for", 500), NextStep.SMALLER),
        (refuse(4), NextStep.QUOTA),
        (refuse(17), NextStep.QUOTA),
        (refuse(613), NextStep.QUOTA),
        (refuse(10), NextStep.AUTH),
        (refuse(190), NextStep.AUTH),
        (refuse(100, "Param ad_reached_countries must be one of {BR, GB, US}"), NextStep.SCHEMA),
        (refuse(100, "Invalid cursor: after"), NextStep.LOST_PLACE),
        (Response("https://graph.example/", body=b"<html>Sorry</html>"), NextStep.TRANSIENT),
    ],
)
def test_each_answer_is_told_by_its_body(response, verdict):
    assert classify_meta_response(response).verdict == verdict


def test_the_usage_header_says_how_long_to_stay_away():
    usage = {"900": [{"type": "ads_archive", "estimated_time_to_regain_access": 7}]}
    body = {"error": {"code": 613, "message": "too many"}}
    response = answer(body, 400, {"X-Business-Use-Case-Usage": json.dumps(usage)})
    assert classify_meta_response(response).wait_seconds == 7 * 60


def test_small_pages_bring_the_same_ads_and_the_limit_is_halved_until_it_fits(home):
    received = []
    with running_replica(faults=[SMALL_PAGES], received=received) as url:
        run = home.crawl_meta(url)

    limits = [int(request.query["limit"]) for request in received if "limit" in request.query]
    assert limits[:FIRST_PAGE_REQUEST] == [100, 50, 25, 12, 6, 3]
    assert (run.outcome, run.new, run.complete) == (Outcome.DONE, ALL_US_ADS, True)


@pytest.mark.parametrize("code", [1, 613])
def test_what_passes_is_waited_out(home, code):
    with running_replica(faults=[Fault(META, refuse_call(code))]) as url:
        run = home.crawl_meta(url)
    assert (run.outcome, run.new) == (Outcome.DONE, ALL_US_ADS)


def test_a_page_for_people_once_is_no_reason_to_stop(home):
    with running_replica(faults=[Fault(META, show_html_page(400))]) as url:
        run = home.crawl_meta(url)
    assert (run.outcome, run.new) == (Outcome.DONE, ALL_US_ADS)


@pytest.mark.parametrize(
    ("code", "outcome", "word"),
    [
        (190, Outcome.BLOCKED, "PAIDFORBY_META_ACCESS_TOKEN"),
        (10, Outcome.BLOCKED, "facebook.com/ID"),
        (100, Outcome.FAILED, "Invalid parameter"),
        (2, Outcome.DEFERRED, "temporarily unavailable"),
    ],
)
def test_what_does_not_pass_ends_the_run_and_keeps_what_came_before(home, code, outcome, word):
    broken = Fault(META, refuse_call(code), first=FIRST_PAGE_REQUEST + 1, times=FOREVER)
    with running_replica(faults=[broken, SMALL_PAGES]) as url:
        run = home.crawl_meta(url)

    assert (run.outcome, run.new) == (outcome, 3)
    assert word in run.reason
    assert not run.complete


def test_the_next_run_goes_on_where_a_blocked_one_stood(home):
    broken = Fault(META, refuse_call(190), first=FIRST_PAGE_REQUEST + 1, times=FOREVER)
    with running_replica(faults=[broken, SMALL_PAGES]) as url:
        home.crawl_meta(url)
    with running_replica() as url:
        rest = home.crawl_meta(url)

    assert (rest.outcome, rest.new, rest.seen) == (Outcome.DONE, ALL_US_ADS - 3, ALL_US_ADS - 3)
    assert not rest.complete, "a walk that went on from a cursor has not seen what came before"


def test_a_cursor_that_leads_to_itself_stops_the_walk_and_the_next_run_starts_over(home):
    looping = Fault(META, repeat_cursor(), first=FIRST_PAGE_REQUEST + 1, times=FOREVER)
    with running_replica(faults=[looping, SMALL_PAGES]) as url:
        run = home.crawl_meta(url)

    assert (run.outcome, run.new) == (Outcome.PARTIAL, 6)
    assert "endless loop" in run.reason
    with read(home.engine) as session:
        assert session.get_one(Checkpoint, ("meta_ad_library", "US")).cursor is None


def test_an_end_in_the_middle_is_implausible_at_once(home):
    cut = Fault(META, drop_paging(), first=FIRST_PAGE_REQUEST + 1, times=2)
    with running_replica(faults=[cut, SMALL_PAGES]) as url:
        run = home.crawl_meta(url)
    assert (run.outcome, run.new) == (Outcome.DONE, ALL_US_ADS)


def test_the_walk_steps_back_when_the_ad_its_cursor_rests_on_is_removed(home):
    with running_replica(faults=[SMALL_PAGES]) as url:
        home.crawl_meta(url)
    last_of_first_page = _refs_of_first_page(home)[-1]

    gone = Fault(META, remove_ad(last_of_first_page), first=FIRST_PAGE_REQUEST + 1, times=FOREVER)
    with running_replica(faults=[gone, SMALL_PAGES]) as url:
        run = home.crawl_meta(url)
    first_page, all_but_one = 3, ALL_US_ADS - 1
    assert (run.outcome, run.seen) == (Outcome.DONE, first_page + all_but_one)


def _refs_of_first_page(home) -> list[str]:
    query = select(Capture).where(Capture.status == 200).order_by(Capture.id)
    with read(home.engine) as session:
        first = session.exec(query).first()
    page = json.loads(BlobStore(home.settings.blobs_dir).read(first.sha256))
    return [ad["id"] for ad in page["data"]]


def test_without_a_token_the_run_is_blocked_and_says_what_to_type(home):
    tokenless = home.settings.model_copy(update={"of_sources": ()})
    with running_replica() as url:
        run = type(home)(tokenless, home.engine).crawl_meta(url)

    assert run.outcome == Outcome.BLOCKED
    assert "export PAIDFORBY_META_ACCESS_TOKEN=" in run.reason


def test_the_token_is_nowhere_in_what_a_run_leaves_behind(home):
    faults = [
        Fault(META, refuse_call(190), first=FIRST_PAGE_REQUEST + 3, times=FOREVER),
        Fault(META, show_html_page(500), first=FIRST_PAGE_REQUEST + 1),
        SMALL_PAGES,
    ]
    with running_replica(faults=faults) as url:
        told = home.command(
            *("crawl", "meta_ad_library", "--partition", "US"),
            *("--base-url", f"{url}/meta_ad_library"),
        )
    home.engine.dispose()

    assert told.returncode == 1
    assert TOKEN not in told.stdout + told.stderr
    blobs = BlobStore(home.settings.blobs_dir)
    kept = [blobs.read(path.stem) for path in blobs.root.rglob("*.zst")]
    left = [path.read_bytes() for path in home.settings.home.rglob("*") if path.is_file()]
    assert any(b"REDACTED" in body for body in kept), "the pages did carry the token"
    assert not [data for data in kept + left if TOKEN.encode() in data]


def test_the_token_does_not_follow_a_redirect_to_another_host(home):
    received = []
    with running_replica(received=received) as other:
        elsewhere = Fault(META, redirect_to(f"{other}/"))
        with running_replica(faults=[elsewhere]) as url:
            run = home.crawl_meta(url)

    assert run.outcome == Outcome.FAILED
    assert received == []
