"""Rules ready to answer: loaded from their files, compiled, and held to their own tests.

Evaluation, commands, the site and the API get their rules from `rule_book.py`; `answer_rule` says what
one rule makes of one set of facts. A rule that contradicts one of its tests does not load.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from archive.reading.rules import SuspensionView
from archive.records.canonical import hash_bytes, hash_json
from config.citations import Evidence, find_weakest
from config.overlay import ConfigFile, Origin
from config.readings import Readings
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
from oversight.language.render import render_node
from oversight.reference.elections import Election
from oversight.reference.parameters import Parameter
from oversight.reference.registers import KeptCopy, Registers
from oversight.reference.windows import compute_window
from oversight.rules.answers import Clauses, ExplainedAnswer, answer_clauses
from oversight.rules.conditions import (
    Path,
    check_conditions,
    list_parameter_facts,
    list_schema,
    make_condition_error,
)
from oversight.rules.facts import FACT_TYPES, parse_fact
from oversight.rules.made_facts import derive_countries, list_needed, list_register_facts, look_up
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
    """A person's, by `paidforby rules suspend`."""
    registers: Registers = field(default_factory=dict)
    """The copies of those it looks into, as this archive holds them."""
    used_stage: Stage | None = None
    """As it is recorded; a proposal that nobody adopted is a draft. `None`: as the file wishes."""

    @property
    def id(self) -> str:
        """Stable id of the rule."""
        return self.file.id

    @property
    def stage(self) -> Stage:
        """How far it has come here: as the archive records; what the file says is a wish."""
        return Stage.SUSPENDED if self.suspension else self.used_stage or self.file.stage

    @property
    def is_evaluated(self) -> bool:
        """Whether ads are held against it."""
        return self.stage in {Stage.SHADOW, Stage.ACTIVE}

    @cached_property
    def fact_names(self) -> frozenset[str]:
        """Every fact its clauses may read."""
        nodes = [closure.node for closure in self.clauses.by_name.values()]
        named = {name for node in nodes for name in list_facts(node)}.union(self.file.asks_where)
        return frozenset(named.union(list_needed(named, self.parameters)))

    @cached_property
    def looked_up(self) -> frozenset[str]:
        """Those of them that stand in registers."""
        return self.fact_names & list_register_facts(self.file.registers).keys()

    @cached_property
    def meaning_sha256(self) -> str:
        """Hash of what it answers by: a version that differs in words alone has the same."""
        clauses = {name: render_node(c.node) for name, c in self.clauses.by_name.items()}
        answers_by = {"id", "validity", "window", "params", "registers", "asks_where"}
        return hash_json(
            {"clauses": clauses}
            | self.file.model_dump(
                mode="json", include=answers_by, exclude={"validity": {"note": True}}
            )
        )

    @cached_property
    def fact_types(self) -> dict[str, FactType]:
        """Every fact that it, or a test of it, may name."""
        of_registers = list_register_facts(self.file.registers)
        return FACT_TYPES | list_parameter_facts(self.parameters) | of_registers

    @property
    def copies(self) -> list[KeptCopy]:
        """Every copy of the registers it looks into."""
        return [copy for name in self.file.registers for copy in self.registers.get(name, ())]

    @property
    def cited(self) -> dict[str, str]:
        """What it rests on beside the law, with the hash of each text (`/texts`)."""
        texts = {f"parameter {p.id}": p.sha256 for p in self.parameters.values()}
        of = {f"register {k.copy.id} of {k.copy.holds_on}": k.sha256 for k in self.copies}
        return texts | of

    @property
    def evidence(self) -> Evidence:
        """How well it is founded: as well as the weakest of the law and of what else it uses."""
        newest = [each.newest_dated for each in self.parameters.values()]
        sources = [*(d.source for d in newest if d), *(k.copy.source for k in self.copies)]
        return find_weakest([*self.file.legal_basis, *sources])

    def find_parameters(
        self, days: tuple[date, date] | None, election: Election | None = None
    ) -> dict[str, FactValue]:
        """The rule's parameters, as facts: of a moment of the vote, or shared by all of these days."""
        return _read_parameters(
            (p, p.find_shared(days) if p.at is None else p.find_value(p.pick_day(None, election)))
            for p in self.parameters.values()
        )

    def find_looked_up(self, facts: Facts, days: tuple[date, date] | None) -> dict[str, FactValue]:
        """What its registers and its tables of regions say of an ad that may have started on these days."""
        found = look_up(self.looked_up, self.registers, facts, days) if self.looked_up else {}
        return found | derive_countries(self.parameters, facts, days)


def load_rule(
    file: ConfigFile, parameters: Readings[Parameter], elections: Iterable[Election]
) -> Rule:
    """One rule, compiled, tested, and its window computed at every election.

    Raises:
        YamlFileError: with everything that is wrong: fields, conditions, what it rests on; then, if nothing
            is, tests that fail and a window that is over before it opens.
    """
    written = read_file(file)
    faults = check_conditions(written, parameters)
    try:
        rule = compile_rule(written, file.origin, parameters)
        if file.path.stem != rule.id:
            faults.append(
                written.make_error(["id"], f"the file of {rule.id} is called {rule.id}.yaml")
            )
        faults += [
            fault
            for test in enumerate(rule.file.tests)
            for fault in _check_facts_of(written, rule, *test)
        ]
    except YamlFileError as error:
        faults += error.faults
    _raise_all(faults)
    _raise_all(
        [f for i, test in enumerate(rule.file.tests) for f in _run_test(written, rule, test, i)]
    )
    _check_windows(written, rule, elections)
    return rule


def _raise_all(faults: Iterable[YamlFileError]) -> None:
    once = {(f.line, f.field, f.why): f for f in faults}
    if once:
        first, *more = sorted(once.values(), key=lambda f: f.line or 0)
        raise YamlFileError(first.file, first.line, first.field, first.why, more)


def compile_rule(written: YamlText, origin: Origin | None, parameters: Readings[Parameter]) -> Rule:
    """The rule a text makes, wherever it was kept; whether it answers as its tests say is not asked.

    Raises:
        YamlFileError: if the text is not a rule, a condition cannot be read, or a parameter is not there.
    """
    text = written.read_as(RuleFile)
    for name in text.params:
        if name not in parameters.values:
            raise written.make_error(["params"], _tell_missing(parameters, name))
    return _compile_rule(
        written, origin, text, {name: parameters.values[name] for name in text.params}
    )


def _tell_missing(parameters: Readings[Parameter], name: str) -> str:
    bad = [error.place for error in parameters.refused if error.name == name]
    return f"resting on {bad[0]}, which cannot be used" if bad else f"no parameter {name}"


def _check_windows(written: YamlText, rule: Rule, elections: Iterable[Election]) -> None:
    spec = rule.file.window
    for election in elections if spec else ():
        if spec and spec.concerns(election):
            try:
                compute_window(spec, election)
            except ValueError as error:
                raise written.make_error(["window"], str(error)) from None


def answer_rule(rule: Rule, facts: Facts, *, in_force: bool | None) -> ExplainedAnswer:
    """What a rule answers on these facts; `in_force`: whether it was law while the ad ran."""
    return answer_clauses(rule.clauses, facts, in_force=in_force)


def _compile_rule(
    written: YamlText, origin: Origin | None, text: RuleFile, parameters: Mapping[str, Parameter]
) -> Rule:
    has_window, named = text.window is not None, text.registers
    schema = list_schema(has_window=has_window, parameters=parameters, registers=named)
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
            asks_where=_check_facts(written, text, schema),
            parameters=parameters,
        ),
    )


def _check_facts(written: YamlText, text: RuleFile, schema: Schema) -> tuple[str, ...]:
    for i, name in enumerate(text.asks_where):
        if name not in schema:
            raise written.make_error(["asks_where", i], f"there is no fact {name}")
    return text.asks_where


def _read_parameters(values: Iterable[tuple[Parameter, FactValue]]) -> dict[str, FactValue]:
    return {f"p.{n}": v for each, value in values for n, v in each.read_facts(value).items()}


def _compile(written: YamlText, path: Path, clause: Clause, schema: Schema) -> Closure:
    try:
        return compile_node(parse_expression(clause.when, schema))
    except RuleSyntaxError as error:
        raise make_condition_error(written, [*path, "when"], error.faults[0]) from None


def _run_test(written: YamlText, rule: Rule, test: RuleTest, index: int) -> Iterator[YamlFileError]:
    """Hold a rule to one of its tests; parameters the test does not give have their newest value."""
    facts = _read_parameters((each, each.newest) for each in rule.parameters.values())
    facts |= {name: parse_fact(_type_of(rule, name), v) for name, v in test.facts.items()}
    got = answer_rule(rule, facts, in_force=True).answer
    if got is not test.expect:
        why = f"test {test.name!r}: expected {test.expect}, got {got}"
        yield written.make_error(["tests", index, "expect"], why)


def _check_facts_of(
    written: YamlText, rule: Rule, index: int, test: RuleTest
) -> Iterator[YamlFileError]:
    for name, value in test.facts.items():
        try:
            parse_fact(_type_of(rule, name), value)
        except ValueError as error:
            yield written.make_error(["tests", index, "facts", name], str(error))


def _type_of(rule: Rule, name: str) -> FactType:
    """The type of a fact that a test of the rule gives.

    Raises:
        ValueError: if there is no such fact.
    """
    kind = rule.fact_types.get(name)
    if kind is None:
        raise ValueError(f"there is no fact {name}")
    return kind
