"""From a tree to something that evaluates it on the facts of one ad.

`compile_node` is called once a rule; its closure is called once an ad. `None` stands for unknown.
Whole numbers outside 64 bits are unknown, as CEL makes them an error.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import re2

from archive.records import MissingReason
from oversight.language.ast import (
    And,
    Choice,
    Compare,
    Comparison,
    Fact,
    ForItems,
    Has,
    InList,
    Item,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
    Quantifier,
    Reckon,
    SearchText,
    Size,
    Sum,
    TextTest,
    list_children,
)
from oversight.language.render import render_node
from oversight.language.values import EMPTY, Facts, FactValue, Value

Evaluate = Callable[[Facts, Value | None], Value | None]
"""Facts, and the list item at hand inside `exists` or `all`, to a value or `None` for unknown."""

Combine = Callable[..., Value | None]
"""What the parts came to, to what the whole comes to; it is told of every part."""

INT64 = range(-(2**63), 2**63)

COMPARE: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.DIFFERENT: operator.ne,
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.MORE: operator.gt,
    Comparison.AT_LEAST: operator.ge,
}
RECKON: dict[Sum, Callable[[Any, Any], Any]] = {
    Sum.ADD: operator.add,
    Sum.SUBTRACT: operator.sub,
    Sum.MULTIPLY: operator.mul,
}


@dataclass(frozen=True)
class Closure:
    """A node made ready to evaluate, with its parts in written order."""

    node: Node
    evaluate: Evaluate
    parts: tuple["Closure", ...]
    combine: Combine | None = None
    """The same as `evaluate` for who has evaluated the parts; `None`: it takes facts or items of a list."""

    @cached_property
    def text(self) -> str:
        """The node written out."""
        return render_node(self.node)

    @cached_property
    def fact(self) -> str | None:
        """Name of the fact that it reads and does no more."""
        fact = self.node.fact if isinstance(self.node, Has) else self.node
        return fact.name if isinstance(fact, Fact) else None

    def answer(self, facts: Facts) -> bool | None:
        """What a whole condition comes to; `None` is unknown."""
        value = self.evaluate(facts, None)
        return value if isinstance(value, bool) else None

    def list_conjuncts(self) -> list["Closure"]:
        """The conditions that must all hold for this one to hold; itself, if it is no `&&`."""
        if not isinstance(self.node, And):
            return [self]
        return [one for part in self.parts for one in part.list_conjuncts()]


def compile_node(node: Node) -> Closure:
    """Make a tree ready to evaluate."""
    parts = tuple(compile_node(child) for child in list_children(node))
    evaluate, combine = MAKE[type(node)](node, *(part.evaluate for part in parts))
    return Closure(node, evaluate, parts, combine)


def join_closures(closures: Sequence[Closure]) -> Closure | None:
    """One condition that comes to what all of them come to together; `None`: there are none."""
    nodes = [closure.node for closure in closures]
    return compile_node(reduce(And, nodes)) if nodes else None


def read_fact(facts: Facts, name: str) -> FactValue:
    """A fact's value, or why it has none."""
    return facts.get(name, MissingReason.NOT_PROVIDED)


Ways = tuple[Evaluate, Combine | None]


def _read_fact(node: Fact) -> Ways:
    name, blank = node.name, EMPTY.get(node.type)

    def evaluate(facts: Facts, _item: Value | None) -> Value | None:
        value = facts.get(name)
        if value.__class__ is MissingReason:
            return blank if value is MissingReason.NOT_DISCLOSED else None
        return value

    return evaluate, None


def _ask_has(node: Has) -> Ways:
    name = node.fact.name
    return lambda facts, _item: not isinstance(read_fact(facts, name), MissingReason), None


def _choose(_node: Choice, condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Ways:
    def evaluate(facts: Facts, item: Value | None) -> Value | None:
        chosen = condition(facts, item)
        if chosen is None:
            return None
        return (then if chosen else otherwise)(facts, item)

    return evaluate, lambda chosen, one, other: None if chosen is None else one if chosen else other


def _reckon(node: Reckon, left: Evaluate, right: Evaluate) -> Ways:
    reckon = RECKON[node.how]

    def within_bounds(one: Any, other: Any) -> Value | None:  # noqa: ANN401 (numbers or times, as checked)
        result: Value = reckon(one, other)
        return result if not isinstance(result, int) or result in INT64 else None

    return _when_both_known(within_bounds, left, right)


def _find_one(node: OneOf, part: Evaluate) -> Ways:
    options = frozenset(option.value for option in node.options)
    return _when_known(lambda value: value in options, part)


def _search(node: SearchText, part: Evaluate) -> Ways:
    needle = node.needle
    if node.how is TextTest.MATCHES:
        search = re2.compile(needle).search
        return _when_known(lambda text: search(text) is not None, part)
    tests: dict[TextTest, Callable[[Any], bool]] = {
        TextTest.CONTAINS: lambda text: needle in text,
        TextTest.STARTS_WITH: lambda text: text.startswith(needle),
        TextTest.ENDS_WITH: lambda text: text.endswith(needle),
    }
    return _when_known(tests[node.how], part)


def _ask_items(node: ForItems, source: Evaluate, test: Evaluate) -> Ways:
    by = node.how is Quantifier.SOME

    def evaluate(facts: Facts, _item: Value | None) -> Value | None:
        items: Any = source(facts, None)
        if items is None:
            return None
        results = [test(facts, item) for item in items]
        return by if by in results else None if None in results else not by

    return evaluate, None


def _decide_early(left: Evaluate, right: Evaluate, *, by: bool) -> Ways:
    """Kleene's and (decided by false) and or (decided by true)."""

    def evaluate(facts: Facts, item: Value | None) -> Value | None:
        first = left(facts, item)
        if first is by:
            return by
        return combine(first, right(facts, item))

    def combine(first: Value | None, second: Value | None) -> Value | None:
        if first is by or second is by:
            return by
        return None if first is None or second is None else not by

    return evaluate, combine


def _when_known(apply: Callable[[Any], Value], part: Evaluate) -> Ways:
    def evaluate(facts: Facts, item: Value | None) -> Value | None:
        value = part(facts, item)
        return None if value is None else apply(value)

    return evaluate, lambda value: None if value is None else apply(value)


def _when_both_known(
    apply: Callable[[Any, Any], Value | None], left: Evaluate, right: Evaluate
) -> Ways:
    def combine(first: Value | None, second: Value | None) -> Value | None:
        return None if first is None or second is None else apply(first, second)

    def evaluate(facts: Facts, item: Value | None) -> Value | None:
        first = left(facts, item)
        second = right(facts, item)
        return None if first is None or second is None else apply(first, second)

    return evaluate, combine


MAKE: dict[type, Callable[..., Ways]] = {
    Literal: lambda node: (lambda _facts, _item: node.value, None),
    Item: lambda _node: (lambda _facts, item: item, None),
    Fact: _read_fact,
    Has: _ask_has,
    Not: lambda _node, part: _when_known(operator.not_, part),
    And: lambda _node, left, right: _decide_early(left, right, by=False),
    Or: lambda _node, left, right: _decide_early(left, right, by=True),
    Choice: _choose,
    Compare: lambda node, left, right: _when_both_known(COMPARE[node.how], left, right),
    Reckon: _reckon,
    OneOf: _find_one,
    InList: lambda _node, item, source: _when_both_known(
        lambda value, listed: value in listed, item, source
    ),
    SearchText: _search,
    Size: lambda _node, part: _when_known(len, part),
    ForItems: _ask_items,
}
"""How what evaluates a node is made of what evaluates its parts, in written order."""
