"""Rules ready to answer: loaded from their files, compiled, and held to their own tests.

Evaluation, commands, the site and the API get their rules from `load_rules`; `answer_rule` says what
one rule makes of one set of facts. A rule that contradicts one of its tests does not load.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from archive.errors import NotFoundError
from archive.reading.rules import SuspensionView
from archive.records.canonical import hash_bytes
from config.overlay import ConfigFile, Origin, list_config_files
from config.settings import Settings
from config.yaml_files import YamlFileError, YamlText, read_file
from oversight.language import (
    Closure,
    Facts,
    FactType,
    FactValue,
    RuleSyntaxError,
    Schema,
    compile_node,
    list_facts,
    parse_expression,
)
from oversight.reference.parameters import Parameter, load_parameters
from oversight.rules.answers import Clauses, ExplainedAnswer, answer_clauses
from oversight.rules.facts import FACT_TYPES, HOST_FACTS, parse_fact
from oversight.rules.schema import Clause, RuleFile, RuleTest, Stage


@dataclass(frozen=True)
class Rule:
    """A rule version that answers; `sha256` of the file's bytes is its identity."""

    file: RuleFile
    sha256: str
    text: str
    origin: Origin | None
    """`None`: no file here has this text any more, or yet."""
    parameters: Mapping[str, Parameter]
    clauses: Clauses
    suspension: SuspensionView | None = None
    """A person's, by `paidforby rules suspend`; what the file says is `file.stage`."""

    @property
    def id(self) -> str:
        """Stable id of the rule."""
        return self.file.id

    @property
    def stage(self) -> Stage:
        """How far it has come here: as its file says, unless a person suspended it."""
        return Stage.SUSPENDED if self.suspension else self.file.stage

    @property
    def is_evaluated(self) -> bool:
        """Whether ads are held against it."""
        return self.stage in {Stage.SHADOW, Stage.ACTIVE}

    @cached_property
    def fact_names(self) -> frozenset[str]:
        """Every fact its clauses may read."""
        nodes = [closure.node for closure in self.clauses.by_name.values()]
        return frozenset(name for node in nodes for name in list_facts(node))

    @cached_property
    def gates(self) -> list[Closure]:
        """What must hold for it to apply whatever its window and parameters say."""
        conditions = self.clauses.applies_when.list_conjuncts()
        return [c for c in conditions if not _names_reckoned(list_facts(c.node))]

    def find_parameters(self, day: date | None) -> dict[str, FactValue]:
        """The rule's parameters, as facts, with the values in force on a day."""
        return {f"p.{name}": p.find_value(day) for name, p in self.parameters.items()}


def load_rules(settings: Settings) -> list[Rule]:
    """All rules, shipped ones overlaid by the operator's own, ordered by id.

    Raises:
        YamlFileError: if a file is not a rule or a parameter, a condition cannot be read, a test
            fails or an id is given twice.
    """
    parameters = load_parameters(settings)
    rules: dict[str, Rule] = {}
    for file in list_config_files(settings, "rules", ".yaml"):
        rule = load_rule(file, parameters)
        if rule.id in rules:
            why = f"{rule.id} is another file's rule too"
            raise YamlFileError(str(file.path), None, "id", why)
        rules[rule.id] = rule
    return [rules[rule_id] for rule_id in sorted(rules)]


def load_rule(file: ConfigFile, parameters: Mapping[str, Parameter]) -> Rule:
    """One rule, compiled and tested.

    Raises:
        YamlFileError: if the file is not a rule, a condition cannot be read or a test fails.
    """
    written = read_file(file)
    rule = load_rule_text(written, file.origin, parameters)
    if file.path.stem != rule.id:
        raise written.make_error(["id"], f"the file of {rule.id} is called {rule.id}.yaml")
    return rule


def load_rule_text(
    written: YamlText, origin: Origin | None, parameters: Mapping[str, Parameter]
) -> Rule:
    """The rule that a text makes, compiled and tested, wherever the text was kept.

    Raises:
        YamlFileError: if the text is not a rule, a condition cannot be read or a test fails.
    """
    text = written.read_as(RuleFile)
    unknown = set(text.params) - parameters.keys()
    if unknown:
        raise written.make_error(["params"], f"no parameter {', '.join(sorted(unknown))}")
    rule = _compile_rule(written, origin, text, {name: parameters[name] for name in text.params})
    for index, test in enumerate(text.tests):
        _run_test(written, rule, test, index)
    return rule


def find_rule(rules: Iterable[Rule], rule_id: str) -> Rule:
    """The rule of that id.

    Raises:
        NotFoundError: if there is none.
    """
    found = next((rule for rule in rules if rule.id == rule_id), None)
    if found is None:
        raise NotFoundError("rule", rule_id)
    return found


def answer_rule(rule: Rule, facts: Facts, *, in_force: bool | None) -> ExplainedAnswer:
    """What a rule answers on these facts; `in_force`: whether it was law while the ad ran."""
    return answer_clauses(rule.clauses, facts, in_force=in_force)


def _compile_rule(
    written: YamlText, origin: Origin | None, text: RuleFile, parameters: Mapping[str, Parameter]
) -> Rule:
    schema = _list_facts(text) | {f"p.{name}": p.type for name, p in parameters.items()}
    duty = "requires" if text.requires else "forbids"
    return Rule(
        file=text,
        sha256=hash_bytes(written.data),
        text=written.data.decode(),
        origin=origin,
        parameters=parameters,
        clauses=Clauses(
            applies_when=_compile(written, ["applies_when"], text.applies_when, schema),
            duty=_compile(written, [duty], text.duty, schema),
            is_forbidden=text.forbids is not None,
            unless={
                clause: _compile(written, ["unless", i], clause, schema)
                for i, clause in enumerate(text.unless)
            },
        ),
    )


def _list_facts(text: RuleFile) -> dict[str, FactType]:
    """The facts a rule may name; those of windows and elections need a window."""
    return {n: t for n, t in FACT_TYPES.items() if text.window or n not in HOST_FACTS}


def _compile(written: YamlText, path: list[str | int], clause: Clause, schema: Schema) -> Closure:
    try:
        return compile_node(parse_expression(clause.when, schema))
    except RuleSyntaxError as error:
        raise written.make_error([*path, "when"], f"in the condition, {error}") from None


def _names_reckoned(names: Iterable[str]) -> bool:
    """Whether one of the facts takes the host some reckoning for each ad."""
    return any(name.startswith(("window.", "p.")) for name in names)


def _run_test(written: YamlText, rule: Rule, test: RuleTest, index: int) -> None:
    """Hold a rule to one of its tests; parameters the test does not give have their newest value."""
    facts: dict[str, FactValue] = {f"p.{name}": p.newest for name, p in rule.parameters.items()}
    for name, value in test.facts.items():
        facts[name] = _read_test_fact(written, rule, name, value, index)
    got = answer_rule(rule, facts, in_force=True).answer
    if got is not test.expect:
        why = f"test {test.name!r}: expected {test.expect}, got {got}"
        raise written.make_error(["tests", index, "expect"], why)


def _read_test_fact(
    written: YamlText, rule: Rule, name: str, value: object, index: int
) -> FactValue:
    path: list[str | int] = ["tests", index, "facts", name]
    kind = FACT_TYPES.get(name)
    if kind is None and name.removeprefix("p.") in rule.parameters:
        kind = rule.parameters[name.removeprefix("p.")].type
    if kind is None:
        raise written.make_error(path, f"there is no fact {name}")
    try:
        return parse_fact(kind, value)
    except ValueError as error:
        raise written.make_error(path, str(error)) from None
