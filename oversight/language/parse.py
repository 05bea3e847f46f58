"""From a rule's text to its tree: the CEL compiler parses and checks types, the decoder the profile.

Rules call `parse_expression`. Of `cel-expr-python` only `NewEnv`, `compile`, `return_type` and
`serialize` are used: the tree is ours, so the compiler could be replaced.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, timestamp_pb2

from oversight.language.ast import Node, list_facts
from oversight.language.decode import ProfileError, decode_expression
from oversight.language.values import FactType, Schema
from oversight.language.writing import find_misuse, tell_plainly, write_out

MAX_LENGTH = 4_000
NO_FACT = "the condition looks at no fact, so it always says the same"

FIELD_TYPES = {
    FactType.BOOL: descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    FactType.INT: descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    FactType.STRING: descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    FactType.STRINGS: descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    FactType.TIMESTAMP: descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
    FactType.DATE: descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
    FactType.AMOUNT: descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    FactType.COUNT: descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
}

POSITION = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class RuleSyntaxError(ValueError):
    """A condition that is not of the language, with the place (from 1) and the reason.

    `faults` are all that were found, by place; this one is the first.
    """

    def __init__(self, faults: Sequence[tuple[int, int, str]]) -> None:
        self.faults = list(dict.fromkeys(sorted(faults)))
        self.line, self.column, self.why = self.faults[0]
        super().__init__(f"line {self.line}, column {self.column}: {self.why}")


def parse_expression(text: str, schema: Schema) -> Node:
    """The tree of a condition over the facts of `schema`.

    Raises:
        RuleSyntaxError: if it is not a yes/no condition of the profile over these facts.
    """
    if len(text) > MAX_LENGTH:
        raise RuleSyntaxError([(1, MAX_LENGTH, f"longer than {MAX_LENGTH} characters")])
    written = write_out(text, schema)
    faults = list(written.faults)
    try:
        node = _compile(written.cel, schema)
    except CompileError as error:
        # What stands in for a part that is wrong looks at no fact.
        told = [fault for fault in error.faults if not (faults and fault[1] == NO_FACT)]
        faults += [(written.find_place(at), tell_plainly(why, schema)) for at, why in told]
    if faults:
        raise RuleSyntaxError([(*_locate(text, at), why) for at, why in faults])
    return node


def find_misuses(text: str, schema: Schema) -> list[tuple[int, int, str]]:
    """Lines, columns and reasons of what a rule that is kept may say and a new one may not."""
    if len(text) > MAX_LENGTH:
        return []
    return [(*_locate(text, at), why) for at, why in find_misuse(text, schema)]


class CompileError(ValueError):
    """What is wrong with a condition in CEL: places in its text (characters from 0) and reasons."""

    def __init__(self, *faults: tuple[int, str]) -> None:
        super().__init__(faults[0][1])
        self.faults = faults


def _compile(text: str, schema: Schema) -> Node:
    try:
        expression = _make_environment(tuple(sorted(schema.items()))).compile(text)
        node = decode_expression(expression.serialize(), schema)
    except RuntimeError as error:
        found = list(POSITION.finditer(str(error)))
        faults = [(_find_offset(text, int(one[1]), int(one[2])), one[3]) for one in found]
        raise CompileError(*(faults or [(0, str(error))])) from None
    except ProfileError as error:
        raise CompileError((error.offset, str(error))) from None
    if expression.return_type() != cel.Type.BOOL:
        raise CompileError((0, "a condition must come to true or false"))
    if not list_facts(node):
        raise CompileError((0, NO_FACT))
    return node


def _find_offset(text: str, line: int, column: int) -> int:
    return sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1


@lru_cache(maxsize=64)
def _make_environment(schema: tuple[tuple[str, FactType], ...]) -> cel.Env:
    """A CEL environment in which each group of facts is a variable of a message type of its own."""
    groups: dict[str, dict[str, FactType]] = defaultdict(dict)
    for name, kind in schema:
        group, _, field = name.partition(".")
        groups[group][field] = kind
    pool = descriptor_pool.DescriptorPool()
    times = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(times)
    pool.Add(times)
    pool.Add(_describe_groups(groups, times.name))
    variables = {group: cel.Type(f"facts.{group}") for group in groups}
    return cel.NewEnv(descriptor_pool=pool, variables=variables)


def _describe_groups(
    groups: dict[str, dict[str, FactType]], times: str
) -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="facts.proto", package="facts", syntax="proto3", dependency=[times]
    )
    for group, fields in groups.items():
        message = file.message_type.add(name=group)
        for number, (name, kind) in enumerate(fields.items(), 1):
            field = message.field.add(name=name, number=number, type=FIELD_TYPES[kind])
            is_list = kind is FactType.STRINGS
            field.label = field.LABEL_REPEATED if is_list else field.LABEL_OPTIONAL
            if kind in {FactType.TIMESTAMP, FactType.DATE}:
                field.type_name = ".google.protobuf.Timestamp"
    return file


def _locate(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in a text."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
