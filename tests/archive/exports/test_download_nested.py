"""Rows on their way out: the text that a database keeps leaves as the nested value itself would."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.exports.rows import load_json, spell_each, spell_json
from archive.records.canonical import canonical_json

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers() | st.sampled_from([2**63, -(2**63) - 1, 2**64, 10**30])
LEAVES = st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False)
NESTED = st.recursive(
    LEAVES | WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=20
)


@given(NESTED.filter(lambda value: value is not None), st.booleans())
def test_a_kept_text_is_spelled_as_its_value_however_it_was_written(value, is_ascii):
    spelled = canonical_json(value).decode()
    assert spell_json(json.dumps(value, ensure_ascii=is_ascii, indent=1)) == spelled
    assert spell_json(spelled) == spelled


@given(NESTED)
def test_a_kept_text_is_read_without_loss(value):
    assert load_json(canonical_json(value).decode()) == value


@pytest.mark.parametrize("nothing", [None, "null"])
def test_nothing_is_unknown(nothing):
    assert spell_json(nothing) is None


def test_a_value_that_was_never_kept_is_spelled_too():
    assert spell_json({"b": [1], "a": "x"}) == '{"a":"x","b":[1]}'


def test_a_value_that_stands_in_many_rows_is_spelled_once():
    asked = []
    spelled = spell_each(["[1]", "[2]", "[1]"], lambda value: asked.append(value) or f"{value}!")
    assert list(spelled) == ["[1]!", "[2]!", "[1]!"]
    assert sorted(asked) == ["[1]", "[2]"]


def test_numbers_that_are_equal_and_written_differently_are_spelled_each():
    assert list(spell_each([1, 1.0, True], repr, by_value=False)) == ["1", "1.0", "True"]


def test_values_without_a_hash_are_spelled_each():
    assert list(spell_each([{"b": 1}, {"a": 2}], spell_json)) == ['{"b":1}', '{"a":2}']
