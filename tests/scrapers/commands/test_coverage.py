"""`paidforby coverage`: as a table for people and as JSON, by source and by week."""

import json

import pytest
from typer.testing import CliRunner

from paidforby import app
from tests.invented import NOW, make_archive, make_settings

RUNNER = CliRunner()


@pytest.fixture
def ask(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    monkeypatch.setattr("scrapers.commands.coverage.utc_now", lambda: NOW)
    monkeypatch.delenv("PAIDFORBY_DATABASE_URL", raising=False)
    make_archive(make_settings(tmp_path)).dispose()

    def coverage(*arguments):
        result = RUNNER.invoke(app, ["coverage", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    return coverage


def test_every_source_has_its_days_its_gaps_and_its_weeks(ask):
    covered = {each["source"]: each for each in json.loads(ask("--json"))}
    meadow = covered["meadow_library"]
    assert meadow["days_crawled"] == 1
    assert {week["source"] for week in meadow["weeks"]} == {"meadow_library"}
    assert {week["country"] for week in meadow["weeks"]} >= {"*", "GR", "US"}


def test_a_line_of_the_table_is_a_source(ask):
    lines = ask().splitlines()
    assert lines[0].split() == [
        *("source", "days", "crawled", "partly", "failed", "of", "runs", "last", "run")
    ]
    assert any(line.startswith("gap: meadow_library") for line in lines)


def test_by_week_a_line_is_a_week_and_every_gap_says_why(ask):
    lines = ask("--by", "week", "--source", "meadow_library").splitlines()
    assert lines[0].startswith("source")
    assert lines[1].split()[:5] == ["meadow_library", "meadow", "2026-11-16", "1", "of"]
    assert any("the run failed" in line for line in lines[2:])


def test_a_country_has_weeks_of_its_own(ask):
    weeks = json.loads(ask("--country", "GR", "--source", "harbour_ads", "--json"))
    assert {week["country"] for week in weeks} == {"GR"}
    assert {week["source_total"] for week in weeks} == {None}


def test_what_a_source_names_and_what_its_amounts_are_is_said(ask):
    (meadow,) = json.loads(ask("--source", "meadow_library", "--json"))
    payer = next(field for field in meadow["disclosed"] if field["field"] == "payer_name")
    assert payer["named"] + sum(payer["missing"].values()) == payer["ads"] > 0
    assert payer["missing"]["not_disclosed"] == round(payer["not_disclosed_share"] * payer["ads"])
    assert meadow["contents"]["amounts"] == meadow["contents"]["amounts_tax"] == "unknown"
    told = ask("--source", "meadow_library")
    assert meadow["contents"]["sentence"] in told
    assert payer["sentence"] in told


def test_only_sources_of_a_platform_are_told_where_one_is_named(ask):
    weeks = json.loads(ask("--platform", "meadow", "--json"))
    assert {week["source"] for week in weeks} == {"meadow_library"}


def test_a_source_nobody_knows_was_never_crawled(ask):
    (covered,) = json.loads(ask("--source", "nobody", "--json"))
    assert (covered["days"], covered["weeks"]) == (0, [])
