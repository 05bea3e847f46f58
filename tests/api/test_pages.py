"""What every page of the site has in common, and what hostile text comes to on each of them."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.names.following import bring_names_on
from archive.runs.lease import begin_run, end_run
from archive.store.database import write
from search.copies.sync import sync_index
from search.engines import open_search
from tests.invented import NOW, SOURCES, TEXT_PAGE, decide_something, make_archive, make_settings
from tests.invented_records import HOSTILE, harbour_mill
from tests.migrated import init_fresh

MILL = "/ads/harbour_ads/mill-1"
ODD = "/ads/harbour_ads/odd%2Fref%20%3F%23%25%3A1"
LATER = NOW + timedelta(hours=1)

PAGES = [
    "/",
    "/search",
    "/search?q=climate&country=GR&sort=spend",
    *("/search?q=nothingofthekind", "/search?copies=once"),
    "/search?q=mill&as_of=2026-11-01",
    MILL,
    f"{MILL}?as_of=2026-11-01",
    ODD,
    "/advertisers/harbour_ads%3A77",
    "/spend",
    "/spend?by=advertiser",
    "/spend?by=month&from=2026-11-01&to=2026-11-23",
    "/spend?measure=disclosed",
    *("/names", "/names?kind=payer&q=mill", "/names/payer/old-mill-trust"),
    *("/rules", "/rules/us-30120-payer-named", "/rules/payer-left-blank"),
    TEXT_PAGE,
    *("/decisions", "/decisions/D-2026-00001"),
    "/ads/meadow_library/900000001",
    "/sources",
    "/sources/meadow_library",
    "/sources/harbour_ads?country=GR",
    "/quarantined",
    "/watch-lists",
    "/missing",
    *("/corrections", "/corrections?source=harbour_ads&measure=reported"),
    *("/find", "/report"),
    "/about",
]
ERRORS = {
    "/nowhere": 404,
    "/ads/harbour_ads/unknown": 404,
    "/rules/unknown": 404,
    "/texts/unknown": 404,
    "/advertisers/unknown": 404,
    **dict.fromkeys(("/names/payer/nobody", "/names/moon/nobody"), 404),
    "/search?sort=sideways": 400,
    "/search?as_of=soon": 400,
    "/search?spend_min=5": 400,
    "/spend?by=moon": 400,
    "/spend?by=region": 400,
    "/spend?from=yesterday": 400,
    f"{MILL}?as_of=soon": 400,
    f"{MILL}?as_of=2999-01-01": 400,
    "/report/unknown": 404,
    "/decisions/unknown": 404,
    "/decisions?cursor=unknown": 400,
}
EVERY = dict.fromkeys(PAGES, 200) | ERRORS

MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The whole application over the invented archive, read by a browser."""
    settings = make_settings(tmp_path_factory.mktemp("site"))
    engine = make_archive(settings)
    decide_something(settings, engine)
    bring_names_on(engine, NOW)
    sync_index(engine, open_search(settings, engine), NOW)
    app = create_app(settings, now=lambda: LATER)
    with TestClient(app, headers={"accept": "text/html"}) as client:
        yield client
    engine.dispose()


@pytest.fixture(scope="module")
def visit(site: TestClient) -> Callable[[str], Response]:
    """A page's answer, asked for once for all tests of it."""
    return cache(site.get)


@pytest.mark.parametrize(("path", "status"), EVERY.items())
def test_every_page_answers_with_landmarks_and_one_title(
    visit: Callable[[str], Response], path: str, status: int
) -> None:
    response = visit(path)
    assert response.status_code == status
    html = response.text
    for landmark in ("<main ", "<header ", "<footer ", "<nav ", 'class="skip"', '<html lang="en"'):
        assert landmark in html
    assert len(re.findall(r"<h1[ >]", html)) == 1


@pytest.mark.parametrize("path", EVERY)
def test_no_page_sets_a_cookie_runs_a_script_or_asks_another_site(
    visit: Callable[[str], Response], path: str
) -> None:
    response = visit(path)
    assert "set-cookie" not in response.headers
    assert "script-src 'none'" in response.headers["content-security-policy"]
    html = response.text
    assert "<script" not in html
    assert not re.search(r"\son\w+\s*=\s*[\"']", html)
    assert " style=" not in html
    loaded = re.findall(r'<(?:link|img|iframe|source|video)[^>]*(?:href|src)="([^"]*)"', html)
    assert all(address.startswith("/") for address in loaded)


@pytest.mark.parametrize("path", EVERY)
def test_every_page_weighs_little(visit: Callable[[str], Response], path: str) -> None:
    assert len(visit(path).content) < MOST_BYTES


@pytest.mark.parametrize("path", EVERY)
def test_every_page_says_that_it_is_invented_who_runs_it_and_what_it_can_decide(
    visit: Callable[[str], Response], path: str
) -> None:
    html = visit(path).text
    assert "Everything here is invented" in html
    assert "The Invented Watch" in html
    assert "Nothing decided here has any effect" in html


@pytest.mark.parametrize("path", EVERY)
def test_every_page_says_what_the_archive_knew_and_how_to_cite_it(
    visit: Callable[[str], Response], path: str
) -> None:
    html = visit(path).text
    assert re.search(r"(What|As) this archive knew", html)
    assert "crawled on 2 of 28 days" in html
    assert 'id="cite"' in html


@pytest.mark.parametrize(
    "path",
    [
        "/decisions",
        "/decisions/D-2026-00001",
        ODD,
        "/search",
        "/search?q=climate",
        "/spend",
        "/spend?by=advertiser",
    ],
)
def test_hostile_words_of_an_ad_stand_there_as_text(
    visit: Callable[[str], Response], path: str
) -> None:
    html = visit(path).text
    assert "&lt;script&gt;" in html
    assert "<img src=x" not in html
    assert "{{ 7*7 }}" in html
    assert 'href="javascript:' not in html


def test_the_name_of_a_hostile_advertiser_is_text_in_its_title(site: TestClient) -> None:
    html = site.get(ODD).text
    found = re.search(r'href="(/advertisers/harbour_ads%3Aname%3A[0-9a-f]{16})"', html)
    assert found
    page = site.get(found[1])
    assert page.status_code == 200
    assert "<title>&lt;script&gt;" in page.text


@pytest.mark.parametrize("field", ["q", "country", "payer", "sort", "from"])
def test_hostile_questions_come_back_as_text(site: TestClient, field: str) -> None:
    html = site.get("/search", params={field: HOSTILE}).text
    assert "<script" not in html
    assert "<img" not in html


def test_links_within_the_site_lead_somewhere(visit: Callable[[str], Response]) -> None:
    links = {
        link.replace("&amp;", "&")
        for path in PAGES
        for link in re.findall(r'<a [^>]*href="(/[^"#]*)', visit(path).text)
    }
    assert len(links) > 40
    broken = {link for link in links if visit(link).status_code != 200}
    assert not broken


def test_the_stylesheet_may_be_kept_for_ever_and_changes_its_address(site: TestClient) -> None:
    address = re.search(r'href="(/static/site\.css\?v=[0-9a-f]{12})"', site.get("/").text)
    assert address
    response = site.get(address[1])
    assert response.headers["content-type"].startswith("text/css")
    assert "immutable" in response.headers["cache-control"]
    assert site.get("/static/..%2Fapp.py").status_code == 404


def test_a_program_gets_a_problem_document(site: TestClient) -> None:
    response = site.get("/nowhere", headers={"accept": "application/json"})
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_an_empty_archive_has_pages_too(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    init_fresh(settings, []).dispose()
    with TestClient(create_app(settings, now=lambda: NOW)) as client:
        for path in ("/", "/spend", "/sources", "/missing", "/rules", "/report", "/decisions"):
            response = client.get(path)
            assert response.status_code == 200, path
            assert "has not crawled anything yet" in response.text


def test_an_ad_that_vanished_says_between_when(site: TestClient) -> None:
    html = site.get("/ads/harbour_ads/plain-3").text
    assert "Vanished" in html
    assert re.search(r"Last seen .*16 Nov 2026.* no longer found .*23 Nov 2026", html)


def test_an_ad_is_only_said_to_be_there_when_its_own_partition_was_crawled(
    site: TestClient,
) -> None:
    html = site.get("/ads/meadow_library/900000001").text
    assert re.search(r"It was there .*16 Nov 2026.* when we last looked for it", html)


def test_an_earlier_state_is_shown_as_such_and_keeps_what_came_later_out(site: TestClient) -> None:
    html = site.get(f"{MILL}?as_of=2026-11-01").text
    assert "not as it is now" in html
    assert "Sign today" in html
    assert "Sign before 1 December" not in html
    assert "1,020 EUR" not in html
    assert "as_of=2026-11-01T23%3A59%3A59.999999Z" in html


def test_a_search_can_be_asked_as_of_an_earlier_time(site: TestClient) -> None:
    assert 'id="total">4 ads' in site.get("/search?as_of=2026-11-01").text
    assert 'id="total">8 ads' in site.get("/search").text


def test_what_a_source_left_blank_is_told_apart_from_what_it_never_gives(site: TestClient) -> None:
    html = site.get("/ads/meadow_library/900000001").text
    assert "unknown: the source has this field and left it blank" in html
    assert "unknown: this source does not give it" in html


def test_currencies_stand_in_tables_of_their_own(site: TestClient) -> None:
    html = site.get("/spend").text
    titles = re.findall(r'<h2 id="(?:in-\d|others)">([^<]*)</h2>', html)
    assert titles == ["In EUR", "Without a currency", "In other currencies"]
    assert re.findall(r">Everything in (\w+)", html) == ["USD"]
    assert '<h2 id="in-1">In USD</h2>' in site.get("/spend?currency=USD").text


def test_signals_are_not_on_the_page_of_an_ad(site: TestClient) -> None:
    html = site.get("/ads/meadow_library/900000002").text
    assert "No decision about this ad has been published here." in html
    assert "does not do as the rule says" not in html


def test_a_decision_stands_on_its_own_page_and_on_that_of_its_ad(site: TestClient) -> None:
    assert "D-2026-00001" in site.get("/ads/meadow_library/900000001").text
    html = site.get("/decisions/D-2026-00001").text
    assert "Opinion: a concern" in html
    assert "An Invented Officer" not in html
    assert "An Invented Reviewer" not in html


def test_a_file_without_a_date_is_not_said_to_be_of_today(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    engine = init_fresh(settings, SOURCES)
    with write(engine) as session:
        run = begin_run(session, "harbour_ads", "import", RunKind.IMPORT, NOW)
        ingest_page(session, run, [harbour_mill(0)], None, NOW)
        end_run(session, run, Outcome.DONE, NOW)
    engine.dispose()
    with TestClient(create_app(settings, now=lambda: NOW)) as client:
        html = client.get(MILL).text
    assert "when the source had said so, the file does not tell" in html
    assert "read from an undated file" in html
    assert "said by the source" not in html


def test_the_first_page_counts_what_is_new_since_yesterday(site: TestClient) -> None:
    tally = re.findall(r"<b>(\d+)</b> ([a-z ]+)", site.get("/").text)
    assert tally == [("0", "new ads"), ("0", "new payers"), ("0", "changed"), ("1", "vanished")]
