"""Our closures against the official CEL runtime, over generated conditions and facts.

Wherever every fact has a value or is simply missing, both must say the same: true, false, or nothing
(CEL: an error). Blank fields are ours alone and tested elsewhere.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from cel_expr_python import cel
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from oversight.language import FactType, FactValue, compile_node, parse_expression, trace_closure
from oversight.language.render import render_node
from tests.examples import few_or_many

FACTS = {
    f"ad.{letter}{number}": kind
    for letter, kind in zip(
        "sibtl",
        (FactType.STRING, FactType.INT, FactType.BOOL, FactType.TIMESTAMP, FactType.STRINGS),
        strict=True,
    )
    for number in (1, 2)
}
BY_TYPE = {
    kind: st.sampled_from([name for name, other in FACTS.items() if other is kind])
    for kind in set(FACTS.values())
}
WORDS = st.sampled_from(
    [
        "",
        "a",
        "A",
        "fraud",
        "Straße",
        "e\u0301",
        "选举",
        "🗳️",
        "O'Neil",
        "\\",
        "%_",
        '"',
        "İ",
        "\t\n",
    ]
)
NEEDLES = WORDS.filter(bool)
NUMBERS = st.sampled_from([0, 1, -1, 18, 999, 2**40, 2**62, -(2**62)])
TIMES = st.integers(0, 800).map(lambda days: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days))
PATTERNS = st.sampled_from(["fra.d", "(?i)FRAUD", "^a", "d$", "(a|b)+", "\\\\w+", "选.?举"])
VALUES = {
    FactType.STRING: st.lists(WORDS, max_size=3).map("".join),
    FactType.INT: NUMBERS,
    FactType.BOOL: st.booleans(),
    FactType.TIMESTAMP: TIMES,
    FactType.STRINGS: st.lists(WORDS, max_size=3).map(tuple),
}


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def fill(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda filled: template.format(*filled))


TEXT, LIST = BY_TYPE[FactType.STRING], BY_TYPE[FactType.STRINGS]
INT, TIME, BOOL = BY_TYPE[FactType.INT], BY_TYPE[FactType.TIMESTAMP], BY_TYPE[FactType.BOOL]
QUOTED, NEEDLE = WORDS.map(quote), NEEDLES.map(quote)
EQUALS, ORDERS = st.sampled_from(["==", "!="]), st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
WRITTEN_INT = NUMBERS.map(str)
REACHED = st.one_of(INT, WRITTEN_INT, fill("size({})", TEXT), fill("size({})", LIST))
SUMS = st.one_of(REACHED, fill("({} {} {})", REACHED, st.sampled_from(["+", "-", "*"]), REACHED))
WRITTEN_TIME = TIMES.map(lambda at: f'timestamp("{at:%Y-%m-%dT%H:%M:%SZ}")')
SEARCHES = st.sampled_from(["contains", "startsWith", "endsWith"])
QUANTIFIERS = st.sampled_from(["exists", "all"])
ITEM_TESTS = st.one_of(
    fill("z {} {}", EQUALS, QUOTED),
    fill("z.{}({}) || z == {}", SEARCHES, NEEDLE, TEXT),
    fill("size(z) > 1 && z in {}", LIST),
)
LEAVES = st.one_of(
    BOOL,
    fill("has({})", st.sampled_from(list(FACTS))),
    fill("{} {} {}", TEXT, EQUALS, QUOTED),
    fill("{}.{}({})", TEXT, SEARCHES, NEEDLE),
    fill("{}.matches({})", TEXT, PATTERNS.map(lambda p: f'"{p}"')),
    fill("{} in [{}, {}]", TEXT, QUOTED, QUOTED),
    fill("{} in []", TEXT),
    fill("{} in [{}]", INT, WRITTEN_INT),
    fill("{} in {}", st.one_of(TEXT, QUOTED), LIST),
    fill("{} {} {}", SUMS, ORDERS, SUMS),
    fill("{} {} {}", TIME, ORDERS, st.one_of(TIME, WRITTEN_TIME)),
    fill('{} - {} > duration("{}h")', TIME, TIME, st.integers(0, 9999).map(str)),
    fill("{}.{}(z, {})", LIST, QUANTIFIERS, ITEM_TESTS),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        fill("({} {} {})", inner, st.sampled_from(["&&", "||"]), inner),
        fill("!({})", inner),
        fill("({} ? {} : {})", inner, inner, inner),
    ),
    max_leaves=6,
)
KNOWN_FACTS = st.fixed_dictionaries(
    {}, optional={name: VALUES[kind] for name, kind in FACTS.items()}
)
ORACLE = cel.NewEnv(variables={"ad": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})


def ask_oracle(text: str, facts: dict[str, FactValue]) -> bool | None:
    values = {name.removeprefix("ad."): _as_cel(value) for name, value in facts.items()}
    result = ORACLE.compile(text).eval(ORACLE.Activation(data={"ad": values}))
    return result.value() if result.type() == cel.Type.BOOL else None


def _as_cel(value: FactValue) -> Any:
    if isinstance(value, datetime):
        stamp = Timestamp()
        stamp.FromDatetime(value.replace(tzinfo=None))
        return stamp
    return list(value) if isinstance(value, tuple) else value


@settings(max_examples=few_or_many(400, 1_000))
@given(CONDITIONS.filter(lambda text: "ad." in text), KNOWN_FACTS)
def test_closures_say_what_cel_says(text: str, facts: dict[str, FactValue]) -> None:
    assert compile_node(parse_expression(text, FACTS)).answer(facts) is ask_oracle(text, facts)


@settings(max_examples=few_or_many(150))
@given(CONDITIONS.filter(lambda text: "ad." in text), KNOWN_FACTS)
def test_a_trace_comes_to_what_the_closure_says(text: str, facts: dict[str, FactValue]) -> None:
    closure = compile_node(parse_expression(text, FACTS))
    assert trace_closure(closure, facts).outcome is closure.answer(facts)


@settings(max_examples=few_or_many(150))
@given(CONDITIONS.filter(lambda text: "ad." in text))
def test_a_tree_written_out_reads_as_the_same_tree(text: str) -> None:
    node = parse_expression(text, FACTS)
    assert parse_expression(render_node(node), FACTS) == node
