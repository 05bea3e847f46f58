"""Names on the site and for programs: found first, listed, each with a page of just its rows, and feeds."""

import html
import json
import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages.names import ROWS_SHOWN
from archive.names.following import bring_names_on
from archive.records import (
    AdvertiserMove,
    AdvertiserSpendRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
)
from archive.store.blobs import BlobStore
from archive.store.database import open_engine, write
from search.copies.sync import sync_index
from search.engines import open_search
from search.question.filters import NAME_FILTERS
from tests.api.conftest import NOON, make_ad
from tests.invented import NOW, SOURCES, make_archive, make_settings, record_run
from tests.invented_records import HOSTILE, harbour_plain

FUND = "Tideland Leadership Fund"
PAYEES = ["FACEBOOK", "Facebook", "Facebook, Inc.", "Meadow Print"]


def make_statement(name=FUND, ref="99", week=2):
    return AdvertiserSpendRecord(
        dataset="weekly",
        platform="harbour",
        grain=Grain.WEEK,
        period_start_on=date(2026, 11, week),
        period_end_on=date(2026, 11, week + 6),
        advertiser_ref=ref,
        advertiser_name=name,
        currency="USD",
        spend_lower_minor=5_100_000_00,
        spend_upper_minor=5_100_000_00,
    )


def list_filings():
    yield CommitteeRecord(ref="C7", name="Citizens of the Tideland")
    for number, payee in enumerate(PAYEES):
        yield DisclosureRecord(
            ref=f"F{number}",
            committee_ref="C7",
            payee_name=payee,
            purpose="online ads",
            spent_on=date(2026, 11, 5),
            currency="USD",
            amount_minor=100_00,
            is_memo=False,
            is_notice=False,
            is_correction=False,
        )


@pytest.fixture(scope="module")
def home_of_names(tmp_path_factory):
    return make_settings(tmp_path_factory.mktemp("names"))


@pytest.fixture(scope="module")
def site(home_of_names):
    settings = home_of_names
    make_archive(settings).dispose()
    engine, blobs = open_engine(settings), BlobStore(settings.blobs_dir)
    many = [harbour_plain(n, 2) for n in range(100, 125)]
    spelt = [
        harbour_plain(200, 2).model_copy(update={"payer_name": "NEIGHBOURS FOR NIGHT-BUSES"}),
        harbour_plain(201, 2).model_copy(update={"sponsor_name": "Tideland Ferry Union"}),
    ]
    rows = [make_statement(), make_statement(week=9), make_statement("<b>Odd</b>", "98")]
    with write(engine) as session:
        record_run(session, blobs, SOURCES[0].id, "extra", NOW, [*many, *spelt, *rows])
        record_run(session, blobs, "island_registry", "2025", NOW, list(list_filings()))
    bring_names_on(engine, NOW)
    sync_index(engine, open_search(settings, engine), NOW)
    with TestClient(create_app(settings, now=lambda: NOW), headers={"accept": "text/html"}) as site:
        yield site
    engine.dispose()


def read_page(site, path):
    answer = site.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def read_data(site, path):
    return site.get(f"/api/v1{path}").json()


def list_names(site, **asked):
    items, path = [], "/names"
    answer = site.get(f"/api/v1{path}", params=asked).json()
    while True:
        items += answer["items"]
        if not answer["next"]:
            return items
        answer = site.get(answer["next"]).json()


def test_a_name_without_an_ad_is_the_first_thing_a_search_shows(site):
    page = read_page(site, "/search?q=tideland+leadership")

    assert page.index(FUND) < page.index('id="total"')
    assert "no source that this archive collects" not in page
    assert "2 statements" in page
    assert "no source that this archive collects" in read_page(site, "/search?q=nothingofthekind")


def test_programs_hear_of_names_on_the_first_page_as_of_now(site):
    found = read_data(site, "/search?q=tideland")["names"]

    assert found["total"] == len(found["items"]) == 3
    fund = next(item for item in found["items"] if item["kind"] == "advertiser")
    assert fund == {
        "kind": "advertiser",
        "key": "tideland leadership fund",
        "name": FUND,
        "ads": 0,
        "statements": 2,
        "filings": 0,
        "now": [],
        "path": "/names/advertiser/tideland-leadership-fund",
    }
    assert read_data(site, "/search?q=tideland&page=2")["names"] is None
    assert read_data(site, "/search?q=tideland&as_of=2026-11-20")["names"] is None
    assert read_data(site, "/search")["names"]["total"] == 0


def test_every_count_of_every_name_is_what_its_own_links_show(site):
    counted = 0
    for item in list_names(site, limit=7):
        page = read_page(site, item["path"])
        assert page.count('<h3><a href="/ads/') == min(item["ads"], ROWS_SHOWN), item
        search = re.search(r'<a href="(/search[^"]*)">Search them', page)
        assert bool(search) == (item["ads"] > 0 and item["kind"] in NAME_FILTERS)
        if search:
            counted += 1
            told = re.search(r'id="total">([\d,]+) ads?', read_page(site, html.unescape(search[1])))
            # It finds those too that bore the name before.
            assert int(told[1].replace(",", "")) >= item["ads"], item
        if item["kind"] == "payee":
            counted += 1
            listed = site.get("/api/v1/disclosures", params={"payee": item["name"]}).json()
            assert len(listed["items"]) == item["filings"], item
    assert counted >= 8


def test_a_payee_is_found_however_it_is_spelt_and_letter_by_letter_where_asked(site):
    def count(**asked):
        return len(site.get("/api/v1/disclosures", params=asked).json()["items"])

    assert (count(payee="facebook"), count(payee_exact="Facebook")) == (2, 1)
    assert (count(payee="FACEBOOK INC"), count(payee_exact="facebook")) == (1, 0)
    rows = site.get("/api/v1/downloads/disclosures.jsonl?payee=facebook").text.splitlines()
    assert [json.loads(row)["payee_name"] for row in rows] == PAYEES[:2]


@pytest.mark.parametrize("what", ["ads", "statements", "filings"])
def test_the_rows_of_a_name_can_be_paged_through(site, what, monkeypatch):
    monkeypatch.setattr("api.pages.names.ROWS_SHOWN", 1)
    path = {
        "ads": "/names/payer/neighbours-for-night-buses",
        "statements": "/names/advertiser/tideland-leadership-fund",
        "filings": "/names/committee/citizens-of-the-tideland",
    }[what]
    item, shown = read_data(site, path), []
    while path:
        page = read_page(site, path)
        shown.append(re.split(r"</ol>|</table>", page.split(f'id="{what}"')[1])[0])
        following = re.search(rf'<a href="([^"]*rows={what}[^"]*cursor[^"]*)" rel="next"', page)
        path = html.unescape(following[1]) if following else None
    assert len(shown) == len(set(shown)) == item[what]


def test_a_name_in_several_spellings_is_one_page_that_lists_them(site):
    page = read_page(site, "/names/payer/neighbours-for-night-buses")

    assert "2 spellings" in page
    assert "NEIGHBOURS FOR NIGHT-BUSES" in page
    assert "<h1><bdi>Neighbours for Night Buses</bdi></h1>" in page


def test_a_page_says_who_bears_the_name_and_what_each_spent(site):
    page = read_page(site, "/names/advertiser/neighbours-for-night-buses")

    assert 'href="/advertisers/harbour_ads%3A78"' in page
    assert "its ads</td>" in page
    registered = read_data(site, "/names/committee/citizens-of-the-tideland")["committees"]
    assert [one["id"] for one in registered] == ["C7"]
    assert "400 USD" in read_page(site, "/names/committee/citizens-of-the-tideland")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("advertiser/tideland-leadership-fund", "statement"),
        ("payee/facebook", "disclosure"),
        ("sponsor/tideland-ferry-union", "ad"),
    ],
)
def test_a_name_can_be_followed(site, path, kind):
    assert f'href="/names/{path}/feed.atom"' in read_page(site, f"/names/{path}")
    told = site.get(f"/names/{path}/feed.json").json()
    entries = ElementTree.fromstring(site.get(f"/names/{path}/feed.atom").content)

    assert told["items"]
    assert all(f":{kind}/" in item["id"] for item in told["items"])
    assert len(entries.findall("{http://www.w3.org/2005/Atom}entry")) == len(told["items"])
    for item in told["items"]:
        assert site.get(item["url"].removeprefix("http://archive.example")).status_code == 200


def test_lists_of_names_go_on_from_page_to_page_without_a_script(site, monkeypatch):
    monkeypatch.setattr("api.pages.names.NAMES_SHOWN", 4)
    met, path = [], "/names?kind=payee"
    while path:
        page = read_page(site, path)
        met += re.findall(r'<li><a href="(/names/payee/[^"]*)"', page)
        following = re.search(r'<a href="([^"]*)" rel="next"', page)
        path = html.unescape(following[1]) if following else None
    assert met == [item["path"] for item in list_names(site, kind="payee")]
    assert len(met) == len(set(met)) >= 4


def test_a_list_is_asked_by_words_and_says_what_it_does_not_take(site):
    assert [item["name"] for item in list_names(site, q="tideland -fund")] == [
        "Citizens of the Tideland",
        "Tideland Ferry Union",
    ]
    assert site.get("/names?q=payer:mill").status_code == 400
    assert site.get("/api/v1/names?q=payer:mill").status_code == 400
    assert site.get("/api/v1/names?kind=king").status_code == 400
    assert site.get("/names/payer/nobody-at-all").status_code == 404
    assert site.get("/api/v1/names/payer/nobody-at-all").status_code == 404
    assert "No name here has that" in read_page(site, "/names?q=nothingofthekind")


def test_the_same_rows_come_as_a_spreadsheet(site):
    lines = site.get("/api/v1/names?q=tideland&format=csv").text.splitlines()

    assert lines[0].startswith('"kind","key","name","ads","statements","filings"')
    assert len(lines) == 4


@pytest.mark.parametrize(
    "path", ["/names", "/names?kind=payer", "/names?q=payer:mill", "/names/payer/old-mill-trust"]
)
def test_pages_of_names_keep_the_rules_of_every_page(site, path):
    answer = site.get(path)

    assert len(re.findall(r"<h1[ >]", answer.text)) == 1
    assert len(answer.content) < 100_000
    assert "<script" not in answer.text
    assert "set-cookie" not in answer.headers


def test_hostile_names_stay_text(site):
    for path in ("/names?q=odd", "/names?q=script", "/search?q=odd"):
        page = read_page(site, path)
        assert "<b>Odd" not in page
        assert HOSTILE not in page
    [item] = [one for one in list_names(site, kind="payer") if "script" in one["key"]]
    assert HOSTILE not in read_page(site, item["path"])


def test_an_ad_keeps_its_id_and_its_advertiser_every_name_it_had(client, take_in, settings):
    """Renamed by its source, then merged into another id, under another name."""
    merged = AdvertiserMove(old_ref="page-1", new_ref="page-2")
    take_in([make_ad("a1", advertiser_name="New Horizon")], NOON + timedelta(hours=1))
    moved = make_ad("a1", advertiser_ref="page-2", advertiser_name="Wide Horizon")
    take_in([merged, moved], NOON + timedelta(hours=2))
    engine = open_engine(settings)
    bring_names_on(engine, NOW)
    engine.dispose()

    assert client.get("/ads/example/a1").status_code == 200
    assert client.get("/api/v1/ads/example/a1").json()["id"] == "example:a1"
    for former in ("Harbour Party", "New Horizon"):
        asked = {"q": f'"{former}"', "kind": "advertiser"}
        [item] = client.get("/api/v1/names", params=asked).json()["items"]
        assert item["now"] == ["Wide Horizon"]
        page = client.get(item["path"], headers={"accept": "text/html"}).text
        assert "is now called <bdi>Wide Horizon</bdi>" in page
    assert "now called" in client.get("/search?q=new+horizon").text
