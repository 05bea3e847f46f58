"""A tree as text again, in the rule language: what traces and pages show of each step."""

import json
from datetime import datetime, timedelta
from functools import singledispatch

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


@singledispatch
def render_node(node: Node) -> str:
    """A node in the rule language; parsing the text gives the node again."""
    raise TypeError(f"no text for {type(node).__name__}")


def render_value(value: Value) -> str:
    """A value as it is written in a rule; a list as the rule language writes lists."""
    if isinstance(value, datetime):
        return f'timestamp("{value.replace(tzinfo=None).isoformat(timespec="seconds")}Z")'
    if isinstance(value, timedelta):
        return f'duration("{round(value.total_seconds())}s")'
    return json.dumps(value, ensure_ascii=False)


@render_node.register
def _render_literal(node: Literal) -> str:
    return render_value(node.value)


@render_node.register
def _render_fact(node: Fact) -> str:
    return node.name


@render_node.register
def _render_item(node: Item) -> str:
    return node.name


@render_node.register
def _render_has(node: Has) -> str:
    return f"known({node.fact.name})"


@render_node.register
def _render_not(node: Not) -> str:
    return f"!{_render_part(node.operand)}"


@render_node.register
def _render_and(node: And) -> str:
    return f"{_render_part(node.left)} && {_render_part(node.right)}"


@render_node.register
def _render_or(node: Or) -> str:
    return f"{_render_part(node.left)} || {_render_part(node.right)}"


@render_node.register
def _render_choice(node: Choice) -> str:
    parts = (node.condition, node.then, node.otherwise)
    condition, then, otherwise = (_render_part(part) for part in parts)
    return f"{condition} ? {then} : {otherwise}"


@render_node.register
def _render_infix(node: Compare | Reckon) -> str:
    return f"{_render_part(node.left)} {node.how} {_render_part(node.right)}"


@render_node.register
def _render_one_of(node: OneOf) -> str:
    options = ", ".join(render_node(option) for option in node.options)
    return f"{_render_part(node.item)} in [{options}]"


@render_node.register
def _render_in_list(node: InList) -> str:
    return f"{_render_part(node.item)} in {node.source.name}"


@render_node.register
def _render_search(node: SearchText) -> str:
    return f"{_render_part(node.text)}.{node.how}({render_value(node.needle)})"


@render_node.register
def _render_size(node: Size) -> str:
    return f"size({render_node(node.operand)})"


@render_node.register
def _render_items(node: ForItems) -> str:
    return f"{node.source.name}.{node.how}({node.variable}, {render_node(node.test)})"


def _render_part(node: Node) -> str:
    needs_brackets = isinstance(node, And | Or | Not | Choice | Compare | Reckon | OneOf | InList)
    return f"({render_node(node)})" if needs_brackets else render_node(node)
