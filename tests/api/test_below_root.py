"""A site below the path of its public address: every link of every page and answer leads below it."""

import json
import re
from collections import Counter
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from archive.names.following import bring_names_on
from archive.store.database import open_engine
from tests.api.conftest import NOON

ROOT = "/archive"
ADDRESS = f"https://news.example{ROOT}"
STARTS = (
    "/",
    "/api/v1/ads?limit=1",
    "/api/v1/names",
    "/api/v1/downloads",
    "/corrections/feed.json",
)
LEADS = {"next", "path", "paths", "instance", "url", "home_page_url", "feed_url"}
OF_A_KIND = 3
"""Addresses that differ only in their last part or their question."""


@pytest.fixture
def below(settings, clock):
    bring_names_on(open_engine(settings), NOON)
    app = create_app(settings.model_copy(update={"public_url": ADDRESS}), clock)
    with TestClient(app, base_url=ADDRESS, follow_redirects=False) as client:
        client.headers["host"] = "testserver"
        yield client


def list_links(answer):
    """What a page, an answer or its headers lead to."""
    yield from (answer.headers[name] for name in ("location",) if name in answer.headers)
    yield from re.findall(r"<([^>]+)>", answer.headers.get("link", ""))
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/html"):
        found = re.findall(r'<[^>]+?\s(?:href|src|action)="([^"]*)"', answer.text)
        yield from map(unescape, found)
    elif "json" in kind and not answer.request.url.path.endswith("openapi.json"):
        yield from find_leads(json.loads(answer.text))
    elif "atom" in kind:
        yield from map(unescape, re.findall(r'href="([^"]*)"', answer.text))


def find_leads(said):
    if isinstance(said, list):
        for one in said:
            yield from find_leads(one)
    elif isinstance(said, dict):
        for name, value in said.items():
            if name in LEADS and value is not None:
                yield from [value] if isinstance(value, str) else value
            elif name not in {"content", "missing"}:
                yield from find_leads(value)


def test_every_link_leads_below_the_path_and_to_something(below):
    asked, waiting, strays = set(), [f"{ROOT}{path}" for path in STARTS], []
    kinds = Counter()
    while waiting:
        path = waiting.pop(0)
        kind = urlsplit(path).path.rpartition("/")[0], path.count("?")
        if path in asked or "/downloads/" in path or kinds[kind] == OF_A_KIND:
            continue
        asked.add(path)
        kinds[kind] += 1
        answer = below.get(f"https://news.example{path}")
        assert answer.status_code in {200, 303, 307}, path
        for link in list_links(answer):
            parts = urlsplit(urljoin(f"https://news.example{path}", link))
            if parts.hostname != "news.example":
                continue
            if not f"{parts.path}/".startswith(f"{ROOT}/"):
                strays.append((path, link))
            waiting.append(f"{parts.path}?{parts.query}" if parts.query else parts.path)
    assert strays == []
    assert len(kinds) > 20


def test_a_proxy_may_take_the_path_off(below):
    for path in ("/api/v1/ads?limit=1", f"{ROOT}/api/v1/ads?limit=1"):
        answer = below.get(f"https://news.example{path}").json()
        assert answer["next"].startswith(f"{ROOT}/api/v1/ads?limit=1&cursor=")
    for path in ("/api/v1/ads/example/a1", f"{ROOT}/api/v1/ads/example/a1"):
        ad = below.get(f"https://news.example{path}").json()
        assert ad["path"] == f"{ROOT}/ads/example/a1"


def test_the_description_says_where_the_api_is(below):
    described = below.get(f"{ADDRESS}/api/v1/openapi.json").json()
    assert described["servers"] == [{"url": f"{ROOT}/api/v1"}]


def test_what_was_made_is_told_where_it_is(below):
    said = {"ad_address": "x", "concern": "y"}
    posted = below.post(f"{ADDRESS}/api/v1/notices", json=said)
    assert posted.headers["location"].startswith(f"{ROOT}/api/v1/notices/N-")
    assert below.get(f"https://news.example{posted.headers['location']}").status_code == 200


def test_without_a_path_links_begin_at_the_host(client):
    assert client.get("/api/v1/ads/example/a1").json()["path"] == "/ads/example/a1"
    assert 'href="/search"' in client.get("/").text


def test_an_ad_that_is_found_leads_below_the_path_too(below):
    page = below.post(f"{ADDRESS}/find", data={"text": f"{ADDRESS}/ads/example/a1"})
    assert f'href="{ROOT}/ads/example/a1"' in page.text
    assert f'action="{ROOT}/find"' in page.text
    answer = below.post(f"{ADDRESS}/api/v1/find", data={"text": "a1"}).json()
    assert answer["ads"][0]["path"] == f"{ROOT}/ads/example/a1"
    assert answer["sources"][0]["path"] == f"{ROOT}/sources/example"
