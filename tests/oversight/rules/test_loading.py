"""Rules: what loads, and what does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.records.canonical import hash_bytes
from config.overlay import Origin
from config.settings import Settings
from config.yaml_files import YamlFileError
from oversight.rules.loading import Rule
from oversight.rules.rule_book import load_rules

Write = Callable[[str, str], Path]

RULE = """
id: xx-named
version: 1
title: Harbour ads name their payer
jurisdiction: XX
legal_basis: [{cite: Harbour Act s. 1, evidence: memory}]
validity: {statuses: [{from: 2020-01-01, status: in_force}]}
review_on: null
unit_of_violation: ad
stage: active
kind: disclaimer.missing
says: The payer must be named.
applies_when: {when: '"XX" in ad.countries', cite: s. 1}
requires: {when: size(ad.payer_name) > 0, cite: s. 2}
unless: [{id: small-ad, when: 'ad.spend.under("5.00 EUR")', cite: s. 3, shown_by: authority}]
severity: low
tests:
  - name: named
    ran: {from: 2021-01-01}
    facts: {ad.countries: [XX], ad.payer_name: Jo, ad.currency: USD}
    expect: met
  - name: blank
    ran: {from: 2021-01-01}
    facts:
      ad.countries: [XX]
      ad.payer_name: {missing: not_disclosed}
      ad.currency: EUR
      ad.spend_lower_minor: 900
    expect: not_met
  - {name: not given, facts: {ad.countries: [XX]}, expect: cannot_tell}
"""


def test_a_rule_is_the_bytes_of_its_file(load: Callable[[str], Rule]) -> None:
    rule = load(RULE)
    assert rule.text == RULE
    assert rule.sha256 == hash_bytes(RULE.encode())
    assert rule.origin is Origin.LOCAL


def test_a_rule_that_contradicts_its_test_does_not_load(load: Callable[[str], Rule]) -> None:
    with pytest.raises(YamlFileError) as refused:
        load(RULE.replace("size(ad.payer_name) > 0", "size(ad.payer_name) == 0"))
    error = refused.value
    assert Path(error.file).parts[-4:] == ("config", "rules", "xx", "xx-named.yaml")
    assert (error.field, error.line) == ("tests[0].expect", 21)
    assert error.why == "test 'named': expected met, got cannot_tell"
    assert [fault.field for fault in error.faults] == ["tests[0].expect", "tests[1].expect"]


@pytest.mark.parametrize(
    ("old", "new", "field", "why"),
    [
        ("size(ad.payer_name) > 0", "size(ad.payer) > 0", "requires.when", "column 8: undefined"),
        ("size(ad.payer_name) > 0", "ad.payer_name > 'x'", "requires.when", "alphabets"),
        ("size(ad.payer_name) > 0", "window.overlaps", "requires.when", "undeclared"),
        ("id: xx-named", "id: xx-other", "id", "is called xx-other.yaml"),
        ("severity: low", "severity: low\nparams: [harbour_fee]", "params", "harbour_fee"),
        ("ad.payer_name: Jo", "ad.payer_name: 7", "tests[0].facts.ad.payer_name", "one text, in"),
        ("ad.payer_name: Jo", "ad.titles: Jo", "tests[0].facts.ad.titles", "a list, such as [XX]"),
        ("ad.payer_name: Jo", "ad.versions: '7'", "tests[0].facts.ad.versions", "whole number"),
        (
            "ad.payer_name: Jo",
            "ad.payer_name: null",
            "tests[0].facts.ad.payer_name",
            "write {missing: not_disclosed} for what was left blank",
        ),
        ("ad.payer_name: Jo", "ad.spend: 7", "tests[0].facts.ad.spend", "write its bounds"),
        (
            "ad.payer_name: Jo",
            "ad.first_seen_at: 2021-02-30",
            "tests[0].facts.ad.first_seen_at",
            "out of range",
        ),
        (
            "ad.payer_name: Jo",
            "ad.first_seen_at: 20210228",
            "tests[0].facts.ad.first_seen_at",
            "not a day",
        ),
        ("ad.payer_name: Jo", "ad.payr: Jo", "tests[0].facts.ad.payr", "no fact"),
        (
            "missing: not_disclosed",
            "missing: lost",
            "tests[1].facts.ad.payer_name",
            "'lost' is no reason: write not_provided, not_disclosed",
        ),
    ],
)
def test_a_rule_file_that_is_wrong_says_where(
    load: Callable[[str], Rule], old: str, new: str, field: str, why: str
) -> None:
    with pytest.raises(YamlFileError) as refused:
        load(RULE.replace(old, new))
    assert refused.value.field == field
    assert refused.value.line
    assert why in refused.value.why


def test_all_faults_of_a_file_are_told_at_once(load: Callable[[str], Rule]) -> None:
    wrong = RULE.replace("title: Harbour", "titel: Harbour").replace(
        "severity: low", "severity: no"
    )
    wrong = wrong.replace("size(ad.payer_name) > 0", "known(ad.payer) and ad.payer_name = null")
    wrong = wrong.replace('ad.spend.under("5.00 EUR")', "ad.spend_upper_minor < 500")
    with pytest.raises(YamlFileError) as refused:
        load(wrong)
    fields = [fault.field for fault in refused.value.faults]
    assert fields == [
        *("title", "titel"),
        *(["requires.when"] * 5),
        *("unless[0].when", "severity"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("severity: low", "severity: low\nseverty: low", "severty"),
        (
            "severity: low",
            "severity: low\nforbids: {when: ad.declared_political, cite: s. 4}",
            "one of",
        ),
        ("requires: {when: size(ad.payer_name) > 0, cite: s. 2}", "", "one of"),
        (", cite: s. 2", "", "requires.cite"),
        (
            "{name: not given, facts: {ad.countries: [XX]}, expect: cannot_tell}",
            "",
            "no test expects",
        ),
        ("name: blank", "name: named", "same name"),
        ("version: 1", "version: 1\nversion: 2", "given twice"),
        ("expect: met", "expect: guilty", "expect"),
        ("evidence: memory", "evidence: memory, url: 'javascript:x'", "url"),
        ("evidence: memory", "evidence: memory, quotation: Words", "needs text_sha256"),
        ("evidence: memory", "evidence: memory, reader: Ada", "nobody read it"),
        ("shown_by: authority", "shown_by: addressee", "question is what the addressee"),
        ("kind: disclaimer.missing", "kind: content.falsehood", "severity: info"),
        ("status: in_force}", "status: in_force}, {from: 2019-01-01, status: removed}", "in order"),
        ("status: in_force}", "status: bill}, {from: 0999-01-01, status: bill}", "1000 or later"),
        (
            "status: in_force}",
            "status: guideline}, {from: 2022-01-01, status: in_force}",
            "are two rules",
        ),
    ],
)
def test_a_file_that_is_no_rule_is_refused(
    load: Callable[[str], Rule], old: str, new: str, why: str
) -> None:
    with pytest.raises(YamlFileError, match=why):
        load(RULE.replace(old, new))


def test_two_files_may_not_hold_one_rule(load: Callable[[str], Rule], write_config: Write) -> None:
    write_config("rules/yy/xx-named.yaml", RULE)
    with pytest.raises(YamlFileError, match="another file's"):
        load(RULE)


def test_an_operators_copy_lies_over_the_shipped_rule(
    home_settings: Settings, write_config: Write
) -> None:
    shipped = next(r for r in load_rules(home_settings) if r.id == "payer-left-blank")
    write_config(
        "rules/any/payer-left-blank.yaml", shipped.text.replace("stage: active", "stage: suspended")
    )
    changed = next(r for r in load_rules(home_settings) if r.id == "payer-left-blank")
    assert changed.origin is Origin.CHANGED
    assert changed.sha256 != shipped.sha256
    assert shipped.is_evaluated
    assert not changed.is_evaluated


def test_every_shipped_rule_loads_and_says_how_well_it_is_founded(home_settings: Settings) -> None:
    rules = load_rules(home_settings)
    assert len(rules) >= 4
    for rule in rules:
        is_indicator = "indicator" in {s.status for s in rule.file.validity.statuses}
        assert is_indicator == (rule.file.evidence == "own_pattern"), rule.id
