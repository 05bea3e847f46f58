"""From the compiler's checked tree to ours, refusing whatever is outside the profile.

Only the parser calls it. The compiler has already checked names and types; what is refused here is
what does not mean the same on every engine (order of texts, division), what costs too much (loops in
loops, map, filter) and what a reader could not follow. Field numbers: cel-spec,
proto/cel/expr/syntax.proto and checked.proto.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import re2

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
    type_of,
)
from oversight.language.values import FactType, Schema
from oversight.language.wire import Message

MAX_DEPTH = 60

QUIET = re2.Options()
QUIET.log_errors = False

TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
DURATION = re.compile(r"(\d{1,10})([hms])")
DURATION_UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}
ORDERED = {FactType.INT, FactType.TIMESTAMP, FactType.DURATION}
COMPARED = ORDERED | {FactType.BOOL, FactType.STRING}

QUANTIFIERS = {"_||_": Quantifier.SOME, "_&&_": Quantifier.ALL}
COMPARISONS = {f"_{how}_": how for how in Comparison}
SUMS = {f"_{how}_": how for how in Sum}
TEXT_TESTS = {how.value: how for how in TextTest}

# How the compiler names what people write.
WRITTEN = {"_/_": "division", "_%_": "remainder", "_[_]": "looking up by position", "-_": "a minus"}


class ProfileError(ValueError):
    """Valid CEL outside the profile, with its place in the text (characters from 0)."""

    def __init__(self, offset: int, why: str) -> None:
        super().__init__(why)
        self.offset = offset


def decode_expression(checked: bytes, schema: Schema) -> Node:
    """The tree of a serialized, type-checked expression.

    Raises:
        ProfileError: for whatever the profile leaves out.
    """
    # Any.value = 2; CheckedExpr.source_info = 5, .expr = 4; SourceInfo.positions = 4.
    root = Message(checked).message(2)
    positions = {m.number(1): m.number(2) for m in root.message(5).messages(4)}
    return _Decoder(schema, positions).read(root.message(4), _Scope())


@dataclass(frozen=True)
class _Scope:
    """How deep the decoder is, and the item a surrounding `exists` or `all` names."""

    depth: int = 0
    item: str | None = None


class _Decoder:
    def __init__(self, schema: Schema, positions: dict[int, int]) -> None:
        self._schema = schema
        self._positions = positions

    def read(self, expr: Message, scope: _Scope) -> Node:
        if scope.depth > MAX_DEPTH:
            raise self._refuse(expr, f"nested more than {MAX_DEPTH} deep")
        # Expr.const_expr = 3, ident_expr = 4, select_expr = 5, call_expr = 6, comprehension_expr = 9.
        readers: dict[int, Callable[[Message, _Scope], Node]] = {
            3: self._read_literal,
            4: self._read_name,
            5: self._read_fact,
            6: self._read_call,
            9: self._read_loop,
        }
        for field, reader in readers.items():
            if expr.has(field):
                return reader(expr, replace(scope, depth=scope.depth + 1))
        raise self._refuse(expr, "lists, maps and objects may not be written here")

    def _refuse(self, expr: Message, why: str) -> ProfileError:
        return ProfileError(self._positions.get(expr.number(2), 0), why)

    def _read_literal(self, expr: Message, _scope: _Scope) -> Literal:
        # Constant.bool_value = 2, int64_value = 3, string_value = 6.
        constant = expr.message(3)
        if constant.has(2):
            return Literal(bool(constant.number(2)))
        if constant.has(3):
            return Literal(constant.signed(3))
        if constant.has(6):
            return Literal(constant.text(6))
        raise self._refuse(expr, "only whole numbers, texts, true and false may be written")

    def _read_name(self, expr: Message, scope: _Scope) -> Item:
        name = expr.message(4).text(1)
        if name != scope.item:
            raise self._refuse(expr, f"{name} is a group of facts; name one of them")
        return Item(name)

    def _read_fact(self, expr: Message, _scope: _Scope) -> Fact | Has:
        # Select.operand = 1, field = 2, test_only = 3; Ident.name = 1.
        select = expr.message(5)
        name = f"{select.message(1).message(4).text(1)}.{select.text(2)}"
        if name not in self._schema:
            raise self._refuse(expr, f"there is no fact {name}")
        fact = Fact(name, self._schema[name])
        return Has(fact) if select.number(3) else fact

    def _read_call(self, expr: Message, scope: _Scope) -> Node:
        # Call.target = 1, function = 2, args = 3.
        call = expr.message(6)
        function, operands = call.text(2), call.messages(1) + call.messages(3)
        if function in {"timestamp", "duration"}:
            return self._read_time(expr, function, operands, scope)
        if function == "@in":
            return self._read_in(expr, operands, scope)
        nodes = [self.read(operand, scope) for operand in operands]
        if function in TEXT_TESTS:
            return self._read_text_test(expr, TEXT_TESTS[function], nodes)
        if function in COMPARISONS:
            return self._read_comparison(expr, COMPARISONS[function], nodes)
        if function in SUMS:
            return self._read_sum(expr, SUMS[function], nodes)
        simple: dict[str, Callable[..., Node]] = {
            "_&&_": And,
            "_||_": Or,
            "!_": Not,
            "_?_:_": Choice,
            "size": Size,
        }
        if function not in simple:
            why = f"{WRITTEN.get(function, function)} is not part of the rule language"
            raise self._refuse(expr, why)
        return simple[function](*nodes)

    def _read_time(
        self, expr: Message, function: str, operands: list[Message], scope: _Scope
    ) -> Literal:
        node = self.read(operands[0], scope)
        if not isinstance(node, Literal) or not isinstance(node.value, str):
            raise self._refuse(expr, f'{function}() takes a text in quotes, as in {function}("…")')
        read = _read_timestamp if function == "timestamp" else _read_duration
        try:
            return Literal(read(node.value))
        except ValueError as error:
            raise self._refuse(expr, str(error)) from None

    def _read_in(self, expr: Message, operands: list[Message], scope: _Scope) -> Node:
        item, source = self.read(operands[0], scope), operands[1]
        # Field 7 of Expr is list_expr, field 1 of CreateList its elements.
        if source.has(7):
            options = [self.read(option, scope) for option in source.message(7).messages(1)]
            return OneOf(item, tuple(self._check_option(expr, option, item) for option in options))
        within = self.read(source, scope)
        if not isinstance(within, Fact) or type_of(item) is not FactType.STRING:
            raise self._refuse(expr, "`in` looks for a text in a list fact or in a written list")
        return InList(item, within)

    def _check_option(self, expr: Message, option: Node, item: Node) -> Literal:
        if not isinstance(option, Literal) or type_of(option) is not type_of(item):
            raise self._refuse(expr, "a written list holds plain values of the type looked for")
        return option

    def _read_text_test(self, expr: Message, how: TextTest, nodes: list[Node]) -> SearchText:
        text, needle = nodes
        value = needle.value if isinstance(needle, Literal) else None
        if not isinstance(value, str) or not value:
            raise self._refuse(expr, f"{how}() takes a text in quotes that is not empty")
        if how is TextTest.MATCHES:
            self._check_pattern(expr, value)
        return SearchText(how, text, value)

    def _check_pattern(self, expr: Message, pattern: str) -> None:
        try:
            re2.compile(pattern, QUIET)
        except re2.error as error:
            why = error.args[0].decode() if error.args else "malformed"
            raise self._refuse(expr, f"RE2 cannot read the pattern: {why}") from None

    def _read_comparison(self, expr: Message, how: Comparison, nodes: list[Node]) -> Compare:
        left, right = nodes
        is_equality = how in {Comparison.EQUAL, Comparison.DIFFERENT}
        if type_of(left) not in (COMPARED if is_equality else ORDERED):
            why = f"{how} is not for {type_of(left)}: alphabets and engines disagree about it"
            raise self._refuse(expr, why)
        return Compare(how, left, right)

    def _read_sum(self, expr: Message, how: Sum, nodes: list[Node]) -> Reckon:
        kinds = {type_of(node) for node in nodes}
        is_span = how is Sum.SUBTRACT and kinds == {FactType.TIMESTAMP}
        if kinds != {FactType.INT} and not is_span:
            raise self._refuse(expr, f"{how} is for whole numbers, and - for two times")
        return Reckon(how, *nodes)

    def _read_loop(self, expr: Message, scope: _Scope) -> ForItems:
        # Comprehension.iter_var = 1, iter_range = 2, loop_step = 6, iter_var2 = 8.
        loop = expr.message(9)
        step = loop.message(6).message(6)
        how = QUANTIFIERS.get(step.text(2))
        if how is None or loop.text(8):
            raise self._refuse(expr, "of the list functions only exists() and all() are allowed")
        if scope.item:
            raise self._refuse(expr, "exists() and all() may not stand inside one another")
        source = self.read(loop.message(2), scope)
        if not isinstance(source, Fact):
            raise self._refuse(expr, f"{how}() goes over a list fact")
        variable = loop.text(1)
        test = self.read(step.messages(3)[1], replace(scope, item=variable))
        return ForItems(how, source, variable, test)


def _read_timestamp(text: str) -> datetime:
    if not TIMESTAMP.fullmatch(text):
        raise ValueError('a time is written in UTC, as in timestamp("2023-05-21T04:00:00Z")')
    return datetime.fromisoformat(text).astimezone(UTC)


def _read_duration(text: str) -> timedelta:
    found = DURATION.fullmatch(text)
    if not found:
        raise ValueError('a length of time is written in one unit, as in duration("72h")')
    return timedelta(**{DURATION_UNITS[found[2]]: int(found[1])})
