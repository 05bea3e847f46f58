"""All that answers a search, as a file of one moment, with what is known of its rows beside it."""

import csv
import io
import json
from hashlib import sha256
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pyarrow.parquet as pq
import pytest

from tests.api.conftest import NOON, make_ad

pytestmark = pytest.mark.engines_alike


def follow(answer):
    """The address that a file gives for what is known of its rows."""
    path, relation = answer.headers["link"].removeprefix("<").split(">; ")
    assert relation == 'rel="describedby"'
    return path.removeprefix("/api/v1")


def test_a_search_comes_as_rows_in_every_form(ask):
    page = ask("GET", "/search?q=harbour").json()
    answers = {f: ask("GET", f"/search?q=harbour&format={f}") for f in ("csv", "jsonl", "parquet")}
    table = list(csv.DictReader(io.StringIO(answers["csv"].text)))
    lines = [json.loads(line) for line in answers["jsonl"].text.splitlines()]
    parquet = pq.read_table(io.BytesIO(answers["parquet"].content)).to_pylist()

    ids = [row["id"] for row in lines]
    assert sorted(ids) == sorted(hit["id"] for hit in page["hits"])
    assert [row["id"] for row in table] == [row["id"] for row in parquet] == ids
    assert page["total"] == len(ids) == 3
    ads = json.loads(ask("GET", "/downloads/ads.jsonl").text.splitlines()[0])
    assert [*ads][:-1] == [*lines[0]][:-1]
    assert [*lines[0]][-1] == "matched_fields"
    assert "body" in lines[0]["matched_fields"]
    assert (
        'filename="paidforby-search-2026-03-01T130000Z.csv"'
        in (answers["csv"].headers["content-disposition"])
    )


def test_the_rows_are_found_again_as_of_their_moment(ask, take_in, clock):
    answer = ask("GET", "/search?q=harbour&format=csv")
    take_in([make_ad("a1", bodies=["Other words"]), make_ad("a9")], NOON.replace(day=2))
    clock.at = NOON.replace(day=3)

    beside = ask("GET", follow(answer)).json()
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert beside["rows"] == len(rows)
    assert beside["ids_sha256"] == sha256("\n".join(r["id"] for r in rows).encode()).hexdigest()
    assert beside["question"] == {"q": "harbour"}
    assert "CC-BY-4.0" in beside["licence"]
    again = ask("GET", f"/search?q=harbour&format=csv&as_of={beside['as_of']}")
    assert again.content == answer.content
    assert ask("GET", "/search?q=harbour&format=csv").content != answer.content


def test_a_sample_says_how_it_was_drawn(ask):
    drawn = ask("GET", "/search?format=jsonl&sample=2&seed=s").text.splitlines()
    beside = ask("GET", "/search?format=meta&sample=2&seed=s").json()
    assert len(drawn) == beside["rows"] == 2
    assert beside["question"] == {"q": "", "sample": 2, "seed": "s"}
    assert "seed" in beside["order"]


def test_amounts_for_spreadsheets_are_in_units(ask):
    answer = ask("GET", "/search?q=harbour&format=csv&excel=1")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "spend_lower" in answer.text.splitlines()[0]
    assert "spend_lower_minor" not in answer.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=csv&limit=5", "limit"),
        ("format=meta&page=2", "page"),
        ("format=parquet&facet=payer", "facet"),
        ("format=jsonl&sort=newest", "sort"),
        ("sample=5", "sample"),
        ("excel=1", "excel"),
        ("format=jsonl&excel=1", "excel"),
        ("format=csv&sample=0", "sample"),
        ("format=xlsx", "format"),
    ],
)
def test_what_does_not_go_with_rows_is_refused_by_name(ask, query, field):
    answer = ask("GET", f"/search?q=harbour&{query}")
    assert answer.status_code == 400
    assert field in answer.json()["detail"]


def test_the_page_links_to_all_that_answers_it(client, ask):
    page = client.get("/search?q=harbour&currency=EUR").text
    links = [unescape(part.split('"')[0]) for part in page.split('href="')[1:]]
    files = [link for link in links if dict(parse_qsl(urlsplit(link).query)).get("format")]
    assert [dict(parse_qsl(urlsplit(link).query))["format"] for link in files] == [
        *("csv", "csv", "jsonl", "parquet", "csv", "meta")
    ]
    total = ask("GET", "/search?q=harbour&currency=EUR").json()["total"]
    assert len(client.get(files[2]).text.splitlines()) == total
    assert all(client.get(link).status_code == 200 for link in files)
