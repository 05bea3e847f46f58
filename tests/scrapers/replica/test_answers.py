"""Answers written down in fixtures, chosen by what a request holds."""

import json
from collections.abc import Iterator

import httpx2
import pytest

from scrapers.replica.answers import holds
from scrapers.replica.serve import running_replica

ANSWERS = [
    {"when": {"page": "2"}, "answer": {"ads": [2]}},
    {"when": {"filters": {"country": "IE"}, "words": "quarry"}, "answer": {"ads": [1]}},
    {"when": {"key": "k"}, "answer": {"error": "no"}, "status": 401},
]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    fixtures = tmp_path_factory.mktemp("fixtures")
    folder = fixtures / "invented" / "day-1" / "v1" / "ads"
    folder.mkdir(parents=True)
    (folder / "answers.json").write_text(json.dumps(ANSWERS), encoding="utf-8")
    with running_replica(day=1, fixtures=fixtures) as url:
        yield f"{url}/invented/v1/ads"


def test_a_query_chooses_its_answer_with_and_without_a_slash(api: str) -> None:
    for address in (f"{api}?page=2", f"{api}/?page=2&more=1"):
        assert httpx2.get(address, trust_env=False).json() == {"ads": [2]}


def test_a_body_chooses_its_answer_in_json_and_as_a_form(api: str) -> None:
    body = {"filters": {"country": "IE", "year": 2026}, "words": "quarry"}
    assert httpx2.post(api, json=body, trust_env=False).json() == {"ads": [1]}
    refused = httpx2.post(api, data={"key": "k"}, trust_env=False)
    assert (refused.status_code, refused.json()) == (401, {"error": "no"})


def test_a_question_that_the_fixture_does_not_know_is_not_found(api: str) -> None:
    assert httpx2.get(f"{api}?page=3", trust_env=False).status_code == 404


@pytest.mark.parametrize(
    ("asked", "wanted", "does"),
    [
        ({"a": 1}, {}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": {"b": 2}}, {"a": {"b": 1}}, False),
        ({}, {"a": None}, False),
        ({"a": "1"}, {"a": {"b": 1}}, False),
    ],
)
def test_a_request_holds_what_is_wanted_key_by_key(
    asked: object, wanted: object, does: bool
) -> None:
    assert holds(asked, wanted) is does
