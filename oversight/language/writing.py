"""A condition as people write it, written out in CEL, with what they mistook and what to write instead.

The parser calls it before the compiler: `known(f)` becomes `has(f)`, a range held against a figure becomes
plain CEL over its bounds. A slip is a fault, and is read as what was meant, so that all faults show at once.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from archive.text.words import frame_words
from oversight.language.ranges import COMPARED, RANGES, list_bounds, write_comparison
from oversight.language.values import FactType, Schema

# What must be passed over (comments, texts in any of CEL's quotations), or what is not CEL's.
PASSED_OR_OURS = re.compile(
    r"""
      //[^\n]*
    | (?<!\w)(?i:br|rb|r)(?: \'{3}.*?\'{3} | "{3}.*?"{3} | '[^'\n]*' | "[^"\n]*" )
    | \'{3}(?:\\.|.)*?\'{3} | "{3}(?:\\.|.)*?"{3} | '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*"
    | (?P<known> (?<![\w.]) known (?=\s*\() )
    | (?<![\w.]) (?P<range> [a-z_]+\.[a-z_]+ ) \s*\.\s* (?P<how> at_least | at_most | over | under )
      \s*\(\s* (?P<figure> [^()]*? ) \s*\)
    | (?<![\w.]) (?P<text> [a-z_]+\.[a-z_]+ ) \s*\.\s* has_term
      \s*\(\s* (?P<term> "[^"\\\n]*" | '[^'\\\n]*' ) \s*\)
    | (?P<slip> <> | (?<![=!<>]) = (?!=) | (?<!&) & (?!&) | (?<!\|) \| (?!\|)
      | [\u201c\u201d\u201e\u2018\u2019]
      | (?<![\w.]) (?i: and | or | is \s+ not | is | not | empty | blank ) (?!\w)
      | (?<![\w.]) (?: TRUE | True | FALSE | False ) (?!\w)
      | (?<![\w.]) (?: null | None | NULL ) (?!\w) )
    """,
    re.DOTALL | re.VERBOSE,
)
MEANT = {"<>": "!=", "=": "==", "&": "&&", "|": "||", "and": "&&", "or": "||", "not": "!"}
MEANT |= {"is": "==", "is not": "!=", "true": "true", "false": "false"}
MEANT |= dict.fromkeys(("null", "none", "empty", "blank"), '""')

NO_NULL = "there is no {}: size(f) == 0 asks whether a text or list is blank"
KNOWN_IS_NO_GROUND = (
    "whether a source tells a fact makes no ad right or wrong: leave it out, and write asks_where: [{}] "
    "beside the clauses"
)
BARE = (
    "the bounds of a range are not compared by themselves: write "
    "{0}.at_least({1}), {0}.over({1}), {0}.at_most({1}) or {0}.under({1})"
)

Fault = tuple[int, str]
"""A place (characters from 0) and what is wrong there."""


@dataclass(frozen=True)
class CelText:
    """A condition in CEL, where its parts were written, and what was mistaken."""

    cel: str
    places: list[tuple[int, int, int]]
    """Of what is written out: where it begins and ends in CEL, and where it began in the rule."""
    faults: list[Fault]

    def find_place(self, offset: int) -> int:
        """Where in the rule what stands at a place of the CEL was written."""
        written = offset
        for start, end, began in self.places:
            if offset >= start:
                written = began if offset < end else began + offset - start
        return written


def write_out(text: str, schema: Schema) -> CelText:
    """A condition in CEL; the text of the rule but for what is not CEL's."""
    pieces: list[str] = []
    written = CelText("", [], [])
    end = length = 0
    for found in PASSED_OR_OURS.finditer(text):
        plain = _write_plainly(found, schema, written.faults)
        if plain is None:
            continue
        pieces += [text[end : found.start()], plain]
        start = length + found.start() - end
        length, end = start + len(plain), found.end()
        written.places.extend([(start, length, found.start()), (length, length, end)])
    return CelText("".join([*pieces, text[end:]]), written.places, written.faults)


def _write_plainly(found: re.Match[str], schema: Schema, faults: list[Fault]) -> str | None:
    if found["known"]:
        return "has"
    if found["range"] or found["text"]:
        try:
            if found["text"]:
                return _write_term(found["text"], found["term"][1:-1], schema)
            return write_comparison(found["range"], found["how"], found["figure"], schema)
        except ValueError as error:
            faults.append((found.start(), str(error)))
            return "true"
    if not found["slip"]:
        return None
    slip = found["slip"]
    meant = MEANT.get(" ".join(slip.lower().split()), '"')
    why = NO_NULL.format(slip) if meant == '""' else f"write {meant} instead of {slip}"
    faults.append((found.start(), why))
    return meant


def _write_term(name: str, term: str, schema: Schema) -> str:
    """Whether a text has a term, as a search in its words, each of which stands between spaces."""
    if f"{name}_words" not in schema:
        texts = [n.removesuffix("_words") for n in schema if n.endswith("_words")]
        raise ValueError(
            f"has_term() is for {', '.join(texts) or 'texts, and there are none here'}"
        )
    framed = frame_words(term)
    if not framed.strip():
        raise ValueError(f"there is no word in “{term}”: look for signs with contains()")
    return f'{name}_words.contains("{framed}")'


def find_misuse(text: str, schema: Schema) -> list[Fault]:
    """What older rules may say and new ones may not: bare bounds, and knowledge as a guard or ground."""
    plain = PASSED_OR_OURS.sub(lambda m: m[0] if m["known"] else " " * len(m[0]), text)
    faults = [
        (found.start(), KNOWN_IS_NO_GROUND.format(found[1].strip()))
        for found in re.finditer(r"(?<![\w.])(?:known|has)\s*\(([^()]*)\)", plain)
    ]
    for name, kind in schema.items():
        if kind in RANGES:
            names = "|".join(map(re.escape, (name, *list_bounds(name, FactType(kind)))))
            figure = '"500.00 CAD"' if kind is FactType.AMOUNT else "10000"
            why = BARE.format(name, figure)
            bare = re.finditer(rf"(?<![\w.])(?:{names})(?![\w])", plain)
            faults += [(found.start(), why) for found in bare]
    return sorted(faults)


NO_FIELD = re.compile(r"undefined field '(\w+)' not found in struct 'facts\.(\w+)'")
NO_NAME = re.compile(r"undeclared reference to '([\w.]+)'")
NO_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '\((.*)\)'")
TYPES = {
    "string": "a text",
    "int": "a whole number",
    "bool": "yes or no",
    "list(string)": "a list of texts",
    "google.protobuf.Timestamp": "a time",
    "google.protobuf.Duration": "a length of time",
    "timestamp": "a time",
    "duration": "a length of time",
    "double": "a number with decimals",
}


def tell_plainly(why: str, schema: Schema) -> str:
    """What the compiler says, in words that say what to write."""
    if found := NO_FIELD.search(why):
        name = f"{found[2]}.{found[1]}"
        why = f"there is no fact {name}{name_nearest_fact(name, schema)}"
        return f"undefined field: {why}{tell_group(name)}"
    if found := NO_NAME.search(why):
        return _tell_no_name(found[1], schema)
    if found := NO_OVERLOAD.search(why):
        kinds = [TYPES.get(kind, kind) for kind in found[2].split(", ")]
        return _tell_misfit(found[1].strip("_@").replace("_", " ").strip(), kinds)
    if why.startswith("invalid int literal"):
        return "the number is too large: a whole number has at most 18 digits"
    if why.startswith("Syntax error"):
        ends = "<EOF>" in why.partition(" expecting ")[0]
        ends_early = "the condition ends too early: is a bracket or a quotation not closed?"
        return ends_early if ends else "something is missing or too much here"
    return why


def _tell_no_name(name: str, schema: Schema) -> str:
    if name == "has_term":
        return "has_term() takes one text in quotes, without a backslash"
    if group := tell_group(name):
        return f"undeclared: there is no fact {name}{group}"
    told = "is for ranges" if name in COMPARED else f"is no fact{name_nearest_fact(name, schema)}"
    return f"undeclared: {name} {told}; a text stands in quotes, a fact has its group before it"


def _tell_misfit(sign: str, kinds: list[str]) -> str:
    told = f"{sign} does not go with {' and '.join(kinds)}"
    if sorted(kinds) == ["a list of texts", "a text"]:
        return f'{told}: whether a text is in a list, write "XX" in ad.countries'
    if sign == "!":
        return f"{told}: it goes before yes or no; write != or !(a == b)"
    return f"{told}; both sides are of one type"


OF_GROUPS = {
    "p": "params: [{}], which has a file of its own",
    "register": "registers: [{}], which has a map of its own",
    "window": "window:, which the rule needs for it",
    "election": "window:, which the rule needs for it",
    "sum": "sum:, and read it in a clause",
}


def tell_group(name: str) -> str:
    """What a file has to say so that there are such facts."""
    group, _, field = name.partition(".")
    wanted = OF_GROUPS.get(group, "").format(field.partition("_lists_")[0])
    return f"; write {wanted}" if field and wanted else ""


def name_nearest_fact(name: str, schema: Schema) -> str:
    """Which fact is nearest, in words; empty: none is near."""
    bare = {each.partition(".")[2]: each for each in schema}
    near = get_close_matches(name, schema, 1) or [
        bare[each] for each in get_close_matches(name.rpartition(".")[2], bare, 1)
    ]
    return f"; the nearest is {near[0]}" if near else ""
