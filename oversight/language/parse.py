"""From a rule's text to its tree: the CEL compiler parses and checks types, the decoder the profile.

Rules call `parse_expression`. Of `cel-expr-python` only `NewEnv`, `compile`, `return_type` and
`serialize` are used: the tree is ours, so the compiler could be replaced.
"""

import re
from collections import defaultdict
from functools import lru_cache

from cel_expr_python import cel
from google.protobuf import descriptor_pb2, descriptor_pool, timestamp_pb2

from oversight.language.ast import Node, list_facts
from oversight.language.decode import ProfileError, decode_expression
from oversight.language.values import FactType, Schema

MAX_LENGTH = 4_000

FIELD_TYPES = {
    FactType.BOOL: descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
    FactType.INT: descriptor_pb2.FieldDescriptorProto.TYPE_INT64,
    FactType.STRING: descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    FactType.STRINGS: descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    FactType.TIMESTAMP: descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
    FactType.DATE: descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE,
}

# What must be passed over (comments, texts in any of CEL's quotations), or `known` before a bracket.
PASSED_OR_KNOWN = re.compile(
    r"""
      //[^\n]*
    | (?<!\w)(?i:br|rb|r)(?: \'{3}.*?\'{3} | "{3}.*?"{3} | '[^'\n]*' | "[^"\n]*" )
    | \'{3}(?:\\.|.)*?\'{3} | "{3}(?:\\.|.)*?"{3} | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*"
    | (?P<known> (?<![\w.]) known (?=\s*\() )
    """,
    re.DOTALL | re.VERBOSE,
)
POSITION = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


class RuleSyntaxError(ValueError):
    """A condition that is not of the language, with the place (from 1) and the reason."""

    def __init__(self, line: int, column: int, why: str) -> None:
        super().__init__(f"line {line}, column {column}: {why}")
        self.line = line
        self.column = column
        self.why = why


def parse_expression(text: str, schema: Schema) -> Node:
    """The tree of a condition over the facts of `schema`.

    Raises:
        RuleSyntaxError: if it is not a yes/no condition of the profile over these facts.
    """
    if len(text) > MAX_LENGTH:
        raise RuleSyntaxError(1, MAX_LENGTH, f"longer than {MAX_LENGTH} characters")
    source = _rewrite_known(text)
    expression = _compile_text(source, tuple(sorted(schema.items())))
    try:
        node = decode_expression(expression.serialize(), schema)
    except ProfileError as error:
        raise RuleSyntaxError(*_locate(source, error.offset), str(error)) from None
    if expression.return_type() != cel.Type.BOOL:
        raise RuleSyntaxError(1, 1, "a condition must come to true or false")
    if not list_facts(node):
        raise RuleSyntaxError(1, 1, "the condition looks at no fact, so it always says the same")
    return node


def _rewrite_known(text: str) -> str:
    """`known(f)` as CEL's `has(f)`, of the same length so that places in errors stay right."""
    return PASSED_OR_KNOWN.sub(lambda m: "has  " if m["known"] else m[0], text)


def _compile_text(text: str, schema: tuple[tuple[str, FactType], ...]) -> cel.Expression:
    try:
        return _make_environment(schema).compile(text)
    except RuntimeError as error:
        found = POSITION.search(str(error))
        if not found:
            raise RuleSyntaxError(1, 1, str(error)) from None
        raise RuleSyntaxError(int(found[1]), int(found[2]), found[3]) from None


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
