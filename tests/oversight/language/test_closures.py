"""Evaluating conditions: three values, blank fields, and the steps that explain an answer."""

from datetime import UTC, datetime

import pytest

from archive.records import MissingReason
from oversight.language import Facts, FactType, compile_node, parse_expression, trace_closure

FACTS = {
    "ad.text": FactType.STRING,
    "ad.views": FactType.INT,
    "ad.political": FactType.BOOL,
    "ad.countries": FactType.STRINGS,
    "ad.started_at": FactType.TIMESTAMP,
    "p.states": FactType.STRINGS,
}
BLANK = MissingReason.NOT_DISCLOSED
UNKNOWN = [reason for reason in MissingReason if reason is not BLANK]


def answer(text: str, facts: Facts) -> bool | None:
    return compile_node(parse_expression(text, FACTS)).answer(facts)


@pytest.mark.parametrize("reason", UNKNOWN)
@pytest.mark.parametrize(
    "text",
    [
        'ad.text == ""',
        "size(ad.text) == 0",
        'ad.text.contains("x")',
        'ad.text in ["x"]',
        'ad.text in ad.countries || ad.text == "x"',
        "ad.political",
        "!ad.political",
        "ad.views > 0",
        "ad.views * 0 == 0",
        'ad.countries.all(c, c == "US")',
        'ad.started_at > timestamp("2023-01-01T00:00:00Z")',
    ],
)
def test_a_missing_fact_makes_what_uses_it_unknown(text: str, reason: MissingReason) -> None:
    facts = dict.fromkeys(FACTS, reason)
    assert answer(text, facts) is None


def test_a_fact_that_is_left_out_is_unknown() -> None:
    assert answer("ad.political", {}) is None


@pytest.mark.parametrize("reason", MissingReason)
def test_has_is_false_for_every_reason(reason: MissingReason) -> None:
    assert answer("has(ad.text)", {"ad.text": reason}) is False
    assert answer("has(ad.text)", {"ad.text": ""}) is True


def test_a_blank_text_or_list_is_known_to_be_empty() -> None:
    facts = {"ad.text": BLANK, "ad.countries": BLANK}
    assert answer("size(ad.text) == 0", facts) is True
    assert answer('ad.text.contains("x")', facts) is False
    assert answer('"US" in ad.countries', facts) is False
    assert answer('ad.countries.all(c, c == "US")', facts) is True


@pytest.mark.parametrize("text", ["ad.political", "ad.views > 0", "ad.started_at == ad.started_at"])
def test_a_blank_number_time_or_yes_is_unknown(text: str) -> None:
    assert answer(text, dict.fromkeys(FACTS, BLANK)) is None


VALUES = {True: True, False: False, None: MissingReason.NOT_PROVIDED}


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_and_and_or_are_kleenes(left: bool | None, right: bool | None) -> None:
    facts = {"ad.political": VALUES[left], "ad.countries": ("US",) if right else ()}
    if right is None:
        facts["ad.countries"] = MissingReason.NOT_PROVIDED
    ranks = {False: 0, None: 1, True: 2}
    both, either = sorted((left, right), key=ranks.__getitem__)
    for a, b in (
        ("ad.political", '"US" in ad.countries'),
        ('"US" in ad.countries', "ad.political"),
    ):
        assert answer(f"{a} && {b}", facts) is both
        assert answer(f"{a} || {b}", facts) is either


def test_a_choice_with_an_unknown_condition_is_unknown() -> None:
    assert answer('ad.political ? ad.text == "x" : ad.text == "x"', {"ad.text": "x"}) is None
    facts = {"ad.political": False, "ad.text": "x"}
    assert answer('ad.political ? ad.views > 1 : ad.text == "x"', facts) is True


def test_some_and_all_pass_over_unknown_items_only_if_another_decides() -> None:
    facts: Facts = {"ad.countries": ("US", "GR")}
    assert answer('ad.countries.exists(c, c == "GR" || c in p.states)', facts) is True
    assert answer('ad.countries.exists(c, c == "XX" || c in p.states)', facts) is None
    assert answer('ad.countries.all(c, c == "US" && c in p.states)', facts) is False
    assert answer("ad.countries.all(c, size(c) == 2)", facts) is True


def test_numbers_beyond_64_bits_are_unknown() -> None:
    assert answer("ad.views * ad.views > 0", {"ad.views": 2**40}) is None
    assert answer("ad.views + 1 > 0", {"ad.views": 2**40}) is True


def test_size_counts_code_points() -> None:
    assert answer("size(ad.text) == 2", {"ad.text": "选🗳"}) is True


def test_the_time_between_two_times_compares_with_a_duration() -> None:
    facts = {"ad.started_at": datetime(2023, 5, 21, tzinfo=UTC)}
    text = 'timestamp("2023-05-24T00:00:01Z") - ad.started_at > duration("72h")'
    assert answer(text, facts) is True


def test_a_trace_names_only_the_facts_that_decided() -> None:
    closure = compile_node(
        parse_expression('ad.political && (size(ad.text) > 0 || "US" in ad.countries)', FACTS)
    )
    facts: Facts = {"ad.political": True, "ad.text": BLANK, "ad.countries": ("US",)}
    step = trace_closure(closure, facts)
    assert step.outcome is True
    assert step.list_deciding_facts() == ["ad.political", "ad.countries"]


def test_a_trace_of_an_unknown_names_what_is_missing_and_why() -> None:
    closure = compile_node(parse_expression('ad.political && ad.text == "x"', FACTS))
    facts = {"ad.political": True, "ad.text": MissingReason.UNREADABLE}
    step = trace_closure(closure, facts)
    assert step.outcome is None
    assert step.list_deciding_facts() == ["ad.text"]
    assert step.as_json()["steps"][1] == {
        "text": 'ad.text == "x"',
        "outcome": None,
        "decisive": True,
        "steps": [
            {
                "text": "ad.text",
                "outcome": None,
                "decisive": True,
                "fact": "ad.text",
                "missing": "unreadable",
            },
            {"text": '"x"', "outcome": "x", "decisive": True},
        ],
    }


def test_a_trace_shows_the_items_of_a_list_one_by_one() -> None:
    closure = compile_node(parse_expression("ad.countries.exists(c, c in p.states)", FACTS))
    facts: Facts = {"ad.countries": ("US", "GR"), "p.states": ("GR",)}
    step = trace_closure(closure, facts)
    assert [(s.outcome, s.decisive) for s in step.steps[1:]] == [(False, False), (True, True)]
    assert step.list_deciding_facts() == ["ad.countries", "p.states"]


def test_a_trace_reads_each_fact_once_for_itself_and_once_for_its_reason_however_deep() -> None:
    class Counted(dict):
        reads = 0

        def get(self, *asked):
            self.reads += 1
            return super().get(*asked)

    count = 20
    for joined in (" || ", " && ", " == "):
        closure = compile_node(parse_expression(joined.join(["(ad.views > 7)"] * count), FACTS))
        facts = Counted({"ad.views": 7})
        trace_closure(closure, facts)
        assert facts.reads == 2 * count


def test_a_hostile_pattern_costs_no_time() -> None:
    facts = {"ad.text": "a" * 50_000 + "b"}
    assert answer('ad.text.matches("^(a+)+$")', facts) is False
