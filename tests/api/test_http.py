"""What browsers, caches, link checkers and pages of other sites ask of every address."""

from datetime import timedelta

import pytest

from tests.api.conftest import NOON, make_ad

ADDRESSES = [
    "/",
    "/search?q=harbour",
    "/corrections/feed.atom",
    "/static/site.css",
    "/api/v1/openapi.json",
    "/api/v1/ads",
    "/api/v1/ads?format=csv",
    "/api/v1/search?q=harbour",
    "/api/v1/spend?by=payer",
    "/api/v1/sources",
    "/api/v1/downloads/ads.csv",
    "/api/v1/downloads/ads.parquet",
]

CHANGING = {"ratelimit-remaining", "ratelimit-reset", "x-request-id", "content-encoding", "vary"}
"""Headers that differ from one answer to the next."""


def list_headers(answer):
    lengths = {"content-length"} if "content-encoding" in answer.headers else set()
    return {name: value for name, value in answer.headers.items() if name not in CHANGING | lengths}


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_head_has_the_headers_of_a_get_and_no_body(client, path):
    plain = {"accept-encoding": "identity"}
    head, got = client.head(path, headers=plain), client.get(path, headers=plain)
    assert (head.status_code, head.content) == (200, b"")
    assert list_headers(head) == list_headers(got)


def test_a_head_of_what_is_not_there_says_so(client):
    assert client.head("/api/v1/ads/example/nothing").status_code == 404
    assert client.head("/nothing").status_code == 404


def test_a_download_that_is_only_asked_for_its_headers_leaves_its_place_to_others(client):
    for _ in range(20):
        assert client.head("/api/v1/downloads/ads.csv").status_code == 200
    assert client.get("/api/v1/downloads/ads.csv").status_code == 200


@pytest.mark.parametrize("path", ADDRESSES[2:])
def test_pages_of_other_sites_may_read_what_anybody_may(client, path):
    answer = client.get(path, headers={"origin": "https://notebook.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"]
    assert {"Link", "ETag", "RateLimit-Remaining"} <= set(exposed.split(", "))
    assert "access-control-allow-credentials" not in answer.headers


def test_pages_of_other_sites_read_nothing_that_a_key_or_a_receipt_opens(client, keys):
    key = {"authorization": f"Bearer {keys['analyst']}"}
    for path in ("/api/v1/ads", "/api/v1/flags"):
        assert "access-control-allow-origin" not in client.get(path, headers=key).headers
    posted = client.post("/api/v1/notices", json={"ad_address": "x", "concern": "y"})
    standing = client.get(f"/api/v1/notices/{posted.json()['receipt']}")
    assert standing.status_code == 200
    for answer in (posted, standing, client.get("/report")):
        assert "access-control-allow-origin" not in answer.headers


def test_a_browser_that_asks_beforehand_is_told_what_it_may(client):
    asked = {"origin": "https://notebook.example", "access-control-request-method": "GET"}
    answer = client.options("/api/v1/ads", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "authorization" not in answer.headers["access-control-allow-headers"].lower()
    refused = client.options("/api/v1/flags", headers=asked | {"authorization": "Bearer x"})
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("path", [one for one in ADDRESSES if not one.startswith(("/s", "/?"))])
def test_who_has_an_answer_already_is_told_that_it_is_still_good(client, path):
    first = client.get(path)
    held = {"if-none-match": f'"other", {first.headers["etag"]}'}
    again = client.get(path, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/ads", "/api/v1/downloads/ads.jsonl", "/api/v1/spend"])
def test_an_answer_is_not_good_any_more_once_something_has_changed(client, take_in, path):
    held = {"if-none-match": client.get(path).headers["etag"]}
    assert client.get(path, headers=held).status_code == 304
    take_in([make_ad("later")], NOON + timedelta(minutes=5))
    changed = client.get(path, headers=held)
    assert changed.status_code == 200
    assert changed.headers["etag"] != held["if-none-match"]


def test_each_question_has_a_tag_of_its_own(client):
    paths = ["/api/v1/ads", "/api/v1/ads?limit=1", "/api/v1/ads?format=csv", "/api/v1/disclosures"]
    assert len({client.get(path).headers["etag"] for path in paths}) == len(paths)


def test_what_is_still_good_is_not_asked_of_the_archive_again(client, monkeypatch):
    held = {"if-none-match": client.get("/api/v1/ads").headers["etag"]}
    monkeypatch.setattr("api.routes.ads.list_ads", None)
    assert client.get("/api/v1/ads", headers=held).status_code == 304


def test_errors_and_answers_to_a_key_have_no_tag(client, keys):
    key = {"authorization": f"Bearer {keys['analyst']}"}
    for answer in (
        client.get("/api/v1/ads", headers=key),
        client.get("/api/v1/ads?country=XY"),
        client.get("/api/v1/ads/example/nothing"),
    ):
        assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/api/v1/ads", "/api/v1/downloads/ads.csv"])
def test_texts_are_compressed_for_who_takes_that(client, path):
    plain = client.get(path, headers={"accept-encoding": "identity"})
    small = client.get(path, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["vary"]


def test_what_is_compressed_already_is_left_so(client):
    answer = client.get("/api/v1/downloads/ads.parquet", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers


def test_a_part_of_a_file_is_sent(client):
    whole = client.get("/static/site.css", headers={"accept-encoding": "identity"})
    part = client.get("/static/site.css", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
