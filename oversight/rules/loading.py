"""Rules ready to answer: read from their texts and compiled.

Evaluation, commands, the site and the API get their rules from `rule_book.py`; `answer_rule` says what
one rule makes of one set of facts, and `checking` whether a new file may be used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from archive.models import LabelTerm
from archive.reading.rules import SuspensionView
from archive.records.canonical import hash_bytes, hash_json
from config.citations import Evidence, find_weakest
from config.overlay import Origin
from config.readings import Readings
from config.yaml_files import YamlFileError, YamlText
from oversight.language import (
    Closure,
    Facts,
    FactType,
    FactValue,
    Node,
    RuleSyntaxError,
    Schema,
    compile_node,
    list_facts,
    parse_expression,
)
from oversight.language.render import render_node
from oversight.reference.elections import Election
from oversight.reference.labels import (
    LABEL_FACTS,
    KeptList,
    LabelFact,
    LabelLists,
    Said,
    find_label,
)
from oversight.reference.parameters import Parameter
from oversight.reference.registers import KeptCopy, Registers
from oversight.rules.answers import Clauses, ExplainedAnswer, answer_clauses
from oversight.rules.conditions import (
    Path,
    check_asked,
    list_parameter_facts,
    list_schema,
    make_condition_error,
    tell_missing,
)
from oversight.rules.facts import FACT_TYPES
from oversight.rules.made_facts import (
    REGIONS_OF,
    derive_countries,
    list_needed,
    list_register_facts,
    look_up,
)
from oversight.rules.schema import Clause, RuleFile, Stage
from oversight.rules.sums import SUM_FACTS


@dataclass(frozen=True)
class KeptRule:
    """A rule version, which need not answer any more; `sha256` of the file's bytes is its identity."""

    file: RuleFile
    sha256: str
    origin: Origin | None = None
    """`None`: no file here has this text any more, or yet."""
    suspension: SuspensionView | None = None
    """A person's, by `paidforby rules suspend`."""
    used_stage: Stage | None = None
    """As it is recorded; a proposal that nobody adopted is a draft. `None`: as the file wishes."""

    @property
    def id(self) -> str:
        """Stable id of the rule."""
        return self.file.id

    @property
    def stage(self) -> Stage:
        """How far it has come here: as the archive records; what the file says is a wish."""
        stage = Stage.SUSPENDED if self.suspension else self.used_stage or self.file.stage
        return Stage.DRAFT if self.file.sum and stage is Stage.SHADOW else stage

    @property
    def is_evaluated(self) -> bool:
        """Whether ads are held against it."""
        return self.stage in {Stage.SHADOW, Stage.ACTIVE}

    @property
    def evidence(self) -> Evidence:
        """How well it is founded: as well as the weakest of the law that it rests on."""
        return self.file.evidence


@dataclass(frozen=True, kw_only=True)
class Rule(KeptRule):
    """A rule version that answers."""

    text: str
    parameters: Mapping[str, Parameter]
    clauses: Clauses
    registers: Registers = field(default_factory=dict)
    """The copies of those it looks into, as this archive holds them."""
    label_lists: LabelLists = field(default_factory=dict)
    """The same of label lists."""
    summed: Node | None = None
    """Which ads its sum is over."""

    @cached_property
    def fact_names(self) -> frozenset[str]:
        """Every fact its clauses may read."""
        nodes = [closure.node for closure in self.clauses.by_name.values()]
        nodes += [self.summed] if self.summed else []
        named = {name for node in nodes for name in list_facts(node)}.union(self.file.asks_where)
        return frozenset(named.union(list_needed(named, self.parameters)))

    @cached_property
    def looked_up(self) -> frozenset[str]:
        """Those of them that stand in registers."""
        return self.fact_names & list_register_facts(self.file.registers).keys()

    @cached_property
    def reads_figures(self) -> bool:
        """Whether its clauses read parameters: tables of regions are looked up otherwise."""
        return any(name.startswith("p.") for name in self.fact_names)

    @cached_property
    def turns(self) -> list[date]:
        """The days on which one of its parameters turns, in order."""
        return sorted({day for each in self.parameters.values() for day in each.turns})

    @cached_property
    def regions(self) -> Mapping[str, Parameter]:
        """Those of its parameters that list the regions of a country."""
        return {name: p for name, p in self.parameters.items() if name.startswith(REGIONS_OF)}

    @cached_property
    def labels_read(self) -> frozenset[str]:
        """Those of them that are labels."""
        return self.fact_names & LABEL_FACTS.keys()

    @cached_property
    def meaning_sha256(self) -> str:
        """Hash of what it answers by: a version that differs in words alone has the same."""
        clauses = {name: render_node(c.node) for name, c in self.clauses.by_name.items()}
        shown_by = {clause.id: clause.shown_by for clause in self.file.unless}
        answers_by = {"id", "validity", "window", "params", "registers", "asks_where"}
        # A rule without it means what it meant before there was such a field.
        answers_by |= {"labels"} if self.file.labels else set()
        answers_by |= {"sum"} if self.file.sum else set()
        words = {"validity": {"statuses": {"__all__": {"cite", "note"}}}}
        return hash_json(
            {"clauses": clauses, "shown_by": shown_by}
            | self.file.model_dump(mode="json", include=answers_by, exclude=words)
        )

    @cached_property
    def fact_types(self) -> dict[str, FactType]:
        """Every fact that it, or a test of it, may name."""
        of_registers = list_register_facts(self.file.registers)
        return FACT_TYPES | list_parameter_facts(self.parameters) | of_registers

    @property
    def copies(self) -> dict[str, KeptCopy | KeptList]:
        """Every copy of the registers and label lists it looks into, by what it is cited as."""
        named: list[tuple[str, KeptCopy | KeptList]] = [
            *(("register", k) for n in self.file.registers for k in self.registers.get(n, ())),
            *(("label list", k) for n in self.file.labels for k in self.label_lists.get(n, ())),
        ]
        return {f"{kind} {k.copy.id} of {k.copy.holds_on}": k for kind, k in named}

    @property
    def cited(self) -> dict[str, str]:
        """What it rests on beside the law, with the hash of each text (`/texts`)."""
        figures = [{p.id: p.sha256} | p.made_of for p in self.parameters.values()]
        texts = {f"parameter {name}": sha256 for each in figures for name, sha256 in each.items()}
        return texts | {name: kept.sha256 for name, kept in self.copies.items()}

    @property
    def evidence(self) -> Evidence:
        """How well it is founded: as well as the weakest of the law and of what else it uses."""
        newest = [each.newest_dated for each in self.parameters.values()]
        sources = [*(d.source for d in newest if d), *(k.copy.source for k in self.copies.values())]
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
        """What its registers and its tables of regions say of an ad that may have started on these days.

        What the facts have already, as those of a test may, is not looked up.
        """
        found = {}
        if self.looked_up:
            found = look_up(self.looked_up - facts.keys(), self.registers, facts, days)
        return found | derive_countries(self.regions, facts, days) if self.regions else found

    def find_labels(
        self, said: Said, ad_id: str, days: tuple[date, date] | None
    ) -> dict[str, LabelFact]:
        """What labels say of an ad that may have started on these days, of those that it reads."""
        lists = [kept for name in self.file.labels for kept in self.label_lists.get(name, ())]
        return {
            name: find_label(said, lists, ad_id, LabelTerm(name.removeprefix("label.")), days)
            for name in self.labels_read
        }


def compile_rule(written: YamlText, origin: Origin | None, parameters: Readings[Parameter]) -> Rule:
    """The rule a text makes, wherever it was kept; whether it answers as its tests say is not asked.

    Raises:
        YamlFileError: if the text is not a rule, a condition cannot be read, or a parameter is not there.
    """
    text = written.read_as(RuleFile)
    missing = [
        written.make_error(["params"], tell_missing(parameters, name))
        for name in text.params
        if name not in parameters.values
    ]
    if missing:
        first, *more = missing
        raise YamlFileError(first.file, first.line, first.field, first.why, more)
    return _compile_rule(
        written, origin, text, {name: parameters.values[name] for name in text.params}
    )


def answer_rule(rule: Rule, facts: Facts, *, in_force: bool | None) -> ExplainedAnswer:
    """What a rule answers on these facts; `in_force`: whether it was law while the ad ran."""
    return answer_clauses(rule.clauses, facts, in_force=in_force)


def _compile_rule(
    written: YamlText, origin: Origin | None, text: RuleFile, parameters: Mapping[str, Parameter]
) -> Rule:
    has_window, named = text.window is not None, text.registers
    of_ad = list_schema(has_window=has_window, parameters=parameters, registers=named)
    schema = {**of_ad, **SUM_FACTS} if text.sum else of_ad
    duty = "requires" if text.requires else "forbids"
    return Rule(
        file=text,
        sha256=hash_bytes(written.data),
        text=written.data.decode(),
        origin=origin,
        parameters=parameters,
        summed=_parse(written, ["sum", "where"], text.sum.where, of_ad) if text.sum else None,
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
            label_lists=text.labels,
        ),
    )


def _check_facts(written: YamlText, text: RuleFile, schema: Schema) -> tuple[str, ...]:
    for error in check_asked(written, text.asks_where, schema):
        raise error
    return text.asks_where


def _read_parameters(values: Iterable[tuple[Parameter, FactValue]]) -> dict[str, FactValue]:
    return {f"p.{n}": v for each, value in values for n, v in each.read_facts(value).items()}


def _compile(written: YamlText, path: Path, clause: Clause, schema: Schema) -> Closure:
    return compile_node(_parse(written, [*path, "when"], clause.when, schema))


def _parse(written: YamlText, path: Path, text: str, schema: Schema) -> Node:
    try:
        return parse_expression(text, schema)
    except RuleSyntaxError as error:
        raise make_condition_error(written, path, error.faults[0]) from None
