"""What only a browser can show: rules of accessibility, layout at every width, focus, no script needed."""

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, Request

from api.app import create_app
from search.engines import open_search
from search.sync import sync_index
from tests.corrected import correct_something
from tests.invented import NOW, decide_something, hold_something, make_archive, make_settings
from tests.watched import watch_something

PAGES = [
    "/",
    "/search",
    "/search?q=climate&country=GR",
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
    "/held",
    "/missing",
    "/corrections",
    "/corrections?measure=ads",
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


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_a_rule_of_accessibility(
    browser_page: Page, address: str, path: str
) -> None:
    browser_page.emulate_media(color_scheme="light")
    browser_page.goto(address + path)
    found = Axe().run(browser_page)
    assert found.violations_count == 0, found.generate_report()
    browser_page.emulate_media(color_scheme="dark")
    found = Axe().run(browser_page, options={"runOnly": ["color-contrast"]})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways_on_a_narrow_screen(
    browser_page: Page, address: str, path: str
) -> None:
    browser_page.set_viewport_size({"width": 320, "height": 640})
    browser_page.goto(address + path)
    assert browser_page.evaluate(OVERFLOW) <= 0


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_anyone_but_this_site(browser_page: Page, address: str, path: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    browser_page.on("request", note)
    browser_page.on("console", lambda message: complaints.append(message.text))
    response = browser_page.goto(address + path)
    assert response
    assert all(url.startswith(address) for url in asked)
    expected = [] if response.ok else ["Failed to load resource"]
    assert all(any(text.startswith(known) for known in expected) for text in complaints)
    assert browser_page.context.cookies() == []


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


def test_pages_print_without_what_only_a_screen_needs(browser_page: Page, address: str) -> None:
    browser_page.goto(f"{address}/ads/harbour_ads/mill-1")
    browser_page.emulate_media(media="print")
    assert not browser_page.get_by_role("navigation", name="Main").is_visible()
    assert browser_page.get_by_text("Save the old mill.").first.is_visible()
