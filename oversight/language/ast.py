"""The typed tree of a rule's condition: what the parser makes and what evaluators read.

Every node is frozen and hashable. Nothing here evaluates; a second evaluator (SQL) reads the same
tree. `list_children` gives a node's parts in the order in which they are written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from oversight.language.values import FactType


class Comparison(StrEnum):
    """How two values are compared."""

    EQUAL = "=="
    DIFFERENT = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


class Sum(StrEnum):
    """What is done with two numbers; two times may be subtracted too."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"


class TextTest(StrEnum):
    """What is looked for in a text."""

    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    MATCHES = "matches"


class Quantifier(StrEnum):
    """How many items of a list must pass."""

    SOME = "exists"
    ALL = "all"


@dataclass(frozen=True)
class Literal:
    """A value written in the rule."""

    value: bool | int | str | datetime | timedelta


@dataclass(frozen=True)
class Fact:
    """The value of a fact."""

    name: str
    type: FactType


@dataclass(frozen=True)
class Has:
    """Whether a fact has a value; never unknown."""

    fact: Fact


@dataclass(frozen=True)
class Item:
    """The item of the list that an `exists` or `all` is looking at."""

    name: str


@dataclass(frozen=True)
class Not:
    """The opposite."""

    operand: "Node"


@dataclass(frozen=True)
class And:
    """Both hold; false as soon as one is false."""

    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Or:
    """At least one holds; true as soon as one is true."""

    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Choice:
    """One of two, by a condition; unknown when the condition is."""

    condition: "Node"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True)
class Compare:
    """Two values of one type; texts, yes/no and lists are never ordered."""

    how: Comparison
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Reckon:
    """Whole numbers, or the time between two times."""

    how: Sum
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class OneOf:
    """A value is one of those written in the rule."""

    item: "Node"
    options: tuple[Literal, ...]


@dataclass(frozen=True)
class InList:
    """A text is in a list fact."""

    item: "Node"
    source: Fact


@dataclass(frozen=True)
class SearchText:
    """A text contains, begins with, ends with or matches (RE2) a written one."""

    how: TextTest
    text: "Node"
    needle: str


@dataclass(frozen=True)
class Size:
    """Characters (Unicode code points) of a text, or items of a list."""

    operand: "Node"


@dataclass(frozen=True)
class ForItems:
    """Whether some or all items of a list fact pass a test; never inside another."""

    how: Quantifier
    source: Fact
    variable: str
    test: "Node"


Node = (
    Literal
    | Fact
    | Has
    | Item
    | Not
    | And
    | Or
    | Choice
    | Compare
    | Reckon
    | OneOf
    | InList
    | SearchText
    | Size
    | ForItems
)

CHILD_FIELDS: dict[type[Node], tuple[str, ...]] = {
    Literal: (),
    Fact: (),
    Has: (),
    Item: (),
    Not: ("operand",),
    And: ("left", "right"),
    Or: ("left", "right"),
    Choice: ("condition", "then", "otherwise"),
    Compare: ("left", "right"),
    Reckon: ("left", "right"),
    OneOf: ("item",),
    InList: ("item", "source"),
    SearchText: ("text",),
    Size: ("operand",),
    ForItems: ("source", "test"),
}


def list_children(node: Node) -> tuple[Node, ...]:
    """The parts of a node that have values of their own, in written order."""
    return tuple(getattr(node, name) for name in CHILD_FIELDS[type(node)])


def list_facts(node: Node) -> list[str]:
    """Names of the facts a condition reads, each once, in written order."""
    if isinstance(node, Fact):
        return [node.name]
    if isinstance(node, Has):
        return [node.fact.name]
    names = [name for child in list_children(node) for name in list_facts(child)]
    return list(dict.fromkeys(names))


def type_of(node: Node) -> FactType:
    """Type of the value a node comes to; dates count as the time they begin."""
    match node:
        case Literal(value):
            return LITERAL_TYPES[type(value)]
        case Fact(_, kind):
            return READ_AS.get(kind, kind)
        case Choice(_, then, _):
            return type_of(then)
        case Reckon(_, left, _):
            return FactType.DURATION if type_of(left) is FactType.TIMESTAMP else FactType.INT
        case _:
            return FIXED_TYPES.get(type(node), FactType.BOOL)


READ_AS = {
    FactType.DATE: FactType.TIMESTAMP,
    FactType.AMOUNT: FactType.BOOL,
    FactType.COUNT: FactType.BOOL,
}

FIXED_TYPES: dict[type[Node], FactType] = {Item: FactType.STRING, Size: FactType.INT}

LITERAL_TYPES = {
    bool: FactType.BOOL,
    int: FactType.INT,
    str: FactType.STRING,
    datetime: FactType.TIMESTAMP,
    timedelta: FactType.DURATION,
}
