"""The conditions of a rule file: all that is wrong in them at once, also where other fields are wrong."""

from collections.abc import Iterable, Iterator, Mapping

from config.readings import Readings
from config.yaml_files import YamlFileError, YamlText
from oversight.language import FactType, RuleSyntaxError, Schema, parse_expression
from oversight.language.parse import find_misuses
from oversight.reference.parameters import Parameter
from oversight.rules.facts import FACT_TYPES, HOST_FACTS
from oversight.rules.made_facts import list_register_facts

Path = list[str | int]
CLAUSES = ("applies_when", "requires", "forbids")


def list_schema(
    *, has_window: bool, parameters: Mapping[str, Parameter], registers: Iterable[str] = ()
) -> Schema:
    """The facts a rule may name; those of windows and elections need a window."""
    facts = {n: t for n, t in FACT_TYPES.items() if has_window or n not in HOST_FACTS}
    return facts | list_parameter_facts(parameters) | list_register_facts(registers)


def list_parameter_facts(parameters: Mapping[str, Parameter]) -> dict[str, FactType]:
    """The facts that parameters are read as."""
    return {f"p.{n}": t for each in parameters.values() for n, t in each.fact_types.items()}


def check_conditions(written: YamlText, parameters: Readings[Parameter]) -> list[YamlFileError]:
    """Everything that is wrong in conditions, also what only a new rule may not say."""
    values = written.values if isinstance(written.values, dict) else {}
    known, listed = parameters.values, _list_texts(values.get("params"))
    schema = list_schema(
        has_window=bool(values.get("window")),
        parameters={name: known[name] for name in listed if name in known},
        registers=_list_texts(values.get("registers")),
    )
    return [
        make_condition_error(written, path, fault)
        for path, text in _list_conditions(values)
        for fault in _find_faults(text, schema)
    ]


def _list_texts(named: object) -> list[str]:
    return [n for n in named if isinstance(n, str)] if isinstance(named, list) else []


def make_condition_error(
    written: YamlText, path: Path, fault: tuple[int, int, str]
) -> YamlFileError:
    """An error at a place of a condition: line and column within it, from 1."""
    line, column, why = fault
    return written.make_error(path, f"in the condition, line {line}, column {column}: {why}")


def _list_conditions(values: dict[str, object]) -> Iterator[tuple[Path, str]]:
    unless = values.get("unless")
    exceptions = list(enumerate(unless)) if isinstance(unless, list) else []
    clauses: list[tuple[Path, object]] = [([name], values.get(name)) for name in CLAUSES]
    clauses += [(["unless", i], clause) for i, clause in exceptions]
    for path, clause in clauses:
        if isinstance(clause, dict) and isinstance(clause.get("when"), str):
            yield [*path, "when"], clause["when"]


def _find_faults(text: str, schema: Schema) -> list[tuple[int, int, str]]:
    faults = find_misuses(text, schema)
    try:
        parse_expression(text, schema)
    except RuleSyntaxError as error:
        faults += error.faults
    return sorted(faults)
