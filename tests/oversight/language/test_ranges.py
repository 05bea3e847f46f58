"""Ranges held against a figure: as a plain reckoning over their ends says, and as the CEL runtime says."""

import operator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight.language import (
    Facts,
    FactType,
    FactValue,
    RuleSyntaxError,
    compile_node,
    parse_expression,
)
from oversight.language.parse import find_misuses
from oversight.language.writing import write_out
from tests.examples import few_or_many
from tests.oversight.language.test_oracle import ask_oracle

FACTS = {
    "ad.spend": FactType.AMOUNT,
    "ad.spend_lower_minor": FactType.INT,
    "ad.spend_upper_minor": FactType.INT,
    "ad.currency": FactType.STRING,
    "ad.text": FactType.STRING,
    "ad.reach": FactType.COUNT,
    "ad.reach_lower": FactType.INT,
    "ad.reach_upper": FactType.INT,
    "p.cap": FactType.INT,
    "p.limit_minor": FactType.INT,
    "p.limit_currency": FactType.STRING,
}
HOW = {
    "at_least": operator.ge,
    "over": operator.gt,
    "at_most": operator.le,
    "under": operator.lt,
}
ENDS = st.one_of(st.none(), st.integers(0, 12))


def reckon(how: str, lower: int | None, upper: int | None, figure: int) -> bool | None:
    """What is so at both ends of a range is so everywhere in it."""
    least = float("-inf") if lower is None else lower
    most = float("inf") if upper is None else upper
    told = {HOW[how](least, figure), HOW[how](most, figure)}
    return told.pop() if len(told) == 1 else None


@st.composite
def draw_ranges(draw: st.DrawFn) -> tuple[int | None, int | None]:
    lower, upper = draw(ENDS), draw(ENDS)
    return (lower, upper) if lower is None or upper is None or lower <= upper else (upper, lower)


def answer(text: str, facts: Facts) -> bool | None:
    return compile_node(parse_expression(text, FACTS)).answer(facts)


def give(**values: Any) -> dict[str, FactValue]:
    return {f"ad.{name}": value for name, value in values.items() if value is not None}


@settings(max_examples=few_or_many(200, 1_000))
@given(draw_ranges(), st.integers(0, 12), st.sampled_from([*HOW]), st.booleans())
def test_a_range_is_compared_as_all_it_may_be(
    ends: tuple[int | None, int | None], figure: int, how: str, negate: bool
) -> None:
    lower, upper = ends
    text = f"{'!' if negate else ''}ad.reach.{how}({figure})"
    facts = give(reach_lower=lower, reach_upper=upper)
    told, expected = answer(text, facts), reckon(how, lower, upper, figure)
    assert told is (expected if expected is None or not negate else not expected)
    assert ask_oracle(write_out(text, FACTS).cel, facts) is told


@settings(max_examples=few_or_many(200, 1_000))
@given(
    draw_ranges(),
    st.integers(0, 12),
    st.sampled_from([*HOW]),
    st.sampled_from(["CAD", "USD", "", None]),
)
def test_money_is_compared_in_its_own_currency_only(
    ends: tuple[int | None, int | None], figure: int, how: str, currency: str | None
) -> None:
    lower, upper = ends
    text = f'ad.spend.{how}("0.{figure:02} CAD")'
    facts = give(spend_lower_minor=lower, spend_upper_minor=upper, currency=currency)
    told = answer(text, facts)
    assert told is (reckon(how, lower, upper, figure) if currency == "CAD" else None)
    assert ask_oracle(write_out(text, FACTS).cel, facts) is told


@settings(max_examples=few_or_many(50))
@given(draw_ranges(), st.one_of(st.none(), st.integers(0, 12)), st.sampled_from([*HOW]))
def test_a_figure_may_be_a_parameter(
    ends: tuple[int | None, int | None], figure: int | None, how: str
) -> None:
    lower, upper = ends
    facts = give(spend_lower_minor=lower, spend_upper_minor=upper, currency="JPY")
    if figure is not None:
        facts["p.cap"] = figure
    expected = None if figure is None else reckon(how, lower, upper, figure)
    assert answer(f'ad.spend.{how}(p.cap, "JPY")', facts) is expected


@settings(max_examples=few_or_many(50))
@given(draw_ranges(), st.integers(0, 12), st.sampled_from([*HOW]), st.sampled_from(["JPY", "USD"]))
def test_a_parameter_that_is_money_brings_its_currency(
    ends: tuple[int | None, int | None], figure: int, how: str, currency: str
) -> None:
    lower, upper = ends
    facts = give(spend_lower_minor=lower, spend_upper_minor=upper, currency="JPY")
    facts |= {"p.limit_minor": figure, "p.limit_currency": currency}
    told = answer(f"ad.spend.{how}(p.limit)", facts)
    assert told is (reckon(how, lower, upper, figure) if currency == "JPY" else None)


def test_an_amount_is_read_by_the_decimals_of_its_currency() -> None:
    for written, minor in (("500 JPY", 500), ("500 CAD", 50_000), ("500.125 KWD", 500_125)):
        facts = give(spend_lower_minor=minor, spend_upper_minor=minor, currency=written[-3:])
        assert answer(f"ad.spend.at_least('{written}')", facts) is True
        assert answer(f"ad.spend.over('{written}')", facts) is False


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        ("ad.spend.over(500)", 1, "an amount has its currency"),
        ('ad.spend.over("500")', 1, "an amount has its currency"),
        ('ad.spend.over("5.001 CAD")', 1, "more decimals"),
        ('ad.spend.over("5 EURO")', 1, "an amount has its currency"),
        ('ad.spend.over("5 XQQ")', 1, "not an ISO 4217"),
        ('ad.reach.over("5 EUR")', 1, "a count has no currency"),
        ('ad.spend.over("1,500 EUR")', 1, "no other sign than a point before its decimals"),
        ("ad.spend.over(p.cap)", 1, "write params: [limit] for a parameter of type money"),
        (f'ad.spend.over("{"9" * 20} CAD")', 1, "the number is too large"),
        ("ad.text.over(5)", 1, "over() is for ad.spend, ad.reach"),
        ('ad.spend.over("5 CAD") && ad.text / 2 == 1', 35, "/ does not go with a text"),
    ],
)
def test_a_range_that_is_compared_otherwise_is_refused(text: str, column: int, why: str) -> None:
    with pytest.raises(RuleSyntaxError) as refused:
        parse_expression(text, FACTS)
    assert why in refused.value.why
    assert (refused.value.line, refused.value.column) == (1, column)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("ad.spend_lower_minor > 5", [1]),
        ("ad.text == 'ad.spend' && ad.reach_upper < 3", [26]),
        ("ad.spend || !ad.reach", [1, 14]),
        ("known(ad.text) && has(ad.reach_lower)", [1, 19, 23]),
        ('ad.spend.over("5 CAD") // known(ad.text)', []),
    ],
)
def test_bare_bounds_and_knowledge_as_a_ground_are_not_for_new_rules(
    text: str, columns: list[int]
) -> None:
    parse_expression(text, FACTS)
    assert [column for _, column, _ in find_misuses(text, FACTS)] == columns


def test_all_slips_of_a_condition_are_told_at_once_with_what_to_write() -> None:
    text = 'ad.txt = "a = b and c" and not ad.spend.over(5)\n  || ad.text == null'
    with pytest.raises(RuleSyntaxError) as refused:
        parse_expression(text, FACTS)
    told = [(line, column, why[:30]) for line, column, why in refused.value.faults]
    assert told == [
        (1, 3, "undefined field: there is no f"),
        (1, 8, "write == instead of ="),
        (1, 24, "write && instead of and"),
        (1, 28, "write ! instead of not"),
        (1, 32, "an amount has its currency, an"),
        (2, 17, "there is no null: size(f) == 0"),
    ]
