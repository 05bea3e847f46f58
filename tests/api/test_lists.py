"""Lists: how many there are, chosen fields, amounts; and questions that are too long for an address."""

import csv
import io
from datetime import timedelta

import pytest

from tests.api.conftest import NOON, make_ad

LISTS = ["/ads", "/disclosures", "/names", "/runs", "/quarantined", "/decisions", "/sources"]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_says_how_many_there_are_in_all(ask, path):
    whole = ask("GET", f"{path}?total=true").json()
    assert whole["total"] == len(whole["items"])


def test_the_number_is_that_of_the_filter_whichever_the_page(ask):
    first = ask("GET", "/ads?limit=1&country=GR&total=true").json()
    second = ask("GET", first["next"].removeprefix("/api/v1")).json()
    assert [(page["total"], len(page["items"])) for page in (first, second)] == [(3, 1)] * 2
    assert ask("GET", "/ads?country=FR&total=true").json()["total"] == 0


def test_what_nobody_asked_to_count_is_not_counted_nor_is_the_past(ask):
    assert ask("GET", "/ads").json()["total"] is None
    moment = f"{NOON:%Y-%m-%dT%H:%MZ}"
    assert ask("GET", f"/ads?total=true&as_of={moment}").json()["total"] is None


def test_the_newest_stand_first_where_that_is_asked_and_no_ad_is_skipped_or_told_twice(
    ask, take_in
):
    first = ask("GET", "/ads?sort=newest&limit=2").json()
    take_in([make_ad("later")], NOON + timedelta(minutes=5))
    rest = ask("GET", first["next"].removeprefix("/api/v1")).json()
    refs = [ad["ref"] for page in (first, rest) for ad in page["items"]]
    assert refs == ["a3", "a2/with:odd?id", "a1"]
    assert rest["next"] is None
    assert ask("GET", "/ads?sort=newest").json()["items"][0]["ref"] == "later"


def test_a_cursor_goes_on_in_its_own_order_only_and_the_past_has_one_order(ask):
    cursor = ask("GET", "/ads?limit=1").json()["next"].partition("cursor=")[2]
    assert ask("GET", f"/ads?sort=newest&cursor={cursor}").status_code == 400
    problem = ask("GET", "/ads?sort=newest&as_of=2026-03-01").json()
    assert problem["errors"][0]["field"] == "query.sort"


def test_only_the_fields_asked_for_are_told(ask):
    page = ask("GET", "/ads?fields=id,state&limit=1&total=true").json()
    assert page["items"] == [{"id": "example:a1", "state": "seen"}]
    assert page["total"] == 3
    following = ask("GET", page["next"].removeprefix("/api/v1")).json()
    assert following["items"][0].keys() == {"id", "state"}
    table = ask("GET", "/ads?fields=state,id&format=csv").text
    assert next(csv.reader(io.StringIO(table))) == ["state", "id"]
    assert ask("GET", "/sources?fields=id").json()["items"] == [{"id": "example"}]


def test_a_field_that_is_not_there_is_refused_with_those_there_are(ask):
    for form in ("json", "csv"):
        problem = ask("GET", f"/ads?fields=id,payer&format={form}").json()
        assert problem["status"] == 400
        assert problem["errors"][0]["field"] == "query.fields"
        assert "there is no field 'payer'" in problem["detail"]
        assert "payer_name" in problem["detail"]


@pytest.mark.parametrize(
    ("asked", "refs"),
    [
        ("spend_min=100", ["a1", "a3"]),
        ("spend_min=101", []),
        ("spend_max=199", ["a1"]),
        ("spend_max=198", []),
    ],
)
def test_amounts_narrow_a_list_by_what_is_known(ask, asked, refs):
    found = ask("GET", f"/ads?currency=eur&total=true&{asked}").json()
    assert [ad["ref"] for ad in found["items"]] == refs
    assert found["total"] == len(refs)
    searched = ask("GET", f"/search?currency=eur&{asked}").json()
    assert searched["total"] == len(refs)


def test_amounts_need_their_currency(ask):
    problem = ask("GET", "/ads?spend_min=100").json()
    assert (problem["status"], problem["errors"][0]["field"]) == (400, "query.spend_min")


QUESTIONS = [
    ("q=harbour", {"q": "harbour"}),
    ("q=harbour&country=gr&sort=newest", {"q": "harbour", "country": ["gr"], "sort": "newest"}),
    ("from=2026-02-01", {"from": "2026-02-01"}),
    ("currency=EUR&spend_min=100", {"currency": ["EUR"], "spend_min": 100}),
    ("facet=platform&limit=1", {"facet": ["platform"], "limit": 1}),
    ("as_of=2026-02-28", {"as_of": "2026-02-28"}),
]


@pytest.mark.parametrize(("address", "body"), QUESTIONS)
def test_a_question_in_a_body_has_the_answer_of_the_same_in_an_address(ask, address, body):
    asked = ask("POST", "/search", body=body)
    assert asked.status_code == 200
    assert asked.json() == ask("GET", f"/search?{address}").json()


def test_a_question_may_be_longer_than_an_address(ask):
    names = [f"Friends of the harbour of the town of number {number}" for number in range(99)]
    found = ask("POST", "/search", body={"payer": [*names, "Friends of the Harbour"]}).json()
    assert [hit["id"] for hit in found["hits"]] == ["example:a1"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"payer_name": ["x"]}, "body.payer_name"),
        ({"country": ["XY"]}, "body.country"),
        ({"sort": "sideways"}, "body.sort"),
        ({"source": ["nowhere"]}, "body.source"),
        ({"as_of": "then"}, "body.as_of"),
    ],
)
def test_a_wrong_part_of_a_body_is_named(ask, body, field):
    problem = ask("POST", "/search", body=body).json()
    assert (problem["status"], problem["errors"][0]["field"]) == (422, field)


def test_asking_at_length_counts_as_reading_and_is_open_to_pages_of_other_sites(client):
    asked = {"origin": "https://notebook.example", "access-control-request-method": "POST"}
    allowed = client.options("/api/v1/search", headers=asked)
    assert "POST" in allowed.headers["access-control-allow-methods"]
    answer = client.post("/api/v1/search", json={})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["ratelimit-limit"] == client.get("/").headers["ratelimit-limit"]
