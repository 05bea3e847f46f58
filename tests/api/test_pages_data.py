"""Every page that shows data has it as CSV and as JSON, of the same time, and no cell is a formula."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api.app import create_app
from api.tables import FORMULA_STARTS
from archive.curation.people import add_user
from archive.models.people import Role
from archive.models.runs import RunKind
from archive.names.following import bring_names_on
from archive.records import AdRecord, DisclosureRecord, Unreadable
from archive.runs.captures import save_capture
from archive.runs.lease import begin_run
from archive.runs.quarantine import quarantine_pieces
from archive.store.blobs import BlobStore
from archive.store.database import write
from archive.store.setup import write_sources
from config.settings import Settings
from oversight.cases import DecisionDraft, DecisionOutcome, decide_flag
from oversight.rules.rule_book import load_rules, read_rule_book
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import HOSTILE as FORMULA
from tests.api.test_pages import ERRORS, MILL, PAGES
from tests.flagging import adopt, flag_ad
from tests.invented import (
    NOW,
    SOURCES,
    decide_something,
    make_archive,
    make_settings,
    record_failed_run,
    record_run,
)

WITHOUT_DATA = ["/find", "/report", "/about"]
FORMULA_PAGES = [
    "/",
    "/search?q=formula",
    "/search?q=formula&as_of=2026-11-23",
    "/ads/formulas/1",
    "/ads/formulas/1?as_of=2026-11-23",
    "/advertisers/formulas%3A9",
    "/spend?by=payer",
    "/rules",
    "/rules/formula",
    "/decisions",
    "/decisions/D-2026-00002",
    "/sources",
]
DATA_PAGES = [
    path for path in dict.fromkeys([*PAGES, *FORMULA_PAGES, "/missing"]) if path not in WITHOUT_DATA
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The application over the invented archive and a source, a rule, a decision full of formulas."""
    settings = make_settings(tmp_path_factory.mktemp("data"))
    add_formula_rule(settings)
    engine = make_archive(settings)
    decide_something(settings, engine)
    add_formulas(settings, engine)
    decide_formula(settings, engine)
    bring_names_on(engine, NOW)
    sync_index(engine, open_search(settings, engine), NOW)
    with TestClient(create_app(settings, now=lambda: NOW + timedelta(hours=1))) as client:
        yield client
    engine.dispose()


def add_formula_rule(settings: Settings) -> None:
    shipped = next(rule for rule in load_rules(settings) if rule.id == "payer-left-blank")
    text = shipped.text.replace("id: payer-left-blank", "id: formula", 1)
    text = re.sub(r"(?m)^title: .*$", f"title: '{FORMULA}'", text)
    path = settings.home / "config" / "rules" / "any" / "formula.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def add_formulas(settings: Settings, engine: Engine) -> None:
    blobs = BlobStore(settings.blobs_dir)
    ad = AdRecord(
        ref="1",
        platform=FORMULA,
        advertiser_ref="9",
        advertiser_name=FORMULA,
        payer_name=FORMULA,
        bodies=[f"{FORMULA} is a formula"],
        currency="EUR",
        spend_lower_minor=7_00,
        spend_upper_minor=7_00,
    )
    filed = DisclosureRecord(
        ref="-1+1",
        committee_ref="C9",
        purpose=FORMULA,
        currency="EUR",
        amount_minor=-5_00,
        is_memo=False,
        is_notice=False,
        is_correction=True,
    )
    unreadable = Unreadable(file="ads.csv", field="spend", reason=FORMULA, raw=b"?")
    with write(engine) as session:
        write_sources(session, [SOURCES[0].model_copy(update={"id": "formulas", "title": FORMULA})])
        record_run(session, blobs, "formulas", "2026", NOW, [ad, filed])
        record_failed_run(session, "formulas", FORMULA, NOW)
        run = begin_run(session, "formulas", "2025", RunKind.CRAWL, NOW)
        capture = save_capture(
            session, run, blobs.put_bytes(b"?"), url="https://x.example", now=NOW
        )
        quarantine_pieces(session, blobs, run, [unreadable], capture, NOW)


def decide_formula(settings: Settings, engine: Engine) -> None:
    book = read_rule_book(settings)
    draft = DecisionDraft(
        outcome=DecisionOutcome.OPINION_NO_CONCERN,
        reasons=FORMULA,
        legal_basis=FORMULA,
        plain_summary=FORMULA,
    )
    with write(engine) as session:
        rule = adopt(session, book, "formula", NOW)
        analyst, _ = add_user(session, "Another Invented Officer", [Role.ANALYST], NOW)
        reviewer, _ = add_user(session, "Another Invented Reviewer", [Role.REVIEWER], NOW)
        flag = flag_ad(session, "formulas:1", rule, FORMULA, analyst, NOW)
        decide_flag(session, flag, draft, reviewer, book, NOW)


def list_data(site: TestClient, path: str) -> dict[str, str]:
    """The links of a page's as-of line to its data, by their words."""
    html = site.get(path, headers={"accept": "text/html"}).text
    bar = re.search(r'<section class="asof.*?</section>', html, re.DOTALL)
    assert bar
    links = re.findall(r'<a href="(/api/[^"]*)"[^>]*>(\w+)</a>', bar[0])
    return {words: unescape(address) for address, words in links}


def read_cells(site: TestClient, path: str) -> list[list[str | float]]:
    """The rows of a page's CSV; what is not in quotes is a number."""
    answer = site.get(list_data(site, path)["CSV"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    lines = io.StringIO(answer.text, newline="")
    return [list(row) for row in csv.reader(lines, quoting=csv.QUOTE_NONNUMERIC)]


@pytest.mark.parametrize("path", DATA_PAGES)
def test_every_page_of_data_links_its_json_and_its_csv_without_formulas(
    site: TestClient, path: str
) -> None:
    links = list_data(site, path)
    assert set(links) == {"CSV", "JSON"}
    answer = site.get(links["JSON"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"

    header, *rows = read_cells(site, path)
    assert all(len(row) == len(header) for row in rows)
    texts = [cell for row in rows for cell in row if isinstance(cell, str)]
    assert not [text for text in texts if text.startswith(FORMULA_STARTS)]


@pytest.mark.parametrize("path", FORMULA_PAGES)
def test_a_formula_on_a_page_is_kept_in_its_csv_as_text(site: TestClient, path: str) -> None:
    texts = [cell for row in read_cells(site, path) for cell in row if isinstance(cell, str)]
    assert any(text.startswith(f"'{FORMULA}") for text in texts)


@pytest.mark.parametrize("path", [*WITHOUT_DATA, *ERRORS])
def test_a_page_without_data_links_none(site: TestClient, path: str) -> None:
    assert list_data(site, path) == {}


def test_the_data_of_an_earlier_page_is_of_that_time(site: TestClient) -> None:
    past = f"{MILL}?as_of=2026-11-01"
    assert site.get(list_data(site, past)["JSON"]).json()["payer_name"] == "Mill Holdings Ltd"
    header, row = read_cells(site, past)
    assert row[header.index("payer_name")] == "Mill Holdings Ltd"

    found = site.get(list_data(site, "/search?as_of=2026-11-01")["JSON"]).json()
    assert (found["total"], found["engine"]) == (4, "embedded")


def test_the_data_of_a_later_page_of_decisions_is_of_that_page(site: TestClient) -> None:
    following = site.get("/api/v1/decisions?limit=1").json()["next"].partition("?")[2]
    header, *rows = read_cells(site, f"/decisions?{following}")
    assert [row[header.index("reference")] for row in rows] == ["D-2026-00001"]
