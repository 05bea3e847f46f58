"""`paidforby rules`: what people and programs read, and the exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from config.settings import Settings
from oversight.commands.rules import app
from tests.oversight.rules.drafts import CAP

Run = Callable[..., Result]


@pytest.fixture
def run(home_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PAIDFORBY_HOME", str(home_settings.home))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_the_list_has_the_keys_that_programs_rely_on(run: Run) -> None:
    rules = json.loads(run("list", "--json").stdout)
    assert len(rules) >= 4
    keys = {"id", "version", "jurisdiction", "kind", "legal_status", "stage", "evidence"}
    assert all(keys | {"origin", "sha256"} <= rule.keys() for rule in rules)


def test_the_list_is_a_table_for_people(run: Run) -> None:
    lines = run("list").stdout.splitlines()
    assert lines[0].split() == (
        ["id", "version", "jurisdiction", "legal", "status", "stage", "evidence", "origin"]
    )
    assert lines[-1] == "next: paidforby rules show RULE"


def test_questions_are_counted_by_rule_for_those_in_use(run: Run) -> None:
    answer = json.loads(run("questions", "--rule-id", "payer-left-blank", "--json").stdout)
    line = {"rule": "payer-left-blank", "stage": "active", "ads": 0, "sources": 0}
    counts = answer["by_rule"][0].pop("counts")
    assert answer == {"ads": 0, "sources": 0, "by_rule": [line]}
    assert counts["does_not_apply"] == {"not_about_it": 0, "not_in_force": 0, "exception": 0}
    assert {"applies", "met", "not_met", "cannot_tell", "no_breach_possible", "not_asked"} <= {
        *counts
    }
    rows = run("questions").stdout.splitlines()
    assert rows[0].split() == ["rule", "stage", "ads", "sources"]
    assert len(rows) > 6
    assert run("questions", "--rule-id", "nowhere").exit_code == 1


def test_facts_are_told_of_one_rule_in_sentences_and_of_all_in_a_table(run: Run) -> None:
    told = run("facts", "us-30120-payer-named").stdout
    assert "requires: The payer is given." in told
    assert "decided for 0 of 0 ads" in told
    assert run("facts").stdout.splitlines()[0].split()[:4] == ["rule", "stage", "ads", "decided"]
    (answer,) = json.loads(run("facts", "us-30120-payer-named", "--json").stdout)
    keys = ("rule", "ads", "decided", "missing", "sources")
    assert (*answer,) == keys
    assert run("facts", "nowhere").exit_code == 1


def test_a_window_is_printed_in_local_time_and_utc(run: Run) -> None:
    election = ("--election", "gr-2023-05-21-parliament")
    answer = json.loads(run("windows", "started-on-the-eve", *election, "--json").stdout)
    assert answer["instants"] == [
        {
            "zone": "Europe/Athens",
            "part": "",
            "edge": "opens",
            "moment": "polling_day - P1D",
            "local": "2023-05-20T00:00:00+03:00",
            "utc": "2023-05-19T21:00:00Z",
        },
        {
            "zone": "Europe/Athens",
            "part": "",
            "edge": "is over",
            "moment": "poll_closes",
            "local": "2023-05-21T19:00:00+03:00",
            "utc": "2023-05-21T16:00:00Z",
        },
    ]
    assert "2023-05-21T16:00:00Z" in run("windows", "started-on-the-eve", *election).stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("show", "no-such-rule"), "there is no rule 'no-such-rule'"),
        (("windows", "started-on-the-eve", "--election", "moon"), "there is no election 'moon'"),
        (
            ("windows", "ca-350-third-party-cap", "--election", "gr-2023-05-21-parliament"),
            "is not asked at gr-2023-05-21-parliament: its window is for legislative of CA",
        ),
        (
            ("windows", "payer-left-blank", "--election", "gr-2023-05-21-parliament"),
            "has no window",
        ),
        (("check", "no-such-file.yaml"), "there is no file no-such-file.yaml"),
    ],
)
def test_what_is_not_there_is_said_with_exit_code_1(
    run: Run, arguments: tuple[str, ...], why: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert why in result.stderr


def test_a_rule_is_shown_with_its_law_and_tests(run: Run) -> None:
    text = run("show", "us-30120-payer-named").stdout
    assert "law          52 U.S.C. 30120" in text
    assert "test         The payer is named: met" in text
    shown = json.loads(run("show", "us-30120-payer-named", "--json").stdout)
    assert shown["file"]["validity"]["statuses"][0]["from"] == "2023-03-01"


def test_a_file_that_fails_its_tests_is_named_and_the_others_checked(
    run: Run, tmp_path: Path
) -> None:
    good = json.loads(run("show", "payer-left-blank", "--json").stdout)["text"]
    (tmp_path / "payer-left-blank.yaml").write_text(good)
    assert run("check", str(tmp_path)).exit_code == 0
    wrong = good.replace("size(ad.payer_name) > 0", "size(ad.payer_name) == 0")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "payer-left-blank.yaml").write_text(wrong)
    result = run("check", str(tmp_path), "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [error["field"] for error in answer["errors"]] == ["tests[0].expect", "tests[1].expect"]
    assert [rule["id"] for rule in answer["rules"]] == ["payer-left-blank"]


def test_checking_without_a_path_checks_all_rules_in_use(
    run: Run, write_config: Callable[[str, str], Path]
) -> None:
    assert "0 files cannot be used" in run("check").stdout
    assert run("check").exit_code == 0
    shown = json.loads(run("show", "payer-left-blank", "--json").stdout)["text"]
    write_config("rules/zz/payer-left-blank.yaml", shown)
    result = run("check")
    assert result.exit_code == 1
    assert "payer-left-blank is another file's too" in result.stderr


def test_a_new_rule_loads_as_it_is_written_and_overwrites_none(
    run: Run, home_settings: Settings
) -> None:
    path = home_settings.home / "config" / "rules" / "xx" / "xx-payer-named.yaml"
    assert str(path) in run("new", "xx-payer-named").stdout.replace("\n", "")
    assert run("check", str(path)).exit_code == 0
    shown = json.loads(run("list", "--json").stdout)
    assert {rule["id"]: rule["stage"] for rule in shown}["xx-payer-named"] == "draft"
    assert "there already" in run("new", "xx-payer-named").stderr.replace("\n", " ")
    assert run("new", "../x").exit_code == 1


def test_a_new_rule_of_the_union_loads_and_one_of_no_country_is_not_written(
    run: Run, home_settings: Settings
) -> None:
    folder = home_settings.home / "config" / "rules"
    run("new", "eu-payer-named")
    assert run("check", str(folder / "eu" / "eu-payer-named.yaml")).exit_code == 0
    refused = run("new", "uk-payer-named")
    assert refused.exit_code == 1
    assert "write GB" in refused.stderr.replace("\n", " ")
    assert not (folder / "uk").exists()


def test_worlds_are_told_as_sentences_and_to_programs(run: Run, home_settings: Settings) -> None:
    lines = run("check", "--worlds").stdout.splitlines()
    opens = "The first second of the window (20 May 2023, 00:00:00 in Europe/Athens): not met."
    assert any(line.strip().startswith(opens) for line in lines)
    rules = json.loads(run("check", "--worlds", "--json").stdout)["rules"]
    assert all(rule["worlds"] for rule in rules)
    assert "worlds" not in json.loads(run("check", "--json").stdout)["rules"][0]


def test_a_rule_about_a_sum_is_checked_and_says_that_it_is_not_evaluated_yet(
    run: Run, write_config: Callable[[str, str], Path]
) -> None:
    path = write_config("rules/xx/xx-named.yaml", CAP)
    assert "3 tests passed; checked, not evaluated yet" in run("check", str(path)).stdout
    assert run("check", "--worlds", str(path)).exit_code == 0
    assert "checked, not evaluated yet (section 14(1))" in run("show", "xx-named").stdout
    (answer,) = json.loads(run("facts", "xx-named", "--json").stdout)
    assert (answer["ads"], answer["decided"]) == (0, 0)
    assert "sum: The spend of all ads of one payer" in run("facts", "xx-named").stdout
