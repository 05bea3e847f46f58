"""The conditions of a rule file: all that is wrong in them at once, also where other fields are wrong."""

from collections.abc import Iterable, Iterator, Mapping

from config.readings import Readings
from config.yaml_files import YamlFileError, YamlText
from oversight.language import (
    FactType,
    Node,
    RuleSyntaxError,
    Schema,
    list_facts,
    parse_expression,
)
from oversight.language.ast import (
    Compare,
    ForItems,
    InList,
    OneOf,
    SearchText,
    Size,
    TextTest,
    list_children,
)
from oversight.language.parse import find_misuses
from oversight.language.writing import name_nearest_fact, tell_group
from oversight.reference.countries import check_country
from oversight.reference.parameters import Parameter
from oversight.rules.facts import FACT_TYPES, HOST_FACTS
from oversight.rules.made_facts import list_register_facts
from oversight.rules.schema import CAPPED, is_capped
from oversight.rules.sums import SUM_FACTS, list_sum_faults
from oversight.rules.vocabulary import find_strange

Path = list[str | int]
MOST_WORK = 100
"""What a rule may cost on an ad of 1 MB of text and 5,000 links: some 100 ms."""

FIND, MATCH, EACH = 1, 10, 4
"""To find a written text in a text, to try a pattern on it, to compare each item of a list."""

QUADRATIC = 1_000
TOO_MUCH = (
    "too much is looked for: a rule finds at most 100 written texts; a pattern counts as 10, a comparison of "
    "each item of a list as 4, a pattern there as 40. Write words into one pattern: (one|two|three)"
)
TEXTS = {"ad.text", "ad.text_folded", "ad.text_words", "ad.titles"}
"""The facts that are what an ad says."""

NO_FILE = "no parameter {0}: write its file, params/{0}.yaml"
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
    known, listed = parameters.values, list_texts(values.get("params"))
    named = {name: known[name] for name in listed if name in known}
    of_ad = list_schema(
        has_window=bool(values.get("window")),
        parameters=named,
        registers=list_texts(values.get("registers")),
    )
    schema = {**of_ad, **SUM_FACTS} if "sum" in values else of_ad
    faults, work = list(_check_places(written, values)), 0
    faults += _list_unknown(written, values, parameters, schema)
    conditions = list(_list_conditions(values))
    told = list_sum_faults(values, named, [text for _, text in conditions])
    faults += [written.make_error(place, why) for place, why in told]
    unusable = [name for name in listed if any(e.name == name for e in parameters.refused)]
    for path, text in conditions:
        if any(f"p.{name}" in text for name in unusable):
            continue  # What it reads is told as a fault of `params`; its type nobody knows.
        found, node = _find_faults(text, of_ad if path[0] == "sum" else schema)
        read = sorted(TEXTS & set(list_facts(node))) if node and not is_capped(values) else []
        if read:
            found.append((1, 1, f"it reads {read[0]}, what the ad says: {CAPPED}"))
        before, work = work, work + (weigh_condition(node) if node else 0)
        if before <= MOST_WORK < work:
            found.append((1, 1, TOO_MUCH))
        faults += [make_condition_error(written, path, fault) for fault in found]
    return faults


def _list_unknown(
    written: YamlText, values: dict[str, object], parameters: Readings[Parameter], schema: Schema
) -> Iterator[YamlFileError]:
    for name in list_texts(values.get("params")):
        if name not in parameters.values:
            yield written.make_error(["params"], tell_missing(parameters, name))
    asked = values.get("asks_where")
    yield from check_asked(written, asked if isinstance(asked, list) else (), schema)


def check_asked(
    written: YamlText, names: Iterable[object], schema: Schema
) -> Iterator[YamlFileError]:
    """What of `asks_where` is no fact."""
    for i, name in enumerate(names):
        if isinstance(name, str) and name not in schema:
            told = f"{name_nearest_fact(name, schema)}{tell_group(name)}"
            yield written.make_error(["asks_where", i], f"there is no fact {name}{told}")


def tell_missing(parameters: Readings[Parameter], name: str) -> str:
    """Why there is no parameter of a name."""
    bad = [error.place for error in parameters.refused if error.name == name]
    return f"resting on {bad[0]}, which cannot be used" if bad else NO_FILE.format(name)


def _check_places(written: YamlText, values: dict[str, object]) -> Iterator[YamlFileError]:
    window, jurisdiction = values.get("window"), values.get("jurisdiction")
    listed = window.get("countries") if isinstance(window, dict) else None
    places: list[tuple[Path, object]] = [
        (["window", "countries", i], code)
        for i, code in enumerate(listed if isinstance(listed, list) else ())
    ]
    if isinstance(jurisdiction, str) and jurisdiction not in {"*", "EU"}:
        places.append((["jurisdiction"], jurisdiction[:2]))
    for path, code in places:
        if isinstance(code, str) and (told := check_country(code)):
            yield written.make_error(path, f"there is no country “{code}”: {told}")


def list_texts(named: object) -> list[str]:
    """The texts of a list as a file has it, whatever else it may be."""
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
    if isinstance(said := values.get("sum"), dict) and isinstance(said.get("where"), str):
        yield ["sum", "where"], said["where"]


def _find_faults(text: str, schema: Schema) -> tuple[list[tuple[int, int, str]], Node | None]:
    """What is wrong in a condition, and its tree if it has one."""
    faults = find_misuses(text, schema)
    try:
        node = parse_expression(text, schema)
    except RuleSyntaxError as error:
        return sorted([*faults, *error.faults]), None
    for word, why in find_strange(node):
        before = text[: max(text.find(word), 0)]
        place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        faults.append((*place, why))
    return sorted(faults), node


def weigh_condition(node: Node, each: int = 1) -> int:
    """What a condition costs, in readings of a text; within `exists` and `all` for each item of the list."""
    match node:
        case ForItems(_, _, _, test):
            return weigh_condition(test, EACH)
        case SearchText(how, text, _):
            return weigh_condition(text, each) + each * (MATCH if how is TextTest.MATCHES else FIND)
        case InList(_, source) if source.name.startswith("ad."):
            return QUADRATIC if each > 1 else FIND
        case Compare() | OneOf() | Size() | InList() if each > 1:
            return each
    return sum(weigh_condition(child, each) for child in list_children(node))
