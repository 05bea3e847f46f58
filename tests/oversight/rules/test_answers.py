"""Answers that are given without a trace, against the traces themselves."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from archive.models import PublicAd
from archive.models.oversight import Exemption, RuleAnswer
from archive.records import MissingReason
from config.readings import Readings
from config.settings import Settings
from config.yaml_files import YamlText
from oversight.evaluation.one_ad import evaluate_ad
from oversight.evaluation.questions import list_questions
from oversight.language import FactType, FactValue
from oversight.reference.periods import find_period
from oversight.rules.facts import read_facts
from oversight.rules.loading import Rule, answer_rule, compile_rule
from oversight.rules.moments import was_in_force
from oversight.rules.rule_book import load_rules, read_rule_book
from oversight.rules.schema import ShownBy
from oversight.rules.validity import Validity
from tests.examples import few_or_many
from tests.oversight.rules.drafts import LAW
from tests.oversight.rules.test_facts import make_public_ad

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = ["GR", "US", "AU", "SE", "XX"]
VALUES: dict[FactType, st.SearchStrategy[Any]] = {
    FactType.STRING: st.sampled_from(["Jo", "USD", "EUR", *PLACES]),
    FactType.STRINGS: st.lists(st.sampled_from(PLACES), max_size=3).map(tuple),
    FactType.BOOL: st.booleans(),
    FactType.INT: st.integers(0, 10_000),
    FactType.TIMESTAMP: st.datetimes(timezones=st.just(UTC)),
    FactType.DATE: st.datetimes(timezones=st.just(UTC)),
    # A range by itself never has a value: its bounds do.
    FactType.AMOUNT: st.just(MissingReason.NOT_DISCLOSED),
}
REASONS = st.sampled_from(MissingReason)


@cache
def load_shipped() -> list[Rule]:
    """The shipped rules, and one with an exception that the addressee has to show."""
    law = LAW.replace('ad.spend.under("50.00 EUR")', "ad.payer_address_given")
    written = YamlText("xx-named", law.encode())
    return [*load_rules(Settings()), compile_rule(written, None, Readings({}, []))]


@st.composite
def draw_facts(draw: st.DrawFn, rule: Rule) -> dict[str, FactValue]:
    kinds = rule.fact_types
    names = draw(st.sets(st.sampled_from(sorted(rule.fact_names))))
    return {name: draw(st.one_of(VALUES[kinds[name]], REASONS)) for name in sorted(names)}


def answer_from_trace(
    trace: Mapping[str, Any], to_show: set[str], *, in_force: bool | None, is_lacking: bool
) -> RuleAnswer:
    """The answer as the steps of every clause have it."""
    came_to = {name: step["outcome"] for name, step in trace["clauses"].items()}
    applies = came_to.pop("applies_when")
    is_forbidden = "forbids" in came_to
    duty = came_to.pop("forbids" if is_forbidden else "requires")
    if applies is False or in_force is False or True in came_to.values():
        return RuleAnswer.DOES_NOT_APPLY
    if is_lacking:
        return RuleAnswer.NOT_ASKED
    if duty is (not is_forbidden):
        return RuleAnswer.MET if applies and in_force else RuleAnswer.NO_BREACH_POSSIBLE
    exceptions = [outcome for name, outcome in came_to.items() if name not in to_show]
    is_sure = None not in {applies, in_force, duty, *exceptions}
    return RuleAnswer.NOT_MET if is_sure else RuleAnswer.CANNOT_TELL


@settings(max_examples=few_or_many(120, 400))
@given(st.data(), st.sampled_from(range(len(load_shipped()))), st.sampled_from([True, False, None]))
def test_an_answer_without_a_trace_is_the_answer_of_its_trace(
    data: st.DataObject, number: int, in_force: bool | None
) -> None:
    rule = load_shipped()[number]
    facts = data.draw(draw_facts(rule))
    outcome = answer_rule(rule, facts, in_force=in_force)
    given = [facts.get(name, MissingReason.NOT_PROVIDED) for name in rule.file.asks_where]
    is_lacking = any(value in set(MissingReason) - {MissingReason.NOT_DISCLOSED} for value in given)
    trace = outcome.as_trace()
    to_show = {f"unless {e.id}" for e in rule.file.unless if e.shown_by is ShownBy.ADDRESSEE}
    expected = answer_from_trace(trace, to_show, in_force=in_force, is_lacking=is_lacking)
    assert outcome.answer is expected
    assert (outcome.verdict.exemption is None) == (outcome.answer != RuleAnswer.DOES_NOT_APPLY)


TRI = st.sampled_from([True, False, None])


@settings(max_examples=few_or_many(120, 400))
@given(st.data(), st.sampled_from(range(len(load_shipped()))), TRI)
def test_no_breach_is_said_to_be_possible_where_the_unknown_could_not_make_one(
    data: st.DataObject, number: int, in_force: bool | None
) -> None:
    """Whatever is filled in for the unknown, a rule that said otherwise never becomes not met."""
    rule = load_shipped()[number]
    facts = data.draw(draw_facts(rule))
    kinds = rule.fact_types
    never_given = {MissingReason.NOT_PROVIDED, MissingReason.UNREADABLE}
    filled = dict(facts)
    for name in sorted(rule.fact_names):
        if facts.get(name, MissingReason.NOT_PROVIDED) in never_given:
            filled[name] = data.draw(VALUES[kinds[name]])
    told = answer_rule(rule, facts, in_force=in_force).answer
    later = answer_rule(rule, filled, in_force=True if in_force is None else in_force).answer
    if told in {RuleAnswer.MET, RuleAnswer.NO_BREACH_POSSIBLE, RuleAnswer.DOES_NOT_APPLY}:
        assert later is not RuleAnswer.NOT_MET


@pytest.mark.parametrize(
    ("days", "has_gb"),
    [
        ((date(2023, 5, 19), date(2023, 5, 20)), False),
        ((date(2020, 1, 30), date(2020, 1, 31)), True),
        ((date(2020, 1, 31), date(2020, 2, 1)), None),
        ((date(2012, 1, 1), date(2012, 1, 2)), None),
        (None, None),
    ],
)
def test_a_parameter_is_known_where_every_day_the_start_may_fall_on_has_the_same(
    days: tuple[date, date] | None, has_gb: bool | None
) -> None:
    rule = next(rule for rule in load_shipped() if "eu_member_states" in rule.parameters)
    value = rule.find_parameters(days)["p.eu_member_states"]
    assert (None if isinstance(value, MissingReason) else "GB" in set(value)) is has_gb


def test_a_day_of_a_zone_other_than_utc_has_the_value_of_both_its_utc_days() -> None:
    ad = make_public_ad(started_on=date(2023, 5, 20), day_zone="America/Los_Angeles")
    assert find_period(ad).start_days == (date(2023, 5, 20), date(2023, 5, 21))


def test_the_law_begins_with_the_day_of_its_own_zone() -> None:
    hour = datetime(2023, 3, 1, 3, tzinfo=UTC)
    period = find_period(make_public_ad(started_at=hour, ended_at=hour))
    validity = {"statuses": [{"from": "2023-03-01", "status": "in_force"}]}
    told = {
        zone: was_in_force(Validity.model_validate(validity | {"zone": zone}), period)
        for zone in ("UTC", "America/New_York", "Australia/Sydney")
    }
    assert told == {"UTC": True, "America/New_York": False, "Australia/Sydney": True}
    with pytest.raises(ValidationError, match="not a time zone"):
        Validity.model_validate(validity | {"zone": "Mars/Olympus"})


DAYS = st.one_of(st.none(), st.dates(date(2014, 1, 1), date(2026, 12, 31)))
ADS = st.builds(
    make_public_ad,
    declared_political=st.sampled_from([True, False, None]),
    countries=st.lists(st.sampled_from(PLACES), max_size=2),
    payer_name=st.sampled_from(["Jo", None]),
    sponsor_name=st.sampled_from(["Jo", None]),
    currency=st.sampled_from(["USD", "CAD", None]),
    started_on=DAYS,
    ended_on=DAYS,
    day_zone=st.just("Europe/Athens"),
    missing=st.dictionaries(
        st.sampled_from(["payer_name", "sponsor_name", "countries", "currency"]), REASONS
    ),
)


@settings(max_examples=few_or_many(60, 200))
@given(ADS)
def test_what_is_ruled_out_early_is_not_about_the_ad_with_all_facts_either(ad: PublicAd) -> None:
    questions = list_questions(load_shipped(), read_rule_book(Settings()).elections, NOW)
    evaluated = evaluate_ad(ad, questions)
    told = {(j.question.rule.id, j.question.election_id): j.outcome.counted_as for j in evaluated}
    period, expected = find_period(ad), {}
    for q in questions.asked:
        facts = {**read_facts(ad), **q.facts, **q.rule.find_parameters(period.start_days)}
        if q.window:
            asked = ("overlaps", "contains", "contains_start")
            names = ("window.overlaps", "window.inside", "window.starts_inside")
            found = [getattr(q.window, name)(period) for name in asked]
            facts |= {n: v for n, v in zip(names, found, strict=True) if v is not None}
        in_force = was_in_force(q.rule.file.validity, period)
        answer = answer_rule(q.rule, facts, in_force=in_force).counted_as
        expected[q.rule.id, q.election_id] = answer
    assert told == {k: v for k, v in expected.items() if v != Exemption.NOT_ABOUT_IT}
