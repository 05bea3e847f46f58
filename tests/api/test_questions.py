"""The same question asked of the API, of the page and by the command: one answer, one refusal."""

import html
import json
import re
import shlex
from urllib.parse import urlencode

import pytest
from typer.testing import CliRunner

from paidforby import app
from search.answering.answers import read_days
from search.question.query import ALL_FILTERS
from tests.api.conftest import make_ad


@pytest.fixture
def run(settings, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(settings.home))
    return lambda command: CliRunner().invoke(app, shlex.split(command))


SEARCHES = [
    ({}, [], 3),
    ({"q": "harbour"}, [], 3),
    ({"q": "nothingofthekind"}, [], 0),
    ({}, [("currency", "EUR")], 2),
    ({}, [("country", "GR"), ("currency", "EUR")], 2),
    ({}, [("country", "GR"), ("country", "FR")], 3),
    ({}, [("country", "FR")], 0),
    ({}, [("from", "2026-01-31"), ("to", "2026-02-01")], 3),
    ({}, [("from", "2026-02-01")], 0),
    ({"q": "harbour", "include": "unlabelled", "sort": "newest", "page": "1"}, [], 3),
]


@pytest.mark.parametrize(("asked", "filters", "total"), SEARCHES)
def test_a_search_has_one_total(run, client, asked, filters, total):
    page = client.get(f"/search?{urlencode([*asked.items(), *filters])}").text
    assert re.findall(r'id="total">(\d+) ads?', page) == [str(total)]

    answer = client.get(f"/api/v1/search?{urlencode([*asked.items(), *filters])}").json()
    assert answer["total"] == total

    pairs = [("filter", f"{name}={value}") for name, value in filters]
    options = [f"--{name}={value}" for name, value in [*asked.items(), *pairs] if name != "q"]
    told = run(f"search {asked.get('q', '')} {' '.join(options)} --json").stdout
    assert json.loads(told)["total"] == total


@pytest.mark.parametrize(
    ("asked", "ads"),
    [
        ({}, 3),
        ({"currency": "EUR"}, 2),
        ({"country": "FR"}, 0),
        ({"platform": "examplatform", "by": "advertiser"}, 3),
        ({"from": "2026-01-01", "to": "2026-01-31", "by": "month"}, 3),
        ({"measure": "disclosed"}, 1),
        ({"include": "unlabelled", "basis": "lifetime"}, 3),
    ],
)
def test_a_question_about_money_has_one_answer(run, client, asked, ads):
    answer = client.get("/api/v1/spend", params=asked).json()
    assert sum(group["ads"] for group in answer["groups"]) == ads

    options = " ".join(f"--{name.replace('_', '-')}={value}" for name, value in asked.items())
    assert json.loads(run(f"spend {options} --json").stdout) == answer

    empty = {"platform": "", "country": "", "currency": "", "from": "", "to": "", "convert_to": ""}
    page = client.get("/spend", params={"by": "payer"} | empty | asked)
    assert page.status_code == 200
    counted = re.findall(r'data-label="Counted">(?:<a [^>]+>)?(\d+)', page.text)
    assert sum(map(int, counted)) == ads


WRONG = [
    ("search", {"sort": "sideways"}, "sort", (400, 400, 2), "newest"),
    ("search", {"include": "all"}, "include", (400, 400, 2), "unlabelled"),
    ("search", {"page": "0"}, "page", (400, 400, 2), "1"),
    ("search", {"page": "51"}, "page", (400, 400, 2), "first 1,000"),
    ("search", {"from": "20260101"}, "from", (400, 400, 2), "such as 2026-11-20"),
    ("search", {"to": "2026-02-30"}, "to", (400, 400, 2), "such as 2026-11-20"),
    ("search", {"spend_min": "5"}, "spend_min", (400, 400, 2), "currency=EUR"),
    ("spend", {"by": "moon"}, "by", (400, 400, 2), "advertiser"),
    ("spend", {"from": "yesterday", "to": "2026-01-31"}, "from", (400, 400, 2), "2026-"),
    ("spend", {"from": "20260101", "to": "2026-01-31"}, "from", (400, 400, 2), "2026-"),
    ("spend", {"from": "2026-01-02", "to": "2026-01-01"}, "to", (400, 400, 2), "before 2026-01-02"),
    ("spend", {"currency": "euro"}, "currency", (400, 400, 2), "such as EUR"),
    ("spend", {"convert_to": "UAH"}, "convert_to", (400, 400, 2), "EUR"),
]


@pytest.mark.parametrize(("what", "asked", "field", "codes", "allowed"), WRONG)
def test_a_wrong_part_is_refused_with_its_name_and_what_is_allowed(
    run, client, what, asked, field, codes, allowed
):
    of_api, of_page, of_command = codes
    problem = client.get(f"/api/v1/{what}?{urlencode(asked)}").json()
    assert (problem["status"], problem["errors"][0]["field"]) == (of_api, f"query.{field}")
    assert allowed in problem["detail"]

    page = client.get(f"/{what}", params=asked)
    said = html.unescape(page.text.partition('role="alert"')[2].partition("</div>")[0])
    assert page.status_code == of_page
    assert allowed in said

    filters = {
        name: value for name, value in asked.items() if what == "search" and name in ALL_FILTERS
    }
    options = [f"--filter {name}={value}" for name, value in filters.items()]
    options += [
        f"--{name.replace('_', '-')}={value}"
        for name, value in asked.items()
        if name not in filters
    ]
    result = run(f"{what} {' '.join(options)}")
    assert result.exit_code == of_command
    assert field.replace("_", "-") in result.stderr or allowed in result.stderr


@pytest.mark.parametrize(
    ("path", "name", "there"),
    [
        ("/api/v1/spend?paid_by=Harbour", "paid_by", "payer"),
        ("/api/v1/spend?by=payer&from_on=2026-01-01", "from_on", "from"),
        ("/api/v1/ads?paid_by=Harbour", "paid_by", "as_of"),
        ("/api/v1/search?q=climate&colour=red", "colour", "landing_domain"),
        ("/api/v1/health?when=2026-01-01", "when", "there are none"),
        ("/spend?paid_by=Harbour", "paid_by", "payer"),
    ],
)
def test_a_parameter_that_is_not_there_is_refused_with_those_there_are(client, path, name, there):
    answer = client.get(path)
    assert answer.status_code == 400
    said = html.unescape(answer.text)
    assert f"there is no parameter '{name}' here" in said.lower()
    assert there in said


def test_every_address_takes_the_parameters_it_describes_and_no_other(client):
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    read = {path: methods["get"] for path, methods in paths.items() if "get" in methods}
    for path, described in read.items():
        named = described.get("parameters", [])
        taken = {parameter["name"] for parameter in named if parameter["in"] == "query"}
        for name in ("no_such_name", *(parameter["name"] for parameter in named)):
            answer = client.get(f"/api/v1{path}", params={name: "1"})
            is_refused = "there is no parameter" in answer.text
            assert is_refused == (name not in taken), (path, name)


def test_what_other_sites_add_to_a_link_is_no_part_of_the_question(client):
    page = client.get("/spend?by=payer&utm_source=letter&fbclid=x")
    assert page.status_code == 200
    assert "utm_source" not in page.text


def test_a_filter_without_a_value_is_refused_with_how_to_write_it(run):
    assert "country=GB" in run("search --filter country").stderr


def test_the_former_way_to_filter_is_refused_with_the_present_one(client):
    problem = client.get("/api/v1/search?filter=country=FR").json()
    assert problem["status"] == 400
    assert "such as country=FR" in problem["detail"]


def test_how_well_sources_were_crawled_is_read_once_until_the_next_run_ends(
    ask, take_in, monkeypatch
):
    looked = []

    def read(*asked):
        looked.append(1)
        return read_days(*asked)

    monkeypatch.setattr("api.dependencies.read_days", read)
    first = ask("GET", "/search?q=harbour").json()["coverage"]
    assert ask("GET", "/search?q=vote").json()["coverage"] == first
    assert ask("GET", "/search?from=2026-01-01&to=2026-01-02").json()["coverage"] != first
    assert len(looked) == 1
    take_in([make_ad("later")])
    ask("GET", "/search?q=vote")
    assert len(looked) == 2
