"""TikTok's Commercial Content API: a token by POST, searches page by page, no secret left behind."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError
from scrapy.http import TextResponse
from sqlmodel import select
from starlette.responses import JSONResponse

from archive.models import Capture
from archive.records import AdRecord
from archive.store.blobs import BlobStore
from archive.store.database import read
from config.setting_forms import tell_wrong
from scrapers.fetching.answers import NextStep
from scrapers.replica.faults import Fault, ReceivedRequest
from scrapers.replica.serve import running_replica
from scrapers.sources.signing import MissingCredentialError
from scrapers.spiders.tiktok_commercial_content.paging import TikTokSpider
from scrapers.spiders.tiktok_commercial_content.settings import TikTokSettings
from scrapers.spiders.tiktok_commercial_content.spider import (
    TikTokCommercialContentSpider as Spider,
)
from tests.scrapers.crawls import Home
from tests.scrapers.replica.http_faults import fail_server, reply_with
from tests.scrapers.samples import read_all, records, refusal

SOURCE = "tiktok_commercial_content"
SEARCH = "IE quarry"
QUERY = "*/ad/query/"
SECRET, TOKEN = "FICTIONAL-SECRET", "clt.FICTIONAL"
AD: dict[str, Any] = {
    "id": 999000000000101,
    "first_shown_date": 20261002,
    "last_shown_date": 20261019,
    "status": "inactive",
    "image_urls": ["https://media.tiktok.example/1.jpeg?x-signature=f"],
    "videos": [],
    "reach": {"unique_users_seen": "10K-100K", "unique_users_seen_by_country": {"IE": "1K-10K"}},
}
ADVERTISER = {"business_id": 11, "business_name": "Quarry Works", "paid_for_by": "Lamplight"}


@pytest.fixture
def tiktok(home: Home) -> Home:
    return let_in(home, SECRET)


def let_in(home: Home, secret: str) -> Home:
    own = TikTokSettings(client_key="FICTIONAL-KEY", client_secret=secret, searches=[SEARCH])
    return replace(home, settings=home.settings.model_copy(update={"of_sources": (own,)}))


def write_answer(**changes: object) -> str:
    return json.dumps({"data": {"ads": [{"ad": AD | changes, "advertiser": ADVERTISER}]}})


def read_ad(**changes: object) -> AdRecord:
    (ad,) = records(read_all(SOURCE, "query.json", write_answer(**changes)))
    assert isinstance(ad, AdRecord)
    return ad


def test_an_ad_has_its_days_its_payer_and_the_countries_it_reached() -> None:
    ad = read_ad()
    assert (ad.started_on, ad.ended_on) == (date(2026, 10, 2), date(2026, 10, 19))
    assert (ad.advertiser_name, ad.payer_name, ad.countries) == (
        "Quarry Works",
        "Lamplight",
        ["IE"],
    )


def test_tiktok_labels_no_ad_political() -> None:
    ad = read_ad()
    assert (ad.declared_political, ad.declared_by) == (None, "platform")


def test_an_ad_that_runs_has_no_end() -> None:
    assert read_ad(status="active").ended_on is None


def test_a_range_of_users_is_kept_and_a_rounded_number_is_no_bound() -> None:
    ad = read_ad()
    assert (ad.reach_lower, ad.reach_upper) == (10_000, 100_000)
    rounded = read_ad(reach={"unique_users_seen": "30K"})
    assert (rounded.reach_lower, rounded.missing["reach_lower"]) == (None, "unreadable")
    assert "30K" in rounded.source_fields["ad.reach"]


def test_an_address_of_media_has_no_signature() -> None:
    assert read_ad().media_urls == ["https://media.tiktok.example/1.jpeg"]


def test_a_key_that_tiktok_never_had_is_named_and_its_value_kept() -> None:
    readings = read_all(SOURCE, "query.json", write_answer(mood="calm"))
    assert refusal(readings).field == "ad.mood"
    assert records(readings)[0].source_fields["ad.mood"] == "calm"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"first_shown_date": 20261301}, "ad.first_shown_date"), ({"id": "1.7E+15"}, "ad.id")],
)
def test_a_value_that_cannot_be_true_holds_its_ad(changes: dict[str, object], field: str) -> None:
    assert refusal(read_all(SOURCE, "query.json", write_answer(**changes))).field == field


@pytest.mark.parametrize(
    "text", ["", "<html>", "[]", '{"data": {"ads": {}}}', '{"data": {"ads": [']
)
def test_what_is_no_answer_is_held_whole(text: str) -> None:
    assert "no answer with a list" in refusal(read_all(SOURCE, "query.json", text)).reason


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, '{"error": {"code": "ok"}}', NextStep.READ),
        (401, '{"error": {"code": "access_token_invalid"}}', NextStep.AUTH),
        (429, '{"error": {"code": "rate_limit_exceeded"}}', NextStep.QUOTA),
        (500, '{"error": {"code": "internal_error"}}', NextStep.TRANSIENT),
        (
            400,
            '{"error": {"code": "invalid_params", "message": "bad search_id"}}',
            NextStep.LOST_PLACE,
        ),
        (400, '{"error": {"code": "invalid_params", "message": "bad field"}}', NextStep.SCHEMA),
        (502, "<html>", NextStep.TRANSIENT),
        (200, "<html>", NextStep.SCHEMA),
    ],
)
def test_an_answer_means_what_the_code_in_its_body_says(
    home: Home, status: int, body: str, verdict: NextStep
) -> None:
    answer = TextResponse("https://open.tiktok.example", status=status, body=body.encode())
    spider = TikTokSpider(Spider, home.settings, SEARCH, None)
    assert spider.classify_response(answer).verdict == verdict


def test_without_key_and_secret_it_says_how_to_get_them(home: Home) -> None:
    with pytest.raises(MissingCredentialError, match="PAIDFORBY_TIKTOK_CLIENT_KEY"):
        Spider.read_secret(home.settings)


@pytest.mark.parametrize("search", ["US quarry", "quarry", "IE " + "q" * 51])
def test_a_search_that_tiktok_would_not_understand_is_refused(search: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        TikTokSettings(searches=[SEARCH, search])
    assert [line.split(": ")[1] for line in tell_wrong(wrong.value)] == [f"item 2 ({search[:40]})"]


def test_a_search_is_walked_to_its_end_and_seen_whole(tiktok: Home) -> None:
    received: list[ReceivedRequest] = []
    with running_replica(day=1, received=received) as url:
        first = tiktok.crawl(url, SOURCE, SEARCH)
        again = tiktok.crawl(url, SOURCE, SEARCH)
    assert (first.outcome, first.new, again.outcome, again.unchanged) == ("done", 3, "done", 3)
    asked = [r for r in received if r.path.endswith("/query/")]
    assert {r.method for r in asked} == {"POST"}
    assert {r.headers["authorization"] for r in asked} == {f"Bearer {TOKEN}"}
    assert len(asked) == 4


def test_a_walk_goes_on_from_its_cursor(tiktok: Home) -> None:
    broken = Fault(
        QUERY,
        reply_with(lambda: JSONResponse({"error": {"code": "scope_not_authorized"}}, 401)),
        first=2,
    )
    with running_replica(day=1, faults=[broken]) as url:
        first = tiktok.crawl(url, SOURCE, SEARCH)
        second = tiktok.crawl(url, SOURCE, SEARCH)
    assert (first.outcome, first.new) == ("blocked", 2)
    assert (second.outcome, second.new, second.unchanged) == ("done", 1, 0)


def test_a_server_that_stumbles_is_asked_again(tiktok: Home) -> None:
    with running_replica(day=1, faults=[Fault(QUERY, fail_server(), times=2)]) as url:
        run = tiktok.crawl(url, SOURCE, SEARCH)
    assert (run.outcome, run.new) == ("done", 3)


def test_a_search_that_tiktok_forgot_starts_over_next_time(tiktok: Home) -> None:
    error = {"error": {"code": "invalid_params", "message": "search_id is not valid"}}
    lost = Fault(QUERY, reply_with(lambda: JSONResponse(error, 400)), first=2)
    with running_replica(day=1, faults=[lost]) as url:
        first = tiktok.crawl(url, SOURCE, SEARCH)
        second = tiktok.crawl(url, SOURCE, SEARCH)
    assert (first.outcome, "starts over" in first.reason) == ("partial", True)
    assert (second.outcome, second.new, second.unchanged) == ("done", 1, 2)


def test_a_wrong_secret_blocks_the_look(tiktok: Home) -> None:
    wrong = let_in(tiktok, "FICTIONAL-WRONG")
    with running_replica(day=1) as url:
        run = wrong.crawl(url, SOURCE, SEARCH)
    assert (run.outcome, "invalid_client" in run.reason) == ("blocked", True)


def test_neither_secret_nor_token_is_in_anything_a_run_leaves_behind(
    tiktok: Home, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Fault(
        QUERY, reply_with(lambda: JSONResponse({"error": {"code": "odd"}}, 418)), first=2
    )
    with running_replica(day=1, faults=[broken]) as url:
        tiktok.crawl(url, SOURCE, SEARCH)
    with read(tiktok.engine) as session:
        captures = session.exec(select(Capture)).all()
        blobs = [BlobStore(tiktok.settings.blobs_dir).read(one.sha256) for one in captures]
    assert captures
    assert all("/ad/query/" in capture.url for capture in captures)
    tiktok.engine.dispose()
    files = [path for path in tiktok.settings.home.rglob("*") if path.is_file()]
    left = b"".join([*blobs, *(path.read_bytes() for path in files)])
    said = "".join(capfd.readouterr()).encode()
    for secret in (SECRET, TOKEN):
        assert secret.encode() not in left + said
