"""Dated parameters: the value of a day, with its source."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from archive.records import MissingReason
from archive.records.canonical import hash_bytes
from config.settings import Settings
from config.yaml_files import YamlFileError, YamlText
from oversight.reference.formulas import list_stale, make_values, read_parameters
from oversight.reference.parameters import Parameter, read_money
from oversight.rules.loading import answer_rule
from oversight.rules.rule_book import find_rule, load_rules
from tests.commands import run_paidforby
from tests.config.bad_files import RULE
from tests.oversight.reference.votes import make_election

THRESHOLD = """
id: threshold
title: Spending from which a name is due
unit: cents
type: int
values:
  - {from: 2020-01-01, value: 500, source: {cite: Act 1, evidence: memory}}
  - {from: 2022-01-01, value: 700, source: {cite: Act 2, evidence: memory}}
  - {from: 2024-01-01, value: null, source: {cite: Act 3, evidence: memory}}
"""
Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2019, 12, 31), MissingReason.NOT_PROVIDED),
        (date(2020, 1, 1), 500),
        (date(2021, 12, 31), 500),
        (date(2022, 1, 1), 700),
        (date(2024, 1, 1), MissingReason.NOT_PROVIDED),
        (None, MissingReason.NOT_PROVIDED),
    ],
)
def test_a_value_holds_from_its_day_until_the_next(
    home_settings: Settings, write_config: Write, day: date | None, value: object
) -> None:
    write_config("params/threshold.yaml", THRESHOLD)
    assert read_parameters(home_settings).values["threshold"].find_value(day) == value


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("value: 500", "value: much", "not of type int"),
        ("2022-01-01", "2019-01-01", "oldest first"),
        ("unit: cents", "uprating: yearly", "uprating"),
        ("type: int", "type: timestamp", "write bool"),
        ("{cite: Act 1, evidence: memory}", "{cite: Act 1, evidence: statute_text}", "read_on"),
        (", source: {cite: Act 1, evidence: memory}", "", "required"),
    ],
)
def test_a_parameter_that_is_not_in_order_is_refused(
    home_settings: Settings, write_config: Write, old: str, new: str, why: str
) -> None:
    write_config("params/threshold.yaml", THRESHOLD.replace(old, new))
    with pytest.raises(YamlFileError, match=why):
        read_parameters(home_settings).find("threshold")


def test_the_union_lost_a_member_in_2020(home_settings: Settings) -> None:
    states = read_parameters(home_settings).values["eu_member_states"]
    before, after = states.find_value(date(2020, 1, 31)), states.find_value(date(2020, 2, 1))
    assert isinstance(before, tuple)
    assert isinstance(after, tuple)
    assert set(before) - set(after) == {"GB"}


BASE = """
id: base
title: The limit before it is indexed
type: money
stale_on: 2026-04-01
values:
  - from: 2024-01-01
    value: 350000.00 CAD
    source: {cite: s. 350, read_on: 2026-01-02, evidence: statute_text}
  - {from: 2027-01-01, value: 1.00 CAD, status: announced, source: {cite: A bill, evidence: memory}}
"""
FACTOR = """
id: factor
title: What it is indexed by
type: decimal
values:
  - {from: 2025-04-01, value: "1.25", source: {cite: Notice 1, evidence: memory}}
  - {from: 2025-10-01, value: "1.333", source: {cite: Notice 2, evidence: memory}}
"""
LIMIT = """
id: limit
title: What a third party may spend
type: money
at: called_on
formula:
  of: base
  times: [factor, "0.2"]
  rounded: down
  to: "1"
  source: {cite: s. 350(5), read_on: 2026-01-02, evidence: statute_text}
"""
ONE = "{from: 2020-01-01, value: 1 CAD, source: {cite: x, evidence: memory}}"
SCALE = """
id: scale
title: Amount for each inhabitant
type: brackets
values:
  - from: 2020-01-01
    value: [{over: 0, rate: "1.22"}, {over: 15000, rate: "1.07"}, {over: 30000, rate: "0.91"}]
    source: {cite: art. L52-11, evidence: memory}
"""


def lay(write_config: Write, **texts: str) -> None:
    for name, text in texts.items():
        write_config(f"params/{name}.yaml", text)


def test_an_amount_is_money_and_what_is_only_announced_is_never_used(
    home_settings: Settings, write_config: Write
) -> None:
    lay(write_config, base=BASE)
    base = read_parameters(home_settings).values["base"]
    assert base.fact_types == {"base_minor": "int", "base_currency": "string"}
    known = base.read_facts(base.find_value(date(2025, 1, 1)))
    assert known == {"base_minor": 350_000_00, "base_currency": "CAD"}
    assert base.newest == "350000.00 CAD"
    told = "350,000 CAD: The limit before it is indexed, since 1 Jan 2024 (s. 350; statute text)."
    assert base.tell(base.newest) == told


def test_a_stale_value_is_unknown_from_its_day_on_and_fails_the_check(
    home_settings: Settings, write_config: Write
) -> None:
    lay(write_config, base=BASE, factor=FACTOR, limit=LIMIT, threshold=THRESHOLD)
    found = read_parameters(home_settings).values
    for name in ("base", "limit"):
        values = [found[name].find_value(date(2026, *day)) for day in ((3, 31), (4, 1))]
        assert isinstance(values[0], str)
        assert values[1] is MissingReason.NOT_PROVIDED
    assert list_stale(home_settings, date(2026, 3, 31)) == []
    (error,) = list_stale(home_settings, date(2026, 4, 1))
    assert (error.place, error.line, error.field) == ("params/base.yaml", 5, "stale_on")
    for day, names in ((date(2026, 3, 31), []), (date(2026, 4, 1), ["params/base.yaml"])):
        noon = datetime.combine(day, time(12), UTC)
        with TestClient(create_app(home_settings, lambda at=noon: at)) as client:
            health = client.get("/api/v1/health").json()
        assert [each["file"] for each in health["refused_files"]] == names
    said = run_paidforby("rules", "check", environ={"PAIDFORBY_HOME": str(home_settings.home)})
    assert (said.returncode, "law renews it by 2026-04-01" in said.stderr) == (1, True)


def test_the_canadian_limit_is_an_amount_that_rules_can_read_though_its_factor_has_decimals() -> (
    None
):
    cap = read_parameters(Settings()).values["ca_third_party_cap"]
    assert cap.find_value(date(2025, 3, 23)) == "602700 CAD"
    facts = {"ca_third_party_cap_minor": 60_270_000, "ca_third_party_cap_currency": "CAD"}
    assert cap.read_facts(cap.find_value(date(2025, 3, 23))) == facts
    assert cap.find_value(date(2024, 3, 31)) is MissingReason.NOT_PROVIDED


def test_a_formula_gives_a_value_from_each_day_one_of_its_parts_turns(
    home_settings: Settings, write_config: Write
) -> None:
    lay(write_config, base=BASE, factor=FACTOR, limit=LIMIT)
    limit = read_parameters(home_settings).values["limit"]
    days = (date(2025, 3, 31), date(2025, 4, 1), date(2025, 10, 1))
    values = [limit.find_value(day) for day in days]
    assert values == [MissingReason.NOT_PROVIDED, "87500 CAD", "93310 CAD"]
    assert limit.newest_dated.source.evidence == "memory"


def test_a_formula_is_cited_with_the_text_of_every_parameter_it_rests_on(
    home_settings: Settings, write_config: Write
) -> None:
    outer = LIMIT.replace("id: limit", "id: outer").replace("of: base", "of: limit")
    texts = {"base": BASE, "factor": FACTOR, "limit": LIMIT, "outer": outer}
    lay(write_config, **texts)
    write_config("rules/xx/good.yaml", RULE.replace("params: [good]", "params: [outer]"))
    rule = find_rule(load_rules(home_settings), "good")
    hashes = {f"parameter {name}": hash_bytes(text.encode()) for name, text in texts.items()}
    assert rule.cited == hashes


def test_a_value_tied_to_a_moment_of_the_vote_is_that_of_its_day(
    home_settings: Settings, write_config: Write
) -> None:
    lay(write_config, base=BASE, factor=FACTOR, limit=LIMIT)
    limit = read_parameters(home_settings).values["limit"]
    called = make_election(called_on=date(2025, 5, 1))
    assert limit.pick_day(date(2025, 12, 1), called) == date(2025, 5, 1)
    assert limit.pick_day(date(2025, 12, 1), make_election()) is None
    assert limit.pick_day(date(2025, 12, 1), None) is None
    assert limit.find_value(None) is MissingReason.NOT_PROVIDED


@given(st.integers(0, 40_000))
def test_brackets_count_each_inhabitant_at_the_rate_of_its_step(count: int) -> None:
    people, cap, scale = (
        YamlText(name, text.encode()).read_as(Parameter)
        for name, text in {
            "people": THRESHOLD.replace("id: threshold", "id: people").replace("500", f"{count}"),
            "cap": LIMIT.replace("id: limit", "id: cap")
            .replace("of: base", "of: people\n  by: scale")
            .replace('times: [factor, "0.2"]', "currency: EUR")
            .replace('to: "1"', 'to: "0.01"'),
            "scale": SCALE,
        }.items()
    )
    made = make_values(cap, {"people": people, "scale": scale}).find_value(date(2020, 1, 1))
    cents = sum(122 if n < 15_000 else 107 if n < 30_000 else 91 for n in range(count))
    assert read_money(str(made)) == (cents, "EUR")


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        ("base", "350000.00 CAD", "350000.00", "no amount with its currency, such as 500.00 CAD"),
        ("base", "350000.00 CAD", "350000.001 CAD", "more decimals"),
        ("base", "350000.00 CAD", "350000.00 CAN", "ISO 4217"),
        ("base", "2026-04-01", "2024-01-01", "stale_on comes after the last value"),
        ("factor", '"1.25"', '"1e999"', "no plain number"),
        (
            "factor",
            "type: decimal",
            "type: decimal\nformula: {of: base, source: {cite: x, evidence: memory}}",
            "either",
        ),
        ("limit", "of: base", "of: limit", "it rests on itself"),
        ("limit", "of: base", "of: elsewhere", "there is no parameter elsewhere"),
        ("limit", "of: base", "of: scale", "scale is brackets, no number"),
        ("limit", "of: base", "of: factor", "of which currency"),
        ("limit", "type: money", "type: int", "of type money and not int"),
        ("limit", "of: base", "of: base\n  by: factor", "`by` names no brackets"),
        ("limit", 'to: "1"', 'to: "0.0"', "more than nothing"),
        ("limit", 'rounded: down\n  to: "1"', 'least: "9999999.001"', "more decimals"),
        ("limit", "at: called_on", "at: poll_closes", "at is one of"),
        ("scale", "over: 30000", "over: 3", "steps stand in order"),
    ],
)
def test_a_figure_that_cannot_be_reckoned_is_refused_and_named(
    home_settings: Settings, write_config: Write, name: str, old: str, new: str, why: str
) -> None:
    texts = {"base": BASE, "factor": FACTOR, "limit": LIMIT, "scale": SCALE}
    assert old in texts[name]
    lay(write_config, **texts | {name: texts[name].replace(old, new)})
    errors = {error.name: str(error) for error in read_parameters(home_settings).refused}
    assert why in errors[name]


def test_a_signal_says_what_the_law_said_since_when_and_by_what(
    home_settings: Settings, write_config: Write
) -> None:
    lay(write_config, base=BASE)
    rule = RULE.replace("id: good", "id: capped").replace("params: [good]", "params: [base]")
    rule = rule.replace("size(ad.payer_name) > 0", "ad.currency == p.base_currency")
    rule = rule.replace("ad.payer_name: Jo", "ad.currency: CAD").replace(
        "ad.payer_name:", "ad.currency:"
    )
    rule = rule.replace("{missing: not_disclosed}", "USD").replace("2020-05", "2025-05")
    write_config("rules/xx/capped.yaml", rule)
    capped = find_rule(load_rules(home_settings), "capped")
    assert capped.evidence == "memory"
    facts = {"ad.countries": ("XX",), "ad.currency": "USD"} | capped.find_parameters(
        (date(2025, 1, 1), date(2025, 1, 1))
    )
    told = answer_rule(capped, facts, in_force=True).because
    assert told[-1].startswith(
        "The law says: 350,000 CAD: The limit before it is indexed, since 1 Jan"
    )
    unknown = facts | capped.find_parameters((date(2020, 1, 1), date(2020, 1, 1)))
    told = answer_rule(capped, unknown, in_force=True).because
    assert "no value is known for that day" in told[-1]
