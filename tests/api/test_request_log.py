"""Each answer has an id that the log knows, and the security log tells refusals and readings by key."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.request_log import tell_full
from archive.curation.people import add_key, list_keys
from archive.store.database import open_engine, read, write
from config.logs import LogForm, kept_log
from tests.api.conftest import NOON


@pytest.fixture
def logged(capsys) -> Callable[[], list[dict[str, object]]]:
    """What the log says since it was asked last."""
    with kept_log(LogForm.JSON, "serve"):
        yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def of_security(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    return [line for line in lines if line["logger"] == "paidforby.security"]


def test_every_answer_has_an_id_of_its_own_and_the_log_has_it_too(client, logged):
    answers = [client.get(path) for path in ("/", "/nothing", "/api/v1/ads", "/static/site.css")]

    ids = [answer.headers["x-request-id"] for answer in answers]
    lines = [line for line in logged() if line["logger"] == "api.request_log"]
    assert len(set(ids)) == 4
    assert [line["request_id"] for line in lines] == ids
    assert [line["status"] for line in lines] == [answer.status_code for answer in answers]
    assert lines[1]["message"] == "GET /nothing"


def test_the_log_tells_neither_words_nor_receipts_nor_who_asked(client, ask, logged):
    said = {"ad_address": "https://x.example/1", "concern": "nobody is named"}
    receipt = ask("POST", "/notices", body=said).json()["receipt"]
    for path in (f"/report/{receipt}", f"/api/v1/notices/{receipt}", "/search?q=my+illness"):
        client.get(path)

    lines = logged()
    assert lines[-2]["message"] == f"GET /api/v1/notices/{receipt[:4]}…"
    assert not any(word in json.dumps(lines) for word in (receipt, "illness", "testclient"))


@pytest.mark.parametrize(
    ("peer", "given", "is_taken"),
    [
        ("10.1.2.3", "from-nginx.1234", True),
        ("192.0.2.1", "from-nginx.1234", False),
        ("10.1.2.3", "x" * 65, False),
        ("10.1.2.3", "short", False),
        ("10.1.2.3", 'a"} {"level":"x"', False),
    ],
)
def test_an_id_is_taken_from_a_trusted_server_only_and_if_it_is_harmless(
    peer, given, is_taken, settings, clock
):
    app = create_app(settings.model_copy(update={"trusted_proxies": ["10.0.0.0/8"]}), clock)

    with TestClient(app, client=(peer, 1)) as client:
        answer = client.get("/api/v1/health/live", headers={"X-Request-ID": given})

    assert (answer.headers["x-request-id"] == given) == is_taken


def test_without_a_trusted_server_nobody_chooses_an_id(client):
    given = {"X-Request-ID": "from-nginx.1234"}
    assert client.get("/", headers=given).headers["x-request-id"] != given["X-Request-ID"]


def test_an_error_of_ours_is_logged_once_with_its_id_and_its_traceback(client, logged, monkeypatch):
    monkeypatch.setattr("api.pages.home.make_home", None, raising=False)
    monkeypatch.setattr("api.routes.ads.read_ad", None, raising=False)

    answer = client.get("/api/v1/ads/example/a1")

    errors = [line for line in logged() if "error" in line]
    assert answer.status_code == 500
    assert [line["request_id"] for line in errors] == [answer.headers["x-request-id"]]
    assert "TypeError" in errors[0]["error"]


def test_refusals_stand_in_the_security_log_with_the_address(client, ask, logged):
    ask("GET", "/flags", "unknown key")
    ask("GET", "/flags", "operator")
    client.post("/report", data={}, headers={"Sec-Fetch-Site": "cross-site"})

    lines = of_security(logged())
    assert [(line["status"], line["address"]) for line in lines] == [
        (401, "testclient"),
        (403, "testclient"),
        (403, "testclient"),
    ]
    assert lines[0]["key"] == "pfb_nobody-h"
    assert lines[1]["request"] == "GET /api/v1/flags"


def test_who_asks_too_often_is_told_once_a_minute_and_counted(client, logged):
    for _ in range(605):
        client.get("/api/v1/health/live")

    (line,) = of_security(logged())
    assert (line["status"], line["message"]) == (429, "refused with 429: testclient")


def test_who_reads_what_is_not_public_is_told_by_name_and_key(ask, keys, logged):
    ask("GET", "/flags", "analyst")
    ask("GET", "/signals", "reviewer")
    ask("GET", "/ads")

    told = [(line["person"], line["key"], line["request"]) for line in of_security(logged())]
    assert told == [
        ("analyst", keys["analyst"][:12], "GET /api/v1/flags"),
        ("reviewer", keys["reviewer"][:12], "GET /api/v1/signals"),
    ]
    assert keys["analyst"] not in json.dumps(told)


def test_a_key_that_has_ended_is_told_why_and_the_day_of_its_use_is_kept_once(
    client, settings, clock
):
    engine = open_engine(settings)
    with write(engine) as session:
        row, key = add_key(session, "analyst", NOON, NOON.date() + timedelta(days=1))
        key_id = row.id
    header = {"Authorization": f"Bearer {key}"}

    answers = []
    for day in (0, 0, 1, 2):
        clock.at = NOON + timedelta(days=day, hours=1)
        answers.append(client.get("/api/v1/flags", headers=header))

    with read(engine) as session:
        used = {each.id: each.last_used_on for each in list_keys(session)}
    engine.dispose()
    assert [answer.status_code for answer in answers] == [200, 200, 200, 401]
    assert answers[-1].json()["detail"].startswith("this key ended on 2026-03-02")
    assert used[key_id] == NOON.date() + timedelta(days=1)
    assert set(used.values()) == {None, used[key_id]}


@pytest.mark.parametrize("public", ["https://ads.example", "http://127.0.0.1:8000"])
def test_browsers_stay_with_tls_where_readers_come_by_it(public, settings, clock):
    app = create_app(settings.model_copy(update={"public_url": public}), clock)

    with TestClient(app, base_url=public) as client:
        given = client.get("/api/v1/health/live").headers.get("strict-transport-security")

    assert given == ("max-age=31536000" if public.startswith("https") else None)


@pytest.mark.parametrize(
    ("message", "is_told"),
    [
        ("Exception in callback BaseSelectorEventLoop._start_serving(<function>)", False),
        ("Exception in callback anything_else()", True),
        ("socket.accept() out of system resource", True),
    ],
)
def test_a_full_loop_that_tries_a_closed_port_again_is_no_news(message, is_told):
    record = logging.LogRecord("asyncio", logging.ERROR, "", 0, message, (), None)
    assert tell_full(record) is is_told
    assert ("too many connections" in record.getMessage()) is message.startswith("socket")
