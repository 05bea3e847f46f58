"""Whatever goes wrong leaves as a problem document that says what and where (RFC 9457)."""

import pytest
from sqlalchemy.exc import DataError, OperationalError

from api.errors import find_status
from api.limits import MOST_BYTES, READS_A_MINUTE, WRITES_A_MINUTE
from archive.errors import (
    ArchiveError,
    EvidenceError,
    LeaseLostError,
    NotFoundError,
    NotInitialisedError,
)
from search.port import SearchUnavailableError

WRONG = [
    ("GET", "/nothing/here", 404, "nothing at"),
    ("GET", "/ads/example/unknown", 404, "no ad 'example:unknown'"),
    ("GET", "/ads/example/unknown/versions", 404, "no ad"),
    ("GET", "/advertisers/example:nobody", 404, "no advertiser"),
    ("GET", "/evidence/99", 404, "no capture"),
    ("GET", "/rules/no-such-rule", 404, "no rule"),
    ("GET", "/decisions/D-1", 404, "no decision"),
    ("GET", "/notices/N-1", 404, "no notice"),
    ("GET", "/ads?cursor=invented", 400, "start without one"),
    ("GET", "/ads?limit=0", 400, "query.limit"),
    ("GET", "/ads?limit=101", 400, "query.limit"),
    ("GET", "/ads?format=xml", 400, "query.format"),
    ("GET", "/ads?as_of=yesterday", 400, "as_of"),
    ("GET", "/ads?as_of=2026-01-01T25:00:00", 400, "as_of"),
    ("GET", "/ads?as_of=2999-01-01T00:00:00Z", 400, "has not come yet"),
    ("GET", "/spend?by=region", 400, "ask by country"),
    ("GET", "/spend?by=moon", 400, "query.by"),
    ("GET", "/spend?convert_to=UAH", 400, "no exchange rate"),
    ("GET", "/search?moon=full", 400, "moon"),
    ("GET", "/evidence/99999999999999999999", 400, "path.capture_id"),
    ("DELETE", "/ads/example/a1", 405, "Method Not Allowed"),
    ("POST", "/notices", 422, "body"),
]


@pytest.mark.parametrize(("method", "path", "status", "says"), WRONG)
def test_a_wrong_request_gets_a_problem_that_says_what_is_wrong(ask, method, path, status, says):
    answer = ask(method, path)
    problem = answer.json()

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["status"] == status
    assert says in problem["detail"]
    assert problem["instance"] == f"/api/v1{path.partition('?')[0]}"


def test_a_wrong_part_of_a_question_about_money_is_named(ask):
    assert ask("GET", "/spend?convert_to=UAH").json()["errors"][0]["field"] == "query.convert_to"


def test_a_character_that_no_id_has_is_no_fault_of_ours(ask):
    assert ask("GET", "/ads/example/%00").status_code in {400, 404}
    assert ask("GET", "/ads?payer=%00").status_code in {200, 400}


def test_what_fails_here_is_told_without_details(client, ask, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("secret path of the server")

    monkeypatch.setattr("api.routes.missing.what_is_missing", fail)
    answer = ask("GET", "/missing")
    assert answer.status_code == 500
    assert "secret" not in answer.text


SERVER = "postgresql+psycopg://archive@inner.example/paidforby"
INNER = [
    SearchUnavailableError(f"Meilisearch at {SERVER} does not answer"),
    NotInitialisedError(f"there is no archive at {SERVER}"),
    EvidenceError(f"the evidence is not in {SERVER}"),
    OperationalError(f"SELECT {SERVER}", {}, Exception(SERVER)),
    DataError(f"SELECT {SERVER}", {}, Exception(SERVER)),
]


@pytest.mark.parametrize("error", INNER, ids=lambda error: type(error).__name__)
def test_no_failure_names_a_server_a_path_or_a_statement_of_ours(client, monkeypatch, error):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("api.routes.missing.what_is_missing", fail)
    monkeypatch.setattr("api.pages.sources.what_is_missing", fail)
    monkeypatch.setattr("api.routes.search.answer_query", fail)
    monkeypatch.setattr("api.pages.results.answer_query", fail)
    for path in ("/api/v1/missing", "/missing", "/api/v1/search?q=a", "/search?q=a"):
        answer = client.get(path)
        assert answer.status_code in {200, 400, 409, 503}
        assert "inner.example" not in answer.text
        assert "SELECT" not in answer.text


def test_an_exception_has_the_status_of_its_nearest_ancestor():
    class OwnError(NotFoundError):
        """A kind of its own."""

    assert find_status(OwnError) == 404
    assert find_status(LeaseLostError) == find_status(ArchiveError) == 409
    assert find_status(ZeroDivisionError) == 500


def test_a_body_above_the_limit_is_refused_however_it_is_sent(client):
    whole = client.post("/api/v1/notices", content=b"x" * (MOST_BYTES + 1))
    in_parts = client.post("/api/v1/notices", content=(b"x" * 100_000 for _ in range(11)))
    assert (whole.status_code, in_parts.status_code) == (413, 413)
    assert whole.json()["title"] == in_parts.json()["title"]


def test_a_body_within_the_limit_reaches_its_route(client):
    said = b'{"ad_address": "x", "concern": "' + b"y" * 4000 + b'"}'
    parts = (said[i : i + 1000] for i in range(0, len(said), 1000))
    headers = {"content-type": "application/json"}
    assert client.post("/api/v1/notices", content=parts, headers=headers).status_code == 201


def test_reading_too_often_is_refused_until_the_next_minute(client, clock):
    for left in range(READS_A_MINUTE - 1, -1, -1):
        answer = client.get("/api/v1/nothing")
        assert answer.headers["ratelimit-remaining"] == str(left)
    refused = client.get("/api/v1/nothing")
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "60"

    clock.at = clock.at.replace(minute=1)
    assert client.get("/api/v1/nothing").status_code == 404


def test_writing_has_a_tighter_limit_of_its_own(client):
    statuses = [client.post("/api/v1/notices", json={}).status_code for _ in range(31)]
    assert statuses == [422] * WRITES_A_MINUTE + [429]
    assert client.get("/api/v1/health").status_code == 200


def test_every_answer_tells_a_browser_to_run_and_leak_nothing(client):
    for path in ("/api/v1/health", "/api/v1/nothing", "/", "/nothing"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers
