"""Coverage over HTTP: by week as JSON and CSV, as a page, and beside every sum and list of results."""

import csv
import io
from datetime import timedelta

import pytest

from api.pages.coverage import order_countries
from archive.models.runs import RunKind
from archive.runs.crawling_stops import stop_crawling
from archive.runs.lease import WORKER_STOPPED, begin_run
from archive.store.database import open_engine, write
from tests.api.conftest import NOON, SOURCE, make_ad


def test_every_country_and_all_together_have_their_week(ask):
    answer = ask("GET", "/coverage").json()
    rows = {row["country"]: row for row in answer["items"]}
    assert (rows["*"]["source"], rows["*"]["week_on"]) == (SOURCE.id, "2026-02-23")
    assert rows["*"]["outcomes"] == {"done": 1}
    assert rows["*"]["source_total"] is None


def test_a_week_can_be_chosen_and_had_as_csv(ask, take_in):
    take_in([make_ad("a9")], NOON + timedelta(minutes=30))
    answer = ask(
        "GET", "/coverage?source=example&country=*&from=2026-03-01&to=2026-03-01&format=csv"
    )
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["country"], row["runs"], row["days"]) == ("*", "2", "7")


def test_a_source_says_what_of_it_is_here_and_whom_its_ads_name(ask, client):
    told = ask("GET", f"/sources/{SOURCE.id}/coverage").json()
    payer = next(field for field in told["disclosed"] if field["field"] == "payer_name")
    assert (payer["named"], payer["missing"]) == (2, {"not_disclosed": 1})
    assert [year["year"] for year in told["contents"]["years"]] == [2026]
    page = client.get(f"/sources/{SOURCE.id}").text
    assert "of 3 ads 2 name the payer" in page.lower()
    assert "Platforms: Examplatform." in page


def test_weeks_of_a_platform_or_watch_list_nobody_runs_are_none(ask, client):
    assert ask("GET", "/coverage?platform=examplatform").json()["items"]
    assert ask("GET", "/coverage?platform=elsewhere").json()["items"] == []
    assert ask("GET", "/coverage?watch_list=greens").json()["items"] == []
    assert client.get("/sources/example?watch_list=greens").status_code == 200


def test_a_killed_run_shows_as_a_gap_within_five_minutes(ask, settings, clock, keys):
    engine = open_engine(settings)
    began_at = NOON + timedelta(days=1)
    with write(engine) as session:
        begin_run(session, SOURCE.id, "2026", RunKind.CRAWL, began_at)
    engine.dispose()
    clock.at = began_at + timedelta(minutes=5)

    weeks = ask("GET", "/coverage?country=*").json()["items"]
    days = ask("GET", f"/sources/{SOURCE.id}/coverage").json()

    assert [gap["reason"] for gap in weeks[0]["gaps"]] == [WORKER_STOPPED]
    assert [gap["reason"] for gap in days["gaps"]] == [WORKER_STOPPED]


def test_a_stop_of_all_crawling_is_told_by_health_and_on_the_page_of_sources(
    ask, client, settings, clock
):
    assert ask("GET", "/health").json()["crawling"] == "going on"
    engine = open_engine(settings)
    with write(engine) as session:
        stop_crawling(session, "Ada", "a <b>court</b> asked us to", NOON)
    engine.dispose()
    clock.at = NOON + timedelta(days=3)

    told = ask("GET", "/health").json()["crawling"]
    page = client.get("/sources").text
    (gap,) = ask("GET", f"/sources/{SOURCE.id}/coverage").json()["gaps"]

    assert told == gap["reason"]
    assert told.endswith("because a <b>court</b> asked us to")
    assert "Nothing is being crawled now." in page
    assert "because a &lt;b&gt;court&lt;/b&gt; asked us to" in page
    assert "Ada" not in page


@pytest.mark.parametrize("path", ["/search", "/search?q=harbour", "/search?source=example"])
def test_a_search_says_how_well_its_sources_were_crawled(ask, path):
    (crawled,) = ask("GET", path).json()["coverage"]
    assert crawled["source"] == SOURCE.id
    assert crawled["sentence"] == "crawled on 1 of 1 day, last on 1 Mar 2026"


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        (
            "2026-02-02",
            "2026-03-01",
            "crawled on 1 of 1 day, last on 1 Mar 2026; not before 1 Mar 2026",
        ),
        (
            "0001-01-01",
            "9999-12-31",
            "crawled on 1 of 3 days, last on 1 Mar 2026; not before 1 Mar 2026",
        ),
        ("2026-03-01", "2026-03-02", "crawled on 1 of 2 days, last on 1 Mar 2026"),
        ("2026-03-02", "2026-03-03", "crawled on 0 of 2 days, last on 1 Mar 2026"),
    ],
)
def test_a_search_in_some_days_says_how_well_these_were_crawled_since_the_first_run(
    ask, clock, since, until, told
):
    clock.at = NOON + timedelta(days=2)
    answer = ask("GET", f"/search?from={since}&to={until}").json()
    assert [crawled["sentence"] for crawled in answer["coverage"]] == [told]


def test_a_search_as_of_a_time_knows_only_the_runs_of_then(ask, take_in, clock):
    take_in([make_ad("a9")], NOON + timedelta(days=2))
    clock.at = NOON + timedelta(days=3)
    then = ask("GET", "/search?as_of=2026-03-01T12:30:00Z").json()["coverage"]
    now = ask("GET", "/search").json()["coverage"]
    assert [look["days"] for look in (*then, *now)] == [1, 3]


def test_every_sum_says_how_well_its_sources_were_crawled(ask):
    groups = ask("GET", "/spend?by=payer").json()["groups"]
    assert groups
    for group in groups:
        (crawled,) = group["coverage"]
        assert crawled["sentence"] == "crawled on 1 of 1 day, last on 1 Mar 2026"


@pytest.mark.parametrize("path", ["/search", "/search?q=nothingofthekind", "/spend"])
def test_the_sentence_stands_on_the_page_of_the_answer(client, path):
    assert "crawled on 1 of 1 day, last on 1 Mar 2026." in client.get(path).text


def test_the_page_of_a_source_shows_its_weeks_country_by_country(client):
    page = client.get("/sources/example").text
    assert "23 Feb 2026" in page
    assert 'href="/api/v1/coverage?source=example&amp;country=%2A' in page
    assert client.get("/sources/example?country=GR").status_code == 200


def test_a_country_without_runs_is_said_to_have_none(client):
    assert (
        "Chad: no run of this source tells anything of the last 26 weeks"
        in client.get("/sources/example?country=TD").text
    )


def test_a_source_nobody_knows_has_no_page(client):
    assert client.get("/sources/nobody").status_code == 404


def test_the_page_of_sources_leads_to_each_one_s_weeks(client):
    assert 'href="/sources/example"' in client.get("/sources").text


def test_all_countries_come_first_and_ads_without_one_last():
    assert order_countries({"", "US", "*", "GR"}) == ["*", "GR", "US", ""]
