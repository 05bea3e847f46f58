"""What every address of the API does with its parameters: the same for the same name everywhere."""

import html

import pytest

from archive.names.following import bring_names_on
from archive.store.database import open_engine
from tests.api.conftest import NOON

PATHS = {
    "source": "example",
    "ref": "a1",
    "advertiser_id": "example:page-1",
    "kind": "payer",
    "key": "friends of the harbour",
    "what": "ads",
    "form": "jsonl",
    "capture_id": "1",
    "run_id": "1",
    "sha256": "0" * 64,
    "list_id": "nowhere",
    "reference": "F-2026-00001",
    "receipt": "N-0",
}
"""What stands in the place of each part of a path."""

FORMER = {
    "payer_name": "payer",
    "payee_name": "payee",
    "payee_spelling": "payee_exact",
    "since": "from",
    "until": "to",
    "ad": "ad_id",
    "rule": "rule_id",
}

NAMES = {"advertiser", "payer", "sponsor", "payee"}

WRONG = {
    "country": ("XY", "ISO 3166"),
    "currency": ("EURO", "ISO 4217"),
    "convert_to": ("EURO", "ISO 4217"),
    "language": ("xx", "ISO 639"),
    "source": ("nowhere", "there are: example"),
    "as_of": ("then", "such as 2026-11-20"),
    "from": ("then", "such as 2026-11-20"),
    "first_seen_to": ("then", "such as 2026-11-20"),
    "include": ("all", "unlabelled"),
    "format": ("xls", "json, csv"),
    "limit": ("0", "1"),
    "kind": ("nobody", "advertiser, payer, sponsor, payee, committee"),
    "grain": ("eon", "day, week, "),
    "measure": ("guess", "ads, reported, disclosed"),
    "state": ("asleep", "seen"),
    "declared_political": ("maybe", "true"),
    "sort": ("sideways", "newest"),
    "facet": ("moon", "platform"),
    "by": ("moon", "payer"),
}
"""For parameters with few values a wrong one, and what is told of those there are."""


@pytest.fixture
def operations(client, rule_id):
    """Each address that is read, with its parameters by name."""
    described = client.get("/api/v1/openapi.json").json()["paths"]
    return [
        (
            f"/api/v1{path.format(**PATHS, rule_id=rule_id)}",
            {
                one["name"]: one["schema"]
                for one in methods["get"].get("parameters", [])
                if one["in"] == "query"
            },
        )
        for path, methods in described.items()
        if "get" in methods
    ]


@pytest.fixture
def signed_in(client, keys):
    """As somebody whom no address is closed to for want of a key."""
    client.headers["Authorization"] = f"Bearer {keys['reviewer']}"
    return client


def list_taking(operations, name):
    return [path for path, taken in operations if name in taken]


def test_what_a_parameter_was_called_is_refused_with_what_it_is_called_now(client, operations):
    for path, taken in operations:
        for old, new in FORMER.items():
            if old not in taken:
                problem = client.get(path, params={old: "x"}).json()
                assert problem["status"] == 400, path
                assert problem["detail"] == f"the parameter '{old}' is called '{new}' now"


@pytest.mark.parametrize("path", ["/search?q=a&since=2026-01-01", "/report?ad=example:a1"])
def test_pages_say_so_too(client, path):
    page = client.get(path)
    assert page.status_code == 400
    assert "' now" in html.unescape(page.text)


def test_one_value_is_not_given_twice(signed_in, operations):
    for path, taken in operations:
        for name, schema in taken.items():
            if schema.get("type") != "array":
                answer = signed_in.get(path, params=[(name, "1"), (name, "1")])
                assert answer.status_code == 400, (path, name)


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_is_in_no_list_is_refused_with_those_there_are(signed_in, operations, name):
    value, told = WRONG[name]
    asked = [
        (path, signed_in.get(path, params={name: value})) for path in list_taking(operations, name)
    ]
    refused = {path: answer.json() for path, answer in asked if answer.status_code != 200}
    assert refused
    for path, problem in refused.items():
        assert problem["status"] == 400, path
        assert problem["errors"][0]["field"] == f"query.{name}", path
        assert "<" not in problem["detail"], path
    assert any(told in problem["detail"] for problem in refused.values())


def test_the_files_there_are_are_named_as_one_types_them(client):
    problem = client.get("/api/v1/downloads/advertisers.csv").json()
    assert problem["detail"].endswith("write one of: ads, versions, metrics, delivery, targeting")
    assert problem["status"] == 400


def test_codes_are_read_in_any_case(client, operations):
    for name, (one, other) in {
        "country": ("GR", "gr"),
        "currency": ("EUR", "eur"),
        "source": ("example", "EXAMPLE"),
    }.items():
        for path, taken in operations:
            if name in taken:
                answers = [client.get(path, params={name: code}) for code in (one, other)]
                assert {answer.status_code for answer in answers} == {200}, path
                told = [answer.text.partition("data_as_of")[0] for answer in answers]
                told = [text.replace(f"{name}={other}", f"{name}={one}") for text in told]
                assert told[0] == told[1], path


@pytest.mark.parametrize("name", sorted(NAMES | {f"{each}_exact" for each in NAMES}))
def test_a_name_that_nobody_bears_finds_nothing(client, operations, name):
    for path in list_taking(operations, name):
        answer = client.get(path, params={name: "Nobody at all"})
        assert answer.status_code == 200, path
        assert "example:" not in answer.text, path


def test_a_name_is_whole_and_folded_or_letter_by_letter(client, settings):
    bring_names_on(open_engine(settings), NOON)

    def count(**asked):
        listed = client.get("/api/v1/ads", params=asked).json()["items"]
        summed = client.get("/api/v1/spend", params=asked).json()["groups"]
        assert sum(group["ads"] for group in summed) == len(listed)
        return len(listed)

    assert count(payer="friends OF the harbour!") == count(payer="Friends of the Harbour") == 1
    assert count(payer_exact="Friends of the Harbour") == 1
    assert count(payer_exact="friends of the harbour") == 0
    assert count(payer="friends of the harbour", payer_exact="Friends of the Harbour") == 1
    assert count(payer="Somebody", payer_exact="Friends of the Harbour") == 0


def test_bodies_that_are_wrong_keep_their_status(client):
    assert client.post("/api/v1/notices", json={"concern": "x"}).status_code == 422
