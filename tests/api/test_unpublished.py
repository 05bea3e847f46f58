"""What officers work on is in no answer to anybody else, by whatever route; no route touches evidence."""

import ast
import re
from datetime import timedelta
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from sqlmodel import select

import api
from archive.models import Capture, Flag, PublicAd, Signal
from archive.store.database import open_engine, read, write
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import take_into_use
from tests.api.conftest import DECISION, NOON
from tests.examples import few_or_many

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
READING = {"GET", "HEAD", "OPTIONS"}
QUERY = ("state", "cursor", "limit", "format", "ad_id", "rule_id", "q", "as_of", "include")
UNPUBLISHED_TRACE = {"facts": {"unpublished-fact": "unpublished-trace"}, "clauses": {}}
MARK = re.compile(r"unpublished-[a-z-]+")
WORDS = (
    *("example", "example:a1", "a1", "a3", "page-1", "1", "2", "F-2026-00001", "F-2026-00002"),
    *("D-2026-00001", "ads", "json", "csv", "flags", "signals", "notices", "content", "close"),
    *("open", "raised_at", "note", "2026-03-01", "now", "true", "1000", "unlabelled", "*", "%", ""),
)


@pytest.fixture
def desk(settings, ask, say_flag, rule_id):
    """Work of every kind that is not public, each with a mark; gives what only officers may know."""
    engine = open_engine(settings)
    with write(engine) as session:
        book = read_rule_book(settings)
        # A payer that a source never gives would be a question about the source, which is public.
        nameless = session.exec(select(PublicAd).where(PublicAd.payer_name.is_(None))).one()
        nameless.missing = nameless.missing | {"payer_name": "unreadable"}
        session.add(nameless)
        evaluate_changes(session, take_into_use(session, book, NOON), book.elections, NOON)
        for signal in session.exec(select(Signal)):
            signal.because, signal.trace = ["unpublished-signal"], UNPUBLISHED_TRACE
            session.add(signal)
    said = say_flag() | {"note": "unpublished-note-of-a-decided-flag"}
    first = ask("POST", "/flags", "analyst", said).json()["reference"]
    draft = {key: f"unpublished-draft-{key.replace('_', '-')}" for key in DECISION}
    refused = draft | {"outcome": "request_stop"}
    assert ask("POST", f"/flags/{first}/decision", "reviewer", refused).status_code == 403
    assert ask("POST", f"/flags/{first}/decision", "reviewer", DECISION).status_code == 201
    said = say_flag("example:a3") | {"note": "unpublished-note"}
    second = ask("POST", "/flags", "analyst", said).json()["reference"]
    notice = {
        "ad_address": "example:a1 unpublished-address",
        "concern": "unpublished-concern",
        "reporter_name": "unpublished-name",
        "reporter_contact": "unpublished-contact",
    }
    receipts = [ask("POST", "/notices", body=notice).json()["receipt"] for _ in "12"]
    ask("GET", f"/notices/{receipts[0]}/content", "analyst")
    closing = {"outcome": "no_ground", "reasons": "unpublished-reasons"}
    ask("POST", f"/notices/{receipts[0]}/close", "analyst", closing)
    with read(engine) as session:
        assert session.exec(select(Flag).where(Flag.reference == second)).one().state == "open"
    engine.dispose()
    # The decided flag's number is public; the open one's is not, nor is any receipt.
    return [second, *receipts]


def list_routes(app, prefix=""):
    """The path of every route of an application and of all that are mounted in it."""
    for route in app.routes:
        path = prefix + (getattr(route, "path", None) or "")
        # What is mounted is an application, what is included a router; each has routes of its own.
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        if hasattr(inner, "routes"):
            yield from list_routes(inner, path)
        else:
            yield path


@pytest.fixture
def send(client, clock, keys):
    """Send a request as somebody, each in a minute of its own, so that none is refused as too many."""

    def send(method, path, who="nobody", **values):
        clock.at += timedelta(minutes=1)
        headers = {"Authorization": f"Bearer {keys[who]}"} if keys[who] else {}
        return client.request(method, path, headers=headers, follow_redirects=False, **values)

    return send


def fill_paths(route, rule_id):
    """The route with values of things that are there, and with a word that means nothing."""
    good = {
        "source": "example",
        "ref": "a1",
        "ref:path": "a1",
        "rule_id": rule_id,
        "what": "ads",
        "form": "csv",
        "advertiser_id": "example:page-1",
        "reference": "F-2026-00002",
        "receipt": "N-0",
        "capture_id": "1",
        "run_id": "1",
        "name": "site.css",
    }
    names = re.findall(r"\{([^}]+)\}", route)
    for words in (good, dict.fromkeys(names, "D-2026-00001"), {}):
        yield re.sub(r"\{([^}]+)\}", lambda found, known=words: known.get(found[1], "1"), route)


def find_leaks(response, secrets):
    """Marks of what is not public in an answer; what the asker wrote in the address is no secret."""
    seen = f"{response.headers}\n{response.text}"
    asked = str(response.request.url)
    return MARK.findall(seen) + [word for word in secrets if word in seen and word not in asked]


def list_evidence(settings):
    engine = open_engine(settings)
    with read(engine) as session:
        captures = [row.model_dump() for row in session.exec(select(Capture))]
    engine.dispose()
    return captures, {file: file.read_bytes() for file in settings.blobs_dir.rglob("*.zst")}


BODIES = {
    "/flags": {
        "ad_id": "example:a1",
        "ad_version": 1,
        "rule_id": "x",
        "rule_sha256": "0",
        "note": "?",
    },
    "/decision": DECISION,
    "/close": {"outcome": "no_ground", "reasons": "?"},
    "/notices": {"ad_address": "example:a1", "concern": "?"},
}


def test_no_route_shows_anybody_what_officers_work_on_and_none_touches_evidence(
    settings, client, send, desk, rule_id
):
    before = list_evidence(settings)
    routes = sorted(set(list_routes(client.app)))
    assert len(routes) > 60
    assert {"/api/v1/signals", "/api/v1/notices/{receipt}/content", "/report"} <= set(routes)
    leaks = []
    for route, method in product(routes, METHODS):
        body = next((body for end, body in BODIES.items() if route.endswith(end)), {})
        for path in dict.fromkeys(fill_paths(route, rule_id)):
            answer = send(method, path, json=body if method not in READING else None)
            leaks += [(method, path, found) for found in find_leaks(answer, desk)]
            assert answer.status_code != 500, (method, path)
    assert leaks == []
    assert list_evidence(settings) == before
    # With the right key the same marks are found, so this test can fail.
    for path in ("flags", "signals", f"notices/{desk[1]}/content"):
        assert find_leaks(send("GET", f"/api/v1/{path}", "analyst"), [])
        assert send("GET", f"/api/v1/{path}", "operator").status_code == 403


@given(st.data())
@profile(max_examples=few_or_many(40))
def test_whatever_is_asked_in_an_address_nobody_reads_what_is_not_public(
    client, send, desk, rule_id, data
):
    routes = sorted(set(list_routes(client.app)))
    words = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))
    route = data.draw(st.sampled_from(routes))
    path = re.sub(r"\{[^}]+\}", lambda _: quote(data.draw(words), safe="") or "-", route)
    query = data.draw(st.dictionaries(st.sampled_from(QUERY), words, max_size=5))
    answer = send(data.draw(st.sampled_from(METHODS)), path, params=query)
    assert find_leaks(answer, desk) == []


def test_the_words_of_a_report_need_more_than_its_receipt(send, desk):
    for receipt in desk[1:]:
        for path in (f"/api/v1/notices/{receipt}", f"/report/{receipt}"):
            answer = send("GET", path)
            # Whoever holds a receipt reads why the report was closed, and nothing else of it.
            assert set(MARK.findall(answer.text)) <= {"unpublished-reasons"}
        assert send("GET", f"/api/v1/notices/{receipt}/content").status_code == 401


@pytest.mark.parametrize("who", ["analyst", "reviewer", "operator"])
def test_no_role_writes_evidence(settings, client, send, desk, rule_id, who):
    before = list_evidence(settings)
    writing = [method for method in METHODS if method not in READING]
    for route, method in product(sorted(set(list_routes(client.app))), writing):
        body = next((body for end, body in BODIES.items() if route.endswith(end)), {})
        for path in dict.fromkeys(fill_paths(route, rule_id)):
            send(method, path, who, json=body)
    assert list_evidence(settings) == before


def test_nothing_of_the_api_can_write_evidence_or_records():
    """By construction: no module of it imports what keeps captures, blobs or records."""
    writing = ("archive.runs.captures", "archive.ingest", "archive.store.bulk")
    for file in Path(api.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith(writing), file
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("put_"), file
