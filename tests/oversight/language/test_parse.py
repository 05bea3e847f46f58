"""Reading conditions: what is of the language, what is refused, and where."""

import pytest

from oversight.language import FactType, RuleSyntaxError, parse_expression
from oversight.language.ast import And, Compare, Fact, Has, Literal
from oversight.language.parse import MAX_LENGTH

FACTS = {
    "ad.text": FactType.STRING,
    "ad.payer": FactType.STRING,
    "ad.views": FactType.INT,
    "ad.political": FactType.BOOL,
    "ad.countries": FactType.STRINGS,
    "ad.started_at": FactType.TIMESTAMP,
    "ad.started_on": FactType.DATE,
    "p.states": FactType.STRINGS,
}


def test_known_reads_as_has() -> None:
    node = parse_expression("known(ad.payer)", FACTS)
    assert node == Has(Fact("ad.payer", FactType.STRING))
    assert node == parse_expression("has(ad.payer)", FACTS)


@pytest.mark.parametrize(
    "quoted", ['"known(ad)"', "'known(ad)'", '"""known(ad)"""', 'r"known(ad)"', "'''known(ad)'''"]
)
def test_known_inside_a_quotation_is_left_alone(quoted: str) -> None:
    node = parse_expression(f"ad.text == {quoted}", FACTS)
    assert isinstance(node, Compare)
    assert node.right == Literal("known(ad)")


def test_known_after_a_comment_with_an_apostrophe_is_still_read() -> None:
    node = parse_expression("// don't ask\nknown(ad.payer) && ad.text != 'x'", FACTS)
    assert isinstance(node, And)
    assert node.left == Has(Fact("ad.payer", FactType.STRING))


def test_known_keeps_the_column_of_what_follows() -> None:
    with pytest.raises(RuleSyntaxError) as refused:
        parse_expression("known(ad.payer) && ad.views / 2 == 1", FACTS)
    assert (refused.value.line, refused.value.column) == (1, 29)


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("ad.views / 2 == 1", 1, 10, "division"),
        ("ad.political\n  && ad.views % 2 == 1", 2, 15, "remainder"),
        ('"é选🗳️" == ad.text && ad.views / 2 == 1', 1, 31, "division"),
        ('ad.text < "m"', 1, 9, "alphabets"),
        ("ad.countries == ad.countries", 1, 14, "alphabets"),
        ('ad.text + "x" == "yx"', 1, 9, "whole numbers"),
        ('ad.text.contains("")', 1, 17, "not empty"),
        ("ad.text.contains(ad.payer)", 1, 17, "in quotes"),
        ('ad.text.matches("(")', 1, 16, "RE2"),
        ('ad.text.matches("(?=x)")', 1, 16, "RE2"),
        ("ad.countries.map(c, c) == []", 1, 17, "only exists() and all()"),
        ("ad.countries.filter(c, true) == []", 1, 20, "only exists() and all()"),
        ('ad.countries.exists_one(c, c == "x")', 1, 24, "only exists() and all()"),
        ("ad.countries.exists(c, ad.countries.all(d, d == c))", 1, 40, "inside one another"),
        ('["a"].exists(c, c == ad.text)', 1, 1, "lists"),
        ('ad.countries[0] == "US"', 1, 13, "position"),
        ('ad.text in ["a", ad.payer]', 1, 9, "plain values"),
        ('ad.started_at > timestamp("2023-05-21T04:00:00+03:00")', 1, 26, "in UTC"),
        ('ad.started_at > timestamp("20230521T040000Z")', 1, 26, "in UTC"),
        ('ad.started_at > timestamp("2023-05-32T04:00:00Z")', 1, 26, "day is out of range"),
        ('ad.started_at - ad.started_on > duration("1h30m")', 1, 41, "one unit"),
        ("ad.started_at > timestamp(ad.text)", 1, 26, "in quotes"),
        ("ad.views > 1.5", 1, 10, "decimals"),
        ("ad == ad", 1, 1, "group of facts"),
        ("ad.colour == 'red'", 1, 3, "there is no fact ad.colour"),
        ("ad.views", 1, 1, "true or false"),
        ("1 == 1", 1, 1, "looks at no fact"),
        ("ad.political &&", 1, 16, "ends too early"),
    ],
)
def test_what_is_outside_the_profile_is_refused_with_its_place(
    text: str, line: int, column: int, why: str
) -> None:
    with pytest.raises(RuleSyntaxError) as refused:
        parse_expression(text, FACTS)
    assert why in refused.value.why
    assert (refused.value.line, refused.value.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('ad.countries == "GR"', 'write "XX" in ad.countries'),
        ('ad.countries.contains("GR")', 'write "XX" in ad.countries'),
        ("ad.payer is not empty", "write != instead of is not"),
        ("ad.payer is not empty", "there is no empty: size(f) == 0"),
        ('!ad.payer == "Jo"', "write != or !(a == b)"),
        ("p.cap > 3", "write params: [cap]"),
        ("register.xx_parties_lists_payer", "write registers: [xx_parties]"),
        ("window.overlaps", "write window:"),
    ],
)
def test_a_slip_says_what_to_write(text: str, told: str) -> None:
    with pytest.raises(RuleSyntaxError) as refused:
        parse_expression(text, FACTS)
    assert [why for _, _, why in refused.value.faults if told in why]


def test_long_conditions_are_refused() -> None:
    padding = " " * (MAX_LENGTH - len("ad.political"))
    assert parse_expression("ad.political" + padding, FACTS)
    with pytest.raises(RuleSyntaxError, match="longer than"):
        parse_expression("ad.political " + padding, FACTS)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 400 + "ad.political" + ")" * 400,
        "!(" * 100 + "ad.political" + " && ad.political)" * 100,
        "ad.views" + " + ad.views" * 300 + " > 1",
    ],
)
def test_deep_conditions_are_refused(text: str) -> None:
    with pytest.raises(RuleSyntaxError, match=r"deep|recursion"):
        parse_expression(text, FACTS)
