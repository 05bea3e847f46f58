"""A rule about a sum: its file is checked whole, its tests are held, and no ad is held against it yet."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.records import MissingReason
from archive.store.database import open_archive, write
from config.overlay import ConfigFile, Origin
from config.readings import Readings
from config.yaml_files import YamlFileError, YamlText
from oversight.evaluation.questions import list_questions
from oversight.reference.parameters import Parameter
from oversight.rules.checking import load_rule
from oversight.rules.loading import Rule
from oversight.rules.rule_book import find_rule, read_rule_book
from oversight.rules.schema import Stage
from oversight.rules.sentences import tell_clauses
from oversight.rules.sums import SumOfTest, SumSpec, hold_sum
from oversight.rules.use import adopt_rule, take_into_use
from tests.oversight.rules.drafts import CAP, SUM

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def make_parameter(name: str, kind: str, value: object) -> Parameter:
    text = f"""\
id: {name}
title: The most a payer may spend
type: {kind}
values: [{{from: 2020-01-01, value: {value}, source: {{cite: s. 14, evidence: memory}}}}]
"""
    return YamlText(name, text.encode()).read_as(Parameter)


PARAMETERS = {
    p.id: p
    for p in (
        make_parameter("xx_cap", "money", "1000.00 EUR"),
        make_parameter("xx_times", "int", 9),
    )
}


def load(folder: Path, *words: tuple[str, str]) -> Rule:
    text = CAP
    for old, new in words:
        assert old in text
        text = text.replace(old, new)
    path = folder / "xx-named.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rule(ConfigFile("xx-named", path, Origin.LOCAL), Readings(PARAMETERS, []), [])


def test_a_rule_about_a_sum_loads_and_answers_its_tests(tmp_path: Path) -> None:
    rule = load(tmp_path)
    assert {test.expect for test in rule.file.tests} == {"met", "not_met", "cannot_tell"}
    assert {"ad.countries", "sum.is_over"} <= rule.fact_names


def test_its_sentence_says_what_is_added_up_and_the_figure_by_title(tmp_path: Path) -> None:
    rule = load(
        tmp_path,
        ("1000.00 EUR\n  cite", "p.xx_cap\n  cite"),
        ("unless:", "params: [xx_cap]\nunless:"),
    )
    assert tell_clauses(rule)["sum"] == (
        "The spend of all ads of one payer within the window is added up, of each where it is declared "
        "political and “XX” is among the countries it was shown in, and held against “The most a payer may "
        "spend”."
    )
    assert tell_clauses(rule)["forbids"] == "The sum is over its figure."


def test_no_ad_is_held_against_it_and_it_cannot_come_into_use(home_settings, write_config) -> None:
    write_config("rules/xx/xx-named.yaml", CAP)
    book = read_rule_book(home_settings)
    rule = find_rule(book.rules, "xx-named")
    assert (rule.file.stage, rule.stage, rule.is_evaluated) == (Stage.SHADOW, Stage.DRAFT, False)
    assert list_questions([rule], book.elections, NOW).asked == []
    with write(open_archive(home_settings)) as session:
        with pytest.raises(ArchiveError, match="checked, not evaluated yet"):
            adopt_rule(session, book, rule.id, Stage.SHADOW, ("Ann", "It is time"), NOW)
        in_use = find_rule(take_into_use(session, book, NOW), rule.id)
    assert not in_use.is_evaluated


FAULTS = {
    "what cannot be added up": (
        ("of: ad.spend", "of: ad.reach"),
        "write ad.spend or ad.impressions",
    ),
    "no currency": (("over: 1000.00 EUR", "over: 1000"), "is no amount with its currency"),
    "a list for a figure": (
        ("over: 1000.00 EUR", "over: [1000]"),
        "write an amount such as 500.00 CAD",
    ),
    "a figure that no parameter has": (
        ("over: 1000.00 EUR", "over: p.xx_cup"),
        "params does not name xx_cup",
    ),
    "a condition that is none": (
        ("where: ad.declared_political &&", "where: ad.declared_political and"),
        "write && instead",
    ),
    "a sum within a sum": (
        ("where: ad", "where: sum.is_over && ad"),
        "there is no fact sum.is_over; write sum:, and read it in a clause",
    ),
    "somebody else": (("by: payer", "by: party"), "write payer, sponsor or advertiser"),
    "days of no number": (
        ("days: window", "days: month"),
        "write window, or a number of days from 1",
    ),
    "no day": (("days: window", "days: 0"), "write window, or a number of days from 1"),
    "in use": (("stage: shadow", "stage: active"), "write stage: draft, or shadow"),
    "a sum that nobody reads": (
        ("when: sum.is_over", "when: window.inside"),
        "no condition reads it",
    ),
    "no provision": (("  cite: section 14(1)\n", ""), "write cite:"),
    "a test that says the outcome": (
        ("ad.payer_name: Jo}", "ad.payer_name: Jo, sum.is_over: true}"),
        "is reckoned: write sum:",
    ),
    "a range upside down": (("{least: 500.00 EUR,", "{least: 5000.00 EUR,"), "is more than most"),
    "two currencies in a test": (
        ("most: 1100.00 EUR", "most: 1100.00 USD"),
        "in another currency than least",
    ),
    "a test without money": (
        ("{least: 1000.01 EUR}", "{least: 1001}"),
        "is no amount with its currency",
    ),
}


@pytest.mark.parametrize("mistake", FAULTS)
def test_a_fault_of_a_sum_is_named_with_what_to_write(tmp_path: Path, mistake: str) -> None:
    words, said = FAULTS[mistake]
    with pytest.raises(YamlFileError) as refused:
        load(tmp_path, words)
    (fault,) = [each for each in refused.value.faults if said in each.why]
    assert fault.line
    assert not [each.why for each in refused.value.faults if "Input should" in each.why]


def test_all_faults_of_a_sum_are_told_at_once(tmp_path: Path) -> None:
    together = [
        FAULTS[name]
        for name in ("no currency", "somebody else", "no day", "a condition that is none")
    ]
    with pytest.raises(YamlFileError) as refused:
        load(tmp_path, *(words for words, _ in together))
    told = [fault.why for fault in refused.value.faults]
    assert len(told) == len(together)
    assert all(any(said in why for why in told) for _, said in together)


def test_a_parameter_of_another_type_is_no_figure_of_a_sum(tmp_path: Path) -> None:
    named = ("unless:", "params: [xx_cap, xx_times]\nunless:")
    with pytest.raises(YamlFileError, match="held against one of type money"):
        load(tmp_path, named, ("over: 1000.00 EUR", "over: p.xx_times"))


def test_a_sum_needs_a_window_or_a_number_of_days_and_a_test_of_one_needs_a_sum(
    tmp_path: Path,
) -> None:
    with pytest.raises(YamlFileError, match="the rule has no window"):
        load(tmp_path, ("window:\n  from: polling_day - P1M\n  to: poll_closes\n", ""))
    with pytest.raises(YamlFileError) as refused:
        load(tmp_path, (SUM, "applies_when:\n"))
    assert "the rule adds nothing up: leave it out" in {each.why for each in refused.value.faults}


UNKNOWN = MissingReason.NOT_PROVIDED


@pytest.mark.parametrize(
    ("least", "most", "is_over"),
    [
        ("0.00 EUR", "1000.00 EUR", False),
        ("1000.01 EUR", None, True),
        ("1000.00 EUR", "1000.01 EUR", UNKNOWN),
        ("0.00 EUR", None, UNKNOWN),
        ("5000.00 USD", None, UNKNOWN),
    ],
)
def test_a_sum_is_held_against_its_figure_as_a_range_with_its_currency(
    least: str, most: str | None, is_over: object
) -> None:
    said = {"of": "ad.spend", "where": "…", "by": "payer", "days": 30, "cite": "s. 14"}
    told = SumOfTest(least=least, most=most)
    assert hold_sum(SumSpec(**said, over="1000.00 EUR"), told, {}) is is_over
    figures = {"p.xx_cap_minor": 100_000, "p.xx_cap_currency": "EUR"}
    assert hold_sum(SumSpec(**said, over="p.xx_cap"), told, figures) is is_over
    nobody_knows = dict.fromkeys(figures, MissingReason.NOT_LOOKED)
    assert hold_sum(SumSpec(**said, over="p.xx_cap"), told, nobody_knows) is UNKNOWN
    assert hold_sum(SumSpec(**said, over="1000.00 EUR"), None, {}) is UNKNOWN


def test_a_sum_of_views_is_held_against_a_count(tmp_path: Path) -> None:
    spec = SumSpec(of="ad.impressions", where="…", by="sponsor", days=7, over=10_000, cite="s. 14")
    assert hold_sum(spec, SumOfTest(least=10_001), {}) is True
    assert hold_sum(spec, SumOfTest(least=1, most=10_000), {}) is False
    by_parameter = spec.model_copy(update={"over": "p.xx_times"})
    assert hold_sum(by_parameter, SumOfTest(least=10), {"p.xx_times": 9}) is True
    words = [("of: ad.spend", "of: ad.impressions"), ("over: 1000.00 EUR", 'over: "10000"')]
    with pytest.raises(YamlFileError, match="is no count: write a whole number such as 10000"):
        load(tmp_path, *words)
