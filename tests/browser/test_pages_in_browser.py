"""What only a browser can show: rules of accessibility, layout at every width, focus, no script needed."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, Response

from api.app import create_app
from search.copies.sync import sync_index
from search.engines import open_search
from tests.corrected import correct_something
from tests.invented import NOW, decide_something, hold_something, make_archive, make_settings
from tests.watched import watch_something

PAGES = [
    "/",
    "/search",
    "/search?q=climate&country=GR",
    "/search?copies=once",
    "/ads/harbour_ads/mill-1",
    "/ads/harbour_ads/mill-1?as_of=2026-11-01",
    "/spend?by=payer&as_of=2026-11-20&valid_at=2026-11-01",
    "/ads/harbour_ads/odd%2Fref%20%3F%23%25%3A1",
    "/ads/meadow_library/900000002",
    "/ads/meadow_library/900000701",
    "/ads/meadow_library/900000702",
    "/search?include=unlabelled",
    "/spend?include=unlabelled",
    "/watch-lists",
    "/advertisers/harbour_ads%3A77",
    "/spend?convert_to=USD",
    "/spend?by=region",
    "/rules",
    "/rules/started-on-the-eve",
    "/decisions",
    "/decisions/D-2026-00001",
    "/sources",
    "/sources/meadow_library",
    "/sources/harbour_ads?country=GR",
    "/quarantined",
    "/missing",
    "/corrections",
    "/corrections?measure=ads",
    "/find",
    "/report",
    "/about",
    "/nowhere",
]

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site over the invented archive, on a free port of this machine."""
    settings = make_settings(tmp_path_factory.mktemp("site"))
    engine = make_archive(settings)
    decide_something(settings, engine)
    hold_something(engine)
    watch_something(settings, engine)
    correct_something(engine, "harbour_ads:mill-1", "harbour_ads:77")
    sync_index(engine, open_search(settings, engine), NOW)
    engine.dispose()
    config = uvicorn.Config(create_app(settings, now=lambda: NOW), port=0, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@dataclass
class Visit:
    """What was noticed on one page, looked at once for all tests of it."""

    response: Response
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    cookies: list[Any] = field(default_factory=list)
    pixels_beyond_narrow: int = 0
    barriers: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Callable[[str], Visit]:
    @cache
    def look(path: str) -> Visit:
        with browser.new_context() as context:
            return _ingest_run(context.new_page(), address + path)

    return look


def _ingest_run(page: Page, url: str) -> Visit:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.emulate_media(color_scheme="light")
    response = page.goto(url)
    assert response
    seen = Visit(response, asked, complaints, cookies=page.context.cookies())
    light = Axe().run(page)
    page.emulate_media(color_scheme="dark")
    dark = Axe().run(page, options={"runOnly": ["color-contrast"]})
    seen.barriers = [found.generate_report() for found in (light, dark) if found.violations_count]
    page.set_viewport_size({"width": 320, "height": 640})
    seen.pixels_beyond_narrow = page.evaluate(OVERFLOW)
    return seen


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_a_rule_of_accessibility(visit: Callable[[str], Visit], path: str) -> None:
    assert visit(path).barriers == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways_on_a_narrow_screen(
    visit: Callable[[str], Visit], path: str
) -> None:
    assert visit(path).pixels_beyond_narrow <= 0


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_anyone_but_this_site(
    visit: Callable[[str], Visit], address: str, path: str
) -> None:
    seen = visit(path)
    assert all(url.startswith(address) for url in seen.asked)
    expected = [] if seen.response.ok else ["Failed to load resource"]
    assert all(any(text.startswith(known) for known in expected) for text in seen.complaints)
    assert seen.cookies == []


def test_the_keyboard_reaches_the_page_past_the_navigation(
    browser_page: Page, address: str
) -> None:
    browser_page.goto(address)
    browser_page.keyboard.press("Tab")
    assert browser_page.evaluate("document.activeElement.textContent") == "Skip to the page"
    assert browser_page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    browser_page.keyboard.press("Enter")
    browser_page.wait_for_url("**/#main")


def test_an_ad_written_from_right_to_left_stands_from_right_to_left(
    browser_page: Page, address: str
) -> None:
    browser_page.goto(f"{address}/ads/meadow_library/900000002")
    quotation = browser_page.locator(".quotation p").first
    assert quotation.evaluate("node => getComputedStyle(node).direction") == "rtl"


def test_a_citizen_can_report_an_ad_and_is_told_what_is_wrong(
    browser_page: Page, address: str
) -> None:
    browser_page.goto(f"{address}/ads/harbour_ads/mill-1")
    browser_page.get_by_role("link", name="Report this ad").click()
    browser_page.get_by_role("button", name="Report this ad").click()
    assert browser_page.get_by_role("alert").is_visible()
    browser_page.get_by_role("link", name="Say what is wrong with it.").click()
    browser_page.keyboard.type("It does not say who paid in the end.")
    browser_page.get_by_role("button", name="Report this ad").click()
    assert "We have your report" in browser_page.get_by_role("heading", level=1).inner_text()
    assert browser_page.context.cookies() == []


@pytest.mark.parametrize(
    ("path", "cell"),
    [("/spend", "tbody th"), ("/ads/harbour_ads/mill-1", "td[data-label^='What the source']")],
)
def test_a_name_without_a_blank_breaks_on_a_wide_screen_too(
    browser_page: Page, address: str, path: str, cell: str
) -> None:
    browser_page.set_viewport_size({"width": 1280, "height": 900})
    browser_page.goto(f"{address}{path}")
    browser_page.locator(cell).first.evaluate("node => node.textContent = 'x'.repeat(900)")
    assert browser_page.evaluate(OVERFLOW) <= 0


def test_pages_print_without_what_only_a_screen_needs(browser_page: Page, address: str) -> None:
    browser_page.goto(f"{address}/ads/harbour_ads/mill-1")
    browser_page.emulate_media(media="print")
    assert not browser_page.get_by_role("navigation", name="Main").is_visible()
    assert browser_page.get_by_text("Save the old mill.").first.is_visible()


def test_what_was_found_is_in_print_and_the_form_around_it_is_not(
    browser_page: Page, address: str
) -> None:
    browser_page.goto(f"{address}/search?q=mill")
    browser_page.emulate_media(media="print")
    assert browser_page.locator("#total").is_visible()
    assert browser_page.locator(".hits li").first.is_visible()
    for left_out in (".searchbox", "summary", "#narrow", ".to-facets"):
        assert not browser_page.locator(left_out).first.is_visible()


def test_amounts_without_a_currency_are_folded_on_a_screen_and_stand_in_print(
    browser_page: Page, address: str
) -> None:
    browser_page.goto(f"{address}/spend")
    row = browser_page.locator("details").get_by_role("cell", name="currency not given").first
    assert not row.is_visible()
    browser_page.emulate_media(media="print")
    assert row.is_visible()
