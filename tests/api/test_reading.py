"""Lists, ads, times and tables as programs read them."""

import csv
import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from api.tables import FORMULA_STARTS, write_csv
from archive.exports.downloads.cells import restore_text
from tests.api.conftest import HOSTILE, NOON, make_ad

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return request.param


def read_pages(ask, path):
    items = []
    while path:
        answer = ask("GET", path.removeprefix("/api/v1")).json()
        items += answer["items"]
        path = answer["next"]
    return items


def test_pages_hold_still_while_the_archive_learns(ask, take_in):
    first = ask("GET", "/ads?limit=2").json()
    take_in([make_ad("a1", bodies=["Changed"]), make_ad("a4")], NOON + DAY)
    rest = read_pages(ask, first["next"])

    refs = [ad["ref"] for ad in first["items"] + rest]
    assert refs == ["a1", "a2/with:odd?id", "a3", "a4"]


def test_the_next_link_keeps_the_question(ask):
    items = read_pages(ask, "/ads?limit=1&country=GR&currency=EUR")
    assert [ad["ref"] for ad in items] == ["a1", "a3"]


def test_an_id_with_slashes_and_colons_is_found_by_its_own_link(ask):
    assert ask("GET", "/ads?currency=").status_code == 400
    ad = ask("GET", "/ads").json()["items"][1]
    whole = ask("GET", "/ads/example/a2%2Fwith%3Aodd%3Fid").json()
    assert whole["id"] == ad["id"] == "example:a2/with:odd?id"
    assert whole["path"] == "/ads/example/a2%2Fwith%3Aodd%3Fid"
    assert len(ask("GET", f"{whole['path']}/versions").json()["items"]) == 1


def test_what_is_missing_comes_with_its_reason(ask):
    ad = ask("GET", "/ads/example/a2%2Fwith%3Aodd%3Fid").json()
    assert ad["payer_name"] is None
    assert ad["missing"]["payer_name"] == "not_disclosed"
    assert ad["missing"]["url"] == "not_provided"


def test_an_earlier_time_is_answered_as_it_was_known(ask, take_in, clock):
    take_in([make_ad("a1", bodies=["Changed"])], NOON + DAY)
    clock.at = NOON + 2 * DAY
    then = NOON.isoformat().replace("+00:00", "Z")

    before = ask("GET", f"/ads/example/a1?as_of={then}").json()
    now = ask("GET", "/ads/example/a1").json()
    listed = ask("GET", f"/ads?as_of={then}").json()

    assert before["bodies"] == ["Vote for the harbour, says a1"]
    assert (now["bodies"], now["versions"], now["as_of"]) == (["Changed"], 2, None)
    assert before["as_of"] == listed["as_of"] == then
    assert listed["items"][0]["bodies"] == before["bodies"]
    assert now["data_as_of"].startswith("2026-03-02T12:00:00")


def write(at):
    return at.isoformat().replace("+00:00", "Z")


@pytest.fixture
def changed(take_in, clock):
    """A day later one ad says and costs something else, and another one has come."""
    take_in([make_ad("a1", bodies=["Changed"], spend_lower_minor=150_00)], NOON + DAY)
    take_in([make_ad("a9", payer_name="Newcomers")], NOON + DAY)
    clock.at = NOON + 2 * DAY
    return write(NOON + timedelta(hours=1))


LISTS = ["/ads", "/advertisers", "/disclosures", "/rules", "/ads/example/a1/versions"]


@pytest.mark.parametrize("clock_name", ["as_of", "valid_at"])
@pytest.mark.parametrize("path", [*LISTS, "/spend", "/search", "/ads/example/a1"])
def test_every_answer_echoes_the_moment_it_is_about(ask, changed, path, clock_name):
    answer = ask("GET", f"{path}?{clock_name}={changed}").json()
    asked = {"as_of": None, "valid_at": None} | {clock_name: changed}
    if path == "/spend" and clock_name == "valid_at":
        # A sum always says of which time's knowledge it is.
        asked["as_of"] = write(NOON + DAY)
    assert {name: answer[name] for name in asked} == asked


@pytest.mark.parametrize("clock_name", ["as_of", "valid_at"])
def test_both_clocks_lead_every_answer_back(ask, changed, clock_name):
    then = f"{clock_name}={changed}"

    def get(path):
        return ask("GET", path).json()

    assert [ad["ref"] for ad in get(f"/ads?{then}")["items"]] == ["a1", "a2/with:odd?id", "a3"]
    assert get(f"/ads/example/a1?{then}")["bodies"] == ["Vote for the harbour, says a1"]
    assert len(get(f"/ads/example/a1/versions?{then}")["items"]) == 1
    assert len(get(f"/ads/example/a1/metrics?{then}")["items"]) == 1
    assert get(f"/search?q=newcomers&{then}")["total"] == 0
    assert get(f"/advertisers/example:page-1?{then}")["ads"] == 3
    [euros] = [g for g in get(f"/spend?{then}")["groups"] if g["currency"] == "EUR"]
    assert (euros["lower_minor"], euros["ads"]) == (200_00, 2)
    assert ask("GET", f"/ads/example/a9?{then}").status_code == 404


def test_the_same_question_as_of_a_time_has_the_same_bytes(ask, changed, take_in, clock):
    paths = [f"{path}?as_of={changed}" for path in (*LISTS, "/spend", "/search")]
    before = [ask("GET", path).text for path in paths]
    take_in([make_ad("a1", bodies=["Once more"]), make_ad("a3", currency="USD")], NOON + 3 * DAY)
    clock.at = NOON + 4 * DAY
    assert [ask("GET", path).text for path in paths] == before


def test_a_time_that_has_not_come_is_refused_on_both_clocks(ask):
    for name in ("as_of", "valid_at"):
        answer = ask("GET", f"/spend?{name}=2999-01-01T00:00:00Z")
        assert (answer.status_code, name in answer.text) == (400, True)


def test_ads_are_listed_by_election_and_declaration(ask, take_in):
    take_in([make_ad("e1", election_name="Harbour vote", declared_political=True)])
    for question in ("election=Harbour%20vote", "declared_political=true"):
        assert [ad["ref"] for ad in ask("GET", f"/ads?{question}").json()["items"]] == ["e1"]
    for question in ("election=unknown", "declared_political=unknown"):
        assert len(ask("GET", f"/ads?{question}").json()["items"]) == 3


def test_evidence_names_hash_address_and_time_without_secrets(ask):
    [capture] = ask("GET", "/ads/example/a1/evidence").json()["items"]
    assert len(capture["sha256"]) == 64
    assert capture["bytes"] == len(b"the page of that day")
    assert "secret" not in capture["url"]
    assert ask("GET", f"/evidence/{capture['id']}").json() == capture


def test_spend_has_the_shape_programs_rely_on(ask):
    answer = ask("GET", "/spend?by=platform").json()
    assert {"measure", "basis", "as_of", "groups"} <= set(answer)
    named = {"key", "label", "currency", "lower_minor", "upper_minor", "open_count"}
    named |= {"ads", "undated", "coverage"}
    assert all(named <= set(group) for group in answer["groups"])
    by_currency = {group["currency"]: group for group in answer["groups"]}
    assert by_currency["EUR"]["upper_minor"] is None
    assert by_currency[None]["lower_minor"] == 100_00


def test_search_finds_words_and_counts_facets(ask):
    page = ask("GET", "/search?q=harbour&facet=country&source=example").json()
    assert (page["total"], page["total_from"], page["engine"]) == (3, "exact", "embedded")
    assert page["facets"]["country"] == {"GR": 3}


def test_health_says_how_far_search_lies_behind(ask, take_in, clock):
    fresh = ask("GET", "/health").json()
    assert (fresh["status"], fresh["index"]["lag_changes"], fresh["realm"]) == (
        "ok",
        0,
        "fictional",
    )
    take_in([make_ad("a5")], NOON + DAY)
    clock.at = NOON + DAY + timedelta(minutes=5)
    behind = ask("GET", "/health").json()
    assert behind["index"]["lag_changes"] == 1
    assert behind["index"]["lag_seconds"] == 300
    assert behind["database"] in {"sqlite", "postgresql"}


def read_table(text):
    return list(csv.DictReader(io.StringIO(text)))


TABLES = {
    "/ads": "items",
    "/ads/example/a1/metrics": "items",
    "/advertisers": "items",
    "/decisions": "items",
    "/disclosures": "items",
    "/missing": "data_gaps",
    "/runs": "items",
    "/sources": "items",
    "/spend?by=payer": "groups",
}


@pytest.mark.parametrize(("path", "name"), TABLES.items())
def test_a_table_has_the_rows_and_fields_of_the_list(ask, path, name):
    sign = "&" if "?" in path else "?"
    table = ask("GET", f"{path}{sign}format=csv")
    rows = ask("GET", path).json()[name]

    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(read_table(table.text)) == len(rows)
    if rows:
        assert set(next(csv.reader(io.StringIO(table.text)))) == set(rows[0])


def test_a_table_runs_no_formula(ask):
    rows = read_table(ask("GET", "/ads?format=csv").text)
    assert rows[2]["payer_name"] == f"'{HOSTILE}"
    [filed] = read_table(ask("GET", "/disclosures?format=csv").text)
    assert (filed["ref"], filed["purpose"]) == ("'-1+1", "'@refund")
    assert filed["amount_minor"] == "-500"


def test_a_table_of_one_page_links_to_the_next(ask):
    answer = ask("GET", "/ads?format=csv&limit=1")
    assert 'rel="next"' in answer.headers["link"]
    assert "format=csv" in answer.headers["link"]


def test_a_table_of_rules_has_a_column_for_each_count(ask, rule_id):
    listed = read_table(ask("GET", "/rules?format=csv").text)
    [row] = read_table(ask("GET", f"/rules/{rule_id}?format=csv").text)
    assert row in listed
    assert (row["id"], row["met"], row["cannot_tell"]) == (rule_id, "0", "0")
    assert (row["not_about_it"], row["not_in_force"], row["exception"]) == ("", "0", "0")
    assert "does_not_apply" not in row


class Line(BaseModel):
    """A row with every kind of cell."""

    id: str
    amount: int | None = None
    tags: list[str] = []


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(st.lists(st.builds(Line, id=texts, amount=st.none() | st.integers(), tags=st.lists(texts))))
def test_no_text_makes_a_cell_that_runs_or_moves_another(lines):
    rows = list(csv.reader(io.StringIO(write_csv(lines, list(Line.model_fields)), newline="")))
    assert rows[0] == ["id", "amount", "tags"]
    assert len(rows) == len(lines) + 1
    for row, line in zip(rows[1:], lines, strict=True):
        assert not row[0].startswith(FORMULA_STARTS)
        assert restore_text(row[0]) == line.id
        assert row[1] == ("" if line.amount is None else str(line.amount))
