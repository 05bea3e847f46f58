"""Questions about money that are refused, and the command that asks them."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from archive.commands.spend import tell_summary
from archive.spending import (
    SpendBasis,
    SpendBy,
    SpendMeasure,
    SpendQuery,
    SpendQueryError,
    summarise_spending,
)
from archive.spending.query import end_period
from archive.store.database import read
from config.settings import Settings
from paidforby import app
from tests.migrated import init_fresh

JANUARY = {"from_on": date(2026, 1, 1), "to_on": date(2026, 1, 31)}


def summarise(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(**asked))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"convert_to": "UAH"}, "convert_to"),
        ({"by": SpendBy.REGION}, "by"),
        ({"from_on": date(2026, 1, 1)}, "from"),
        ({"from_on": date(2026, 1, 2), "to_on": date(2026, 1, 1)}, "to"),
        ({"by": SpendBy.WEEK}, "by"),
        ({"basis": SpendBasis.BOUNDS}, "basis"),
        ({"by": SpendBy.WEEK, "basis": SpendBasis.LIFETIME, **JANUARY}, "basis"),
        ({"by": SpendBy.DAY, "from_on": date(1990, 1, 1), "to_on": date(2026, 1, 1)}, "by"),
        ({"measure": SpendMeasure.REPORTED, "by": SpendBy.REGION, **JANUARY}, "from"),
        ({"measure": SpendMeasure.REPORTED, "basis": SpendBasis.ESTIMATE, **JANUARY}, "basis"),
        ({"measure": SpendMeasure.DISCLOSED, "by": SpendBy.COUNTRY}, "by"),
        ({"measure": SpendMeasure.DISCLOSED, "platform": "snap"}, "platform"),
    ],
)
def test_a_question_without_an_honest_answer_is_refused_with_its_reason(tmp_path, asked, field):
    engine = init_fresh(Settings(home=tmp_path), [])
    with pytest.raises(SpendQueryError) as refused:
        summarise(engine, **asked)
    assert refused.value.field == field


def test_a_name_without_an_end_widens_no_table(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", payer_name="P" * 4_000)])
    _, row, *_ = tell_summary(summarise(engine, by=SpendBy.PAYER))
    assert "P…" in row
    assert len(row) < 300


def run_spend(tmp_path, monkeypatch, *arguments):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    init_fresh(Settings(home=tmp_path), [])
    return CliRunner().invoke(app, ["spend", *arguments])


def test_the_command_answers_with_one_json_document(tmp_path, monkeypatch):
    result = run_spend(tmp_path, monkeypatch, "--by", "platform", "--json")
    answer = json.loads(result.stdout)
    assert (answer["measure"], answer["basis"], answer["groups"]) == ("ads", "lifetime", [])


def test_the_command_says_what_to_type_next(tmp_path, monkeypatch):
    result = run_spend(tmp_path, monkeypatch)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith("next: paidforby")


def test_a_refused_question_is_wrong_usage(tmp_path, monkeypatch):
    result = run_spend(tmp_path, monkeypatch, "--convert-to", "UAH")
    assert result.exit_code == 2
    assert "no exchange rate of 'UAH'" in result.stderr


def test_the_command_answers_about_an_earlier_moment(tmp_path, monkeypatch):
    times = ["--as-of", "2026-03-01", "--valid-at", "2026-02-01T07:00:00"]
    answer = json.loads(run_spend(tmp_path, monkeypatch, *times, "--json").stdout)
    assert (answer["as_of"], answer["valid_at"]) == (
        "2026-03-01T23:59:59.999999Z",
        "2026-02-01T07:00:00Z",
    )
    told = run_spend(tmp_path, monkeypatch, *times).stdout
    assert "as known on 1 Mar 2026" in told
    assert "what held on 1 Feb 2026" in told


TODAY = date(2026, 3, 1)


def test_a_period_ends_today_at_the_latest():
    assert end_period(date(2026, 1, 1), date(9999, 12, 31), TODAY) == (date(2026, 1, 1), TODAY)
    assert end_period(date(2026, 1, 1), date(2026, 1, 2), TODAY)[1] == date(2026, 1, 2)
    assert end_period(None, None, TODAY) == (None, None)


@pytest.mark.parametrize("first", [date(1, 1, 1), date(1900, 1, 1), date(2026, 3, 2)])
def test_a_period_that_nothing_can_be_known_of_is_refused(first):
    with pytest.raises(SpendQueryError) as refused:
        end_period(first, date(9999, 12, 31), TODAY)
    assert refused.value.field == "from"
