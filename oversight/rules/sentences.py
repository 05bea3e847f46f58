"""A condition as a sentence, for whoever reads a rule and no code: the rule's page and `rules facts`.

It says what the condition says and nothing of what is unknown; the condition itself stands beside it.
"""

from collections.abc import Mapping

from archive.records.money import format_units
from config.counts import write_count
from oversight.language.ast import (
    And,
    Choice,
    Compare,
    Comparison,
    Fact,
    ForItems,
    InList,
    Item,
    Literal,
    Node,
    Not,
    OneOf,
    Or,
    SearchText,
    Size,
    TextTest,
)
from oversight.language.render import render_node
from oversight.language.values import FactType
from oversight.reference.labels import LABEL_FACTS
from oversight.rules.facts import name_fact
from oversight.rules.loading import Rule
from oversight.rules.sums import SumOf, SumSpec

SHORT = {
    "ad.payer_name": "the payer",
    "ad.sponsor_name": "the sponsor",
    "ad.countries": "the countries it was shown in",
    "ad.delivery_regions": "the regions people saw it in",
    "ad.text_folded": "its text",
    "ad.platform": "its platform",
    "ad.currency": "the currency of its spend",
    "ad.spend": "its spend",
    "ad.election_name": "the election its source ties it to",
    "ad.versions": "the number of its versions",
    "election.country": "the country of the election",
}
YES_NO = {
    "ad.declared_political": ("it is declared political", "it is not declared political"),
    "window.overlaps": ("it ran within the window", "it did not run within the window"),
    "window.inside": ("it ran only within the window", "it ran outside the window too"),
    "window.starts_inside": ("it started within the window", "it started outside the window"),
    "sum.is_over": ("the sum is over its figure", "the sum is not over its figure"),
}
COMPARED = {
    Comparison.EQUAL: "is",
    Comparison.DIFFERENT: "is not",
    Comparison.LESS: "is under",
    Comparison.AT_MOST: "is at most",
    Comparison.MORE: "is over",
    Comparison.AT_LEAST: "is at least",
}
SOUGHT = {
    TextTest.CONTAINS: "contains",
    TextTest.STARTS_WITH: "begins with",
    TextTest.ENDS_WITH: "ends with",
    TextTest.MATCHES: "matches",
}
SUMMED = {SumOf.SPEND: "the spend", SumOf.IMPRESSIONS: "the number of times shown"}
OPPOSITE = {Comparison.AT_LEAST: Comparison.LESS, Comparison.MORE: Comparison.AT_MOST}


def tell_clauses(rule: Rule) -> dict[str, str]:
    """Each clause of a rule by its name in a trace, as a sentence about an ad."""
    titles = {
        f"p.{fact}": f"“{parameter.title}”"
        for parameter in rule.parameters.values()
        for fact in parameter.fact_types
    }
    told = {name: _tell(c.node, titles) for name, c in rule.clauses.by_name.items()}
    if rule.file.sum and rule.summed:
        told["sum"] = _tell_sum(rule.file.sum, rule.summed, titles)
    return {name: f"{text[0].upper()}{text[1:]}." for name, text in told.items()}


def _tell_sum(spec: SumSpec, where: Node, titles: Mapping[str, str]) -> str:
    days = (
        "within the window"
        if spec.days == "window"
        else f"in any {write_count(spec.days, 'day')} in a row"
    )
    name = str(spec.over)
    figure = titles.get(f"{name}_minor") or titles.get(name) or name
    return (
        f"{SUMMED[spec.of]} of all ads of one {spec.by} {days} is added up, of each where "
        f"{_tell(where, titles)}, and held against {figure}"
    )


def _tell(node: Node, titles: Mapping[str, str], item: str = "") -> str:
    if told := _tell_range(node, titles):
        return told
    match node:
        case And() | Or():
            word = "and" if isinstance(node, And) else "or"
            return f" {word} ".join(
                _tell_part(p, node, titles, item) for p in (node.left, node.right)
            )
        case Not(Fact(name)):
            return _tell_yes(name, titles)[1]
        case Not(operand):
            return f"it is not so that {_tell(operand, titles, item)}"
        case ForItems(how, source, _, test):
            some = "one of" if how == "exists" else "each of"
            return _tell(test, titles, f"{some} {_name(source.name, titles)}")
    return _tell_test(node, titles, item)


def _tell_yes(name: str, titles: Mapping[str, str]) -> tuple[str, str]:
    """What a fact that is yes or no says if it is yes, and if it is no."""
    if name.startswith("register."):
        register, _, who = name.removeprefix("register.").rpartition("_lists_")
        return f"the register {register} lists the {who}", f"it does not list the {who}"
    if name in LABEL_FACTS:
        term = name.removeprefix("label.").replace("_", " ")
        return f"it is labelled “{term}”", f"it is labelled as not “{term}”"
    named = _name(name, titles)
    return YES_NO.get(name, (f"{named}: yes", f"{named}: no"))


def _tell_test(node: Node, titles: Mapping[str, str], item: str) -> str:
    match node:
        case Fact(name):
            return _tell_yes(name, titles)[0]
        case Compare(how, Size(Fact(name)), Literal(0)) if how in {
            Comparison.MORE,
            Comparison.EQUAL,
        }:
            return f"{_name(name, titles)} is {'blank' if how is Comparison.EQUAL else 'given'}"
    return _tell_two(node, titles, item)


def _tell_two(node: Node, titles: Mapping[str, str], item: str) -> str:
    def name(part: Node) -> str:
        match part:
            case Fact(fact):
                return _name(fact, titles)
            case Literal(str(text)):
                return f"“{text}”"
            case Item() if item:
                return item
        return render_node(part)

    match node:
        case Compare(how, left, right):
            return f"{name(left)} {COMPARED[how]} {name(right)}"
        case InList(left, source):
            return f"{name(left)} is among {name(source)}"
        case OneOf(left, options):
            return f"{name(left)} is one of {', '.join(name(option) for option in options)}"
        case SearchText(how, text, needle):
            return f"{name(text)} {SOUGHT[how]} “{needle}”"
    return f"`{render_node(node)}`"


def _tell_part(part: Node, within: Node, titles: Mapping[str, str], item: str) -> str:
    told = _tell(part, titles, item)
    is_mixed = isinstance(part, And | Or) and type(part) is not type(within)
    return f"({told})" if is_mixed and not _tell_range(part, titles) else told


def _tell_range(node: Node, titles: Mapping[str, str]) -> str:
    """A range held against a figure, as `language.ranges` writes it out; empty: it is something else."""
    currency = ""
    match node:
        case Choice(Compare(_, _, unit), node, Fact(_, FactType.AMOUNT)):
            currency = str(unit.value) if isinstance(unit, Literal) else ""
    is_negated = isinstance(node, Not)
    match node.operand if isinstance(node, Not) else node:
        case Or(
            And(_, Compare(how, _, figure)), And(_, Fact(name, FactType.AMOUNT | FactType.COUNT))
        ):
            compared = COMPARED[OPPOSITE[how] if is_negated else how]
            return f"{_name(name, titles)} {compared} {_write(figure, currency, titles)}"
    return ""


def _write(figure: Node, currency: str, titles: Mapping[str, str]) -> str:
    match figure:
        case Literal(int(number)):
            return f"{format_units(number, currency)} {currency}" if currency else f"{number:,}"
        case Fact(name):
            return _name(name, titles)
    return render_node(figure)


def _name(name: str, titles: Mapping[str, str]) -> str:
    told = SHORT.get(name) or titles.get(name) or name_fact(name)
    return told if name in titles or told.startswith("“") else f"{told[0].lower()}{told[1:]}"
