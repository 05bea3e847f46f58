"""The rule language: a strict profile of CEL, read into a typed tree and reckoned in three values.

`parse_expression` turns text into a tree (`ast`), `compile_node` a tree into something to evaluate.
Rules are loaded through here; the package knows no rule file, no ad and no table.

A fact is a value or the reason why there is none. `not_disclosed` (the source has the field and left
it blank) reads as an empty text or list; every other reason makes what uses the fact *unknown*, as
does `not_disclosed` where a number, a time or a yes/no was due. `has(f)` is never unknown: it is true
when there is a value, false for every reason. And, or, not and the choice follow Kleene's strong
three-valued logic, which is what CEL does with errors and SQL with NULL.
"""

from oversight.language.ast import Node, list_facts
from oversight.language.closures import Closure, compile_node
from oversight.language.parse import RuleSyntaxError, parse_expression
from oversight.language.trace import TraceStep, trace_closure
from oversight.language.values import Facts, FactType, FactValue, Schema

__all__ = [
    "Closure",
    "FactType",
    "FactValue",
    "Facts",
    "Node",
    "RuleSyntaxError",
    "Schema",
    "TraceStep",
    "compile_node",
    "list_facts",
    "parse_expression",
    "trace_closure",
]
