"""The page and the JSON of a rule say of how many ads they speak, and count the same as `rules facts`."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

import api.pages.rules
from archive.store.database import open_archive, write
from oversight.commands.rules import app
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import take_into_use
from tests.api.conftest import NOON, make_ad

RULE = "eu-ttpa-11-1-b-sponsor"


@pytest.fixture
def evaluate(settings, keys):
    """Hold every ad against the rules, as the worker does."""

    def run():
        book = read_rule_book(settings)
        with write(open_archive(settings)) as session:
            rules = take_into_use(session, book, NOON)
            return evaluate_changes(session, rules, book.elections, NOON).answers[RULE]

    return run


def read_facts(settings):
    environ = {"PAIDFORBY_HOME": str(settings.home)}
    found = CliRunner().invoke(app, ["facts", RULE, "--json"], env=environ)
    return json.loads(found.stdout)[0]


def test_the_page_and_the_facts_say_the_same_of_all_ads(
    settings, client, ask, evaluate, take_in, monkeypatch
):
    take_in([make_ad("old", started_on=date(2025, 1, 1), ended_on=date(2025, 1, 9))])
    answers = evaluate()
    monkeypatch.setattr(api.pages.rules, "NEWEST_OF_EACH", 2)
    facts, page = read_facts(settings), client.get(f"/rules/{RULE}").text
    told = ask("GET", f"/rules/{RULE}").json()
    assert told["counts"]["does_not_apply"] == answers.does_not_apply.model_dump()
    assert (told["ads"], told["decided"]) == (facts["ads"], facts["decided"]) == (4, 3)
    assert "For 3 of 4 ads, all that this archive holds" in page
    assert "about 2 of 4 ads: the newest of each source, 2 at most. For 2 of these" in page
    assert "it was not law while the ad ran (1)" in page
    monkeypatch.setattr(api.pages.rules, "NEWEST_OF_EACH", 100)
    assert "The tables that follow" not in client.get(f"/rules/{RULE}").text


def test_before_every_ad_was_asked_about_the_page_says_so_and_counts_no_ad_as_decided(
    client, ask, evaluate, raise_flag
):
    assert "Not every ad has been held against the rules" in client.get(f"/rules/{RULE}").text
    assert ask("GET", f"/rules/{RULE}").json()["decided"] is None
    evaluate()
    assert "Not every ad has been held" not in client.get(f"/rules/{RULE}").text
    assert raise_flag().status_code == 201
    assert ask("GET", f"/rules/{RULE}").json()["decided"] is not None
