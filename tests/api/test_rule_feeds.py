"""Feeds of rules and decisions: versions and what was decided; never what a machine or a person suspects."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from api.pages import ROUTERS
from archive.models import Flag, User
from archive.store.database import open_engine, write
from oversight.cases import appeal_decision
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import take_into_use
from tests.api.conftest import DECISION, NOON

FORMS = ("feed.atom", "feed.json")


@pytest.fixture
def decide(ask, raise_flag):
    def decide_case():
        reference = raise_flag().json()["reference"]
        answer = ask("POST", f"/flags/{reference}/decision", "reviewer", DECISION)
        return answer.json()["reference"]

    return decide_case


def evaluate(settings):
    """Hold every ad against every rule in use."""
    engine = open_engine(settings)
    with write(engine) as session:
        rules = take_into_use(session, read_rule_book(settings), NOON)
        while evaluate_changes(session, rules, [], NOON).has_more:
            pass
    engine.dispose()


def read_feeds(client, rule_id):
    """Every feed there is, by its address."""
    paths = {route.path for router in ROUTERS for route in router.routes}
    known = {"rule_id": rule_id, "kind": "advertiser", "key:path": "harbour-party"}
    feeds = {}
    for path in sorted(path for path in paths if path.endswith(FORMS)):
        filled = re.sub(r"{([^}]+)}", lambda part: known[part[1]], path)
        feeds[filled] = client.get(filled)
    return feeds


def list_items(client, path):
    return client.get(f"{path}/feed.json").json()["items"]


def test_a_rule_tells_of_its_versions_and_of_decisions_that_rest_on_it(client, decide, rule_id):
    reference = decide()
    newest, *versions = list_items(client, f"/rules/{rule_id}")
    assert newest["url"].endswith(f"/decisions/{reference}")
    assert newest["content_text"].startswith(DECISION["plain_summary"])
    [version] = client.get(f"/api/v1/rules/{rule_id}").json()["versions"]
    assert [one["title"] for one in versions] == [f"Version {version['version']} of the rule"]
    assert versions[0]["url"].endswith(f"/texts/{version['sha256']}")
    assert list_items(client, "/decisions") == [newest]


def test_an_appeal_updates_the_entry_of_its_decision(client, settings, decide):
    decide()
    [before] = list_items(client, "/decisions")
    engine = open_engine(settings)
    with write(engine) as session:
        user = session.exec(select(User).where(User.name == "reviewer")).one()
        flag = session.exec(select(Flag)).one()
        appeal_decision(session, flag, "It is a newspaper.", user, NOON + timedelta(hours=2))
    engine.dispose()
    [after] = list_items(client, "/decisions")
    assert after["id"] == before["id"]
    assert after["date_modified"] == "2026-03-01T14:00:00Z"
    assert "the appeal is not settled yet" in after["content_text"]


def test_no_feed_tells_of_a_signal_or_of_a_flag_before_its_decision(
    client, settings, raise_flag, rule_id
):
    evaluate(settings)
    before = read_feeds(client, rule_id)
    flag = raise_flag().json()["reference"]
    after = read_feeds(client, rule_id)
    assert len(before) >= 14
    assert {path: feed.text for path, feed in after.items()} == {
        path: feed.text for path, feed in before.items()
    }
    for path, feed in after.items():
        assert feed.status_code in {200, 404}, path
        for secret in (flag, "signal", "not_met", "cannot_tell", "Nobody is named."):
            assert secret not in feed.text, path


def test_the_pages_announce_their_feeds(client, rule_id):
    for page in (f"/rules/{rule_id}", "/decisions"):
        shown = client.get(page).text
        for form in FORMS:
            assert shown.count(f'href="{page}/{form}"') == 2


def test_the_page_of_an_advertiser_leads_to_the_feed_of_its_ads(client):
    shown = client.get("/advertisers/example:page-1").text
    assert 'href="/search/feed.json?advertiser_id=example%3Apage-1"' in shown
    items = client.get("/search/feed.json?advertiser_id=example:page-1").json()["items"]
    assert len(items) == 3
