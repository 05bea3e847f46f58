"""Pages about an earlier moment: they say so above their content, and every link keeps to it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api import cli
from api.app import create_app
from archive.store.setup import init_archive
from config.settings import Settings
from paidforby import app as commands
from search.copies.sync import sync_index
from search.engines import open_search
from tests.invented import NOW, make_archive, make_settings
from tests.servers import find_free_port

MILL = "/ads/harbour_ads/mill-1"
ADVERTISER = "/advertisers/harbour_ads%3A77"
PAGES = [MILL, ADVERTISER, "/search?q=mill", "/spend?by=payer", "/rules"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = make_settings(tmp_path_factory.mktemp("moment"))
    engine = make_archive(settings)
    sync_index(engine, open_search(settings, engine), NOW)
    engine.dispose()
    with TestClient(create_app(settings, lambda: NOW)) as client:
        yield client


@pytest.fixture(scope="module")
def later_site(site):
    """The same archive after its newest run."""
    settings = site.app.state.rooms.settings
    with TestClient(create_app(settings, lambda: NOW + timedelta(minutes=1))) as client:
        yield client


def read_page(site, path, **moment):
    answer = site.get(path, params=dict(p.split("=") for p in path.split("?")[1:]) | moment)
    assert answer.status_code == 200, path
    return answer.text


def read_words(html):
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


@pytest.mark.parametrize("path", PAGES)
def test_a_sentence_above_the_content_says_which_moment_is_shown(site, path):
    both = read_page(site, path, as_of="2026-11-20", valid_at="2026-11-01")
    above = read_words(both.partition("<main")[0])
    assert "As this archive knew it on 20 Nov 2026, 23:59 UTC" in above
    assert "what held on 1 Nov 2026, 23:59 UTC, not as it is now" in above
    alone = read_words(read_page(site, path, valid_at="2026-11-01").partition("<main")[0])
    assert "By all this archive knows · what held on 1 Nov 2026" in alone
    assert "not as it is now" not in read_page(site, path)


@pytest.mark.parametrize("path", PAGES)
def test_the_form_for_a_moment_keeps_what_was_asked(site, path):
    html = read_page(site, path, as_of="2026-11-20", valid_at="2026-11-01")
    form = html.partition('<form id="earlier"')[2].partition("</form>")[0]
    assert 'name="as_of"' in form
    assert 'value="2026-11-01T23:59:59.999999Z"' in form
    asked = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    assert dict(asked).get("q", "mill") == "mill"
    assert not {"as_of", "valid_at"} & dict(asked).keys()


@pytest.mark.parametrize("path", PAGES)
def test_the_data_of_the_page_is_of_the_same_moment(site, path):
    html = read_page(site, path, as_of="2026-11-20", valid_at="2026-11-01")
    link = re.search(r'<a href="([^"]+)">JSON</a>', html)[1].replace("&amp;", "&")
    answer = site.get(link).json()
    assert answer["as_of"].startswith("2026-11-20T23:59:59")
    assert answer["valid_at"].startswith("2026-11-01T23:59:59")


def test_spending_is_shown_as_it_was_and_leads_on_to_the_same_moment(site):
    then = read_page(site, "/spend?by=payer", currency="EUR", as_of="2026-11-01")
    assert "Mill Holdings Ltd" in then
    assert "Old Mill Trust" not in then
    assert re.search(
        r'href="/search\?payer=Mill\+Holdings\+Ltd&amp;currency=EUR&amp;as_of=2026-11-01T', then
    )
    hidden = re.findall(r'type="hidden" name="as_of" value="2026-11-01T', then)
    assert hidden, "the question asked anew is about the same moment"


def test_what_held_then_includes_what_was_learned_since(site):
    assert "120 EUR" in read_page(site, MILL, valid_at="2026-11-01")
    assert "480 EUR" not in read_page(site, MILL, valid_at="2026-11-01")
    hits = read_page(site, "/search?q=mill", valid_at="2026-11-01")
    assert f'href="{MILL}?valid_at=2026-11-01T' in hits


def test_an_advertiser_without_a_name_then_is_not_found(site):
    assert site.get(ADVERTISER, params={"as_of": "2026-01-01"}).status_code == 404


@pytest.mark.parametrize("path", ["/spend", "/rules", ADVERTISER])
@pytest.mark.parametrize("given", ["soon", "2999-01-01"])
def test_a_time_that_is_none_or_has_not_come_is_refused(site, path, given):
    assert site.get(path, params={"valid_at": given}).status_code == 400


# The rules of this archive came into use at no time: no worker has run.
@pytest.mark.parametrize("path", [path for path in PAGES if path != "/rules"])
def test_a_page_is_cited_for_the_instant_at_which_it_is_read(later_site, path):
    site = later_site
    html = read_page(site, path)
    cited = unescape(re.search(r'<span class="id">(http://[^<]*)</span>', html)[1])
    assert "as_of=20" in cited

    then = site.get(cited.removeprefix("http://127.0.0.1:8000"))
    assert then.status_code == 200
    body = re.compile(r"<h1>.*?(?=<section class=\"cite\")", re.DOTALL)
    # What is not printed only leads to other pages: of copies there is none of an earlier time.
    controls = re.compile(r'<p class="small noprint">.*?</p>', re.DOTALL)
    texts = [controls.sub("", text) for text in (html, then.text)]
    plain = [
        re.sub(r"as_of=[^\"&]*&?(amp;)?|engine: \w+", "", body.search(text)[0]) for text in texts
    ]
    assert read_words(plain[0]) == read_words(plain[1])


def test_a_page_that_knows_only_now_is_cited_by_an_address_that_answers(later_site):
    html = read_page(later_site, "/search?copies=once")
    cited = unescape(re.search(r'<span class="id">(http://[^<]*)</span>', html)[1])
    assert "as_of" not in cited
    assert later_site.get(cited.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_the_site_is_cited_by_the_address_it_is_served_at(tmp_path, monkeypatch):
    served, port = [], find_free_port()

    def run(server, sockets):
        served.append(server.config.app.state.rooms.settings.public_url)
        for each in sockets:
            each.close()

    monkeypatch.setattr(cli.uvicorn.Server, "run", run)
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    init_archive(Settings(home=tmp_path), []).dispose()

    told = CliRunner().invoke(commands, ["serve", "--port", str(port)])
    assert "citations" not in told.stderr
    monkeypatch.setenv("PAIDFORBY_PUBLIC_URL", "https://ads.example")
    warned = CliRunner().invoke(commands, ["serve", "--port", str(port)])

    assert served == [f"http://127.0.0.1:{port}", "https://ads.example"]
    assert "citations and feeds name https://ads.example" in warned.stderr
