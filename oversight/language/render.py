"""A tree as text again, in the rule language: what traces and pages show of each step."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from oversight.language.ast import (
    And,
    Choice,
    Compare,
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
    Reckon,
    SearchText,
    Size,
)
from oversight.language.values import Value

IN_BRACKETS = (And, Or, Not, Choice, Compare, Reckon, OneOf, InList)
"""What stands in brackets where it is part of something else."""


def render_node(node: Node) -> str:
    """A node in the rule language; parsing the text gives the node again."""
    return RENDER[type(node)](node)


def render_value(value: Value) -> str:
    """A value as it is written in a rule; a list as the rule language writes lists."""
    if isinstance(value, datetime):
        return f'timestamp("{value.replace(tzinfo=None).isoformat(timespec="seconds")}Z")'
    if isinstance(value, timedelta):
        return f'duration("{round(value.total_seconds())}s")'
    return json.dumps(value, ensure_ascii=False)


def _part(node: Node) -> str:
    return f"({render_node(node)})" if isinstance(node, IN_BRACKETS) else render_node(node)


RENDER: dict[type, Callable[[Any], str]] = {
    Literal: lambda n: render_value(n.value),
    Fact: lambda n: n.name,
    Item: lambda n: n.name,
    Has: lambda n: f"known({n.fact.name})",
    Not: lambda n: f"!{_part(n.operand)}",
    And: lambda n: f"{_part(n.left)} && {_part(n.right)}",
    Or: lambda n: f"{_part(n.left)} || {_part(n.right)}",
    Choice: lambda n: f"{_part(n.condition)} ? {_part(n.then)} : {_part(n.otherwise)}",
    Compare: lambda n: f"{_part(n.left)} {n.how} {_part(n.right)}",
    Reckon: lambda n: f"{_part(n.left)} {n.how} {_part(n.right)}",
    OneOf: lambda n: f"{_part(n.item)} in [{', '.join(map(render_node, n.options))}]",
    InList: lambda n: f"{_part(n.item)} in {n.source.name}",
    SearchText: lambda n: f"{_part(n.text)}.{n.how}({render_value(n.needle)})",
    Size: lambda n: f"size({render_node(n.operand)})",
    ForItems: lambda n: f"{n.source.name}.{n.how}({n.variable}, {render_node(n.test)})",
}
