"""Which words a fact can have: a rule that looks for another never matches, so it does not load.

Countries and languages are codes of ISO 3166-1 and 639 (as CLDR lists them), currencies of ISO 4217; folded
texts and host names have small letters. Sources are those with a schedule. What feeds and calendars name as
they like is held against the names that are known: a slip of one is none. `find_strange` goes over a
condition.
"""

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache, partial

from babel import Locale

from archive.records.money import EXPONENTS
from archive.records.projection import fold_text, list_domains
from archive.text.words import frame_words
from config.overlay import SHIPPED_DIR
from oversight.language import Node
from oversight.language.ast import (
    Compare,
    Fact,
    ForItems,
    InList,
    Item,
    Literal,
    OneOf,
    SearchText,
    TextTest,
    list_children,
)
from oversight.reference.countries import check_country
from oversight.rules.made_facts import DERIVED, STATED, write_kind

STATES = ("seen", "vanished")
DECLARERS = ("platform", "advertiser", "feed", "rule", "person")
PLATFORMS = ("meta", "google", "snap", "tiktok", "microsoft")
MEDIA_TYPES = ("image", "video", "text", "carousel", "audio")
DIMENSIONS = (
    *("age", "gender", "location", "region", "electoral_district", "radius", "metro"),
    *("postal_code", "location_category", "interest", "segment", "demographic", "language"),
    *("operating_system", "connection", "carrier"),
)
ELECTIONS = ("legislative", "presidential", "referendum", "by_election", "local", "european")
SURFACES = (
    "facebook",
    "instagram",
    "messenger",
    "audience_network",
    "threads",
    "whatsapp",
    "youtube",
)
FOLDED = ("ad.text_folded", "ad.text_words")
SELLER_OF = {"youtube": "google", "snapchat": "snap"}
IN_ANY_CASE = re.compile(r"\(\?[a-zA-Z]*i")
OF_PATTERN = re.compile(
    r"(?P<kept>\\[pP](?:\{[^}]*\}|.)|\\x(?:\{[^}]*\}|..)|\\.|\(\?P?<\w+>)|.", re.DOTALL
)
"""The parts of a pattern of RE2: `kept` are names of classes, codes and groups, else a letter or a sign."""

SLIP = 0.8
"""So alike are a name and a slip of it, after Ratcliff and Obershelp."""


def _check_currency(word: str) -> str | None:
    if word in EXPONENTS:
        return None
    near = get_close_matches(word.upper(), EXPONENTS, 1, 0.5)
    return f"write {near[0]}" if near else "write a code of ISO 4217 such as EUR"


def _check_language(word: str) -> str | None:
    names = Locale("en").languages
    if word in names:
        return None
    codes = {name.casefold(): code for code, name in names.items()}
    near = word.lower() if word.lower() in names else codes.get(word.casefold())
    return f"write {near}" if near else "write a code of ISO 639-1 such as el"


def _check_one_of(words: tuple[str, ...], about: str, word: str) -> str | None:
    return None if word in words else f"write one of {', '.join(words)}: {about}"


def _check_source(word: str) -> str | None:
    sources = list_sources()
    if word in sources:
        return None
    named = [source for source in sources if write_kind(word) in source.split("_")]
    near = named or get_close_matches(word, sources, 1) or sources
    return f"write {' or '.join(near)}: by whom it was published is ad.platform"


@cache
def list_sources() -> list[str]:
    """The ids of sources: each has a schedule of its name."""
    return sorted(path.stem for path in (SHIPPED_DIR / "schedules").glob("*.yaml"))


def _find_slip(known: tuple[str, ...], word: str) -> str | None:
    near = [] if word in known else get_close_matches(write_kind(word), known, 1, SLIP)
    return f"write {near[0]}" if near else None


def _check_kind(known: tuple[str, ...], word: str) -> str | None:
    written = write_kind(word)
    return _find_slip(known, word) or (None if word == written else f"write {written}")


def _check_surface(word: str) -> str | None:
    if word.lower() in PLATFORMS:
        return "write ad.platform for who sells the space"
    return _check_kind(SURFACES, word)


def _check_platform(word: str) -> str | None:
    if word.lower() in (*SURFACES, *SELLER_OF):
        seller = SELLER_OF.get(word.lower(), "meta")
        return f"write {seller}, who sells the space, or ad.surfaces for where it was shown"
    return _find_slip(PLATFORMS, word) or (
        None if word == word.lower() else f"write {word.lower()}"
    )


def _check_folded(word: str) -> str | None:
    folded = fold_text(word)
    # Spaces at the ends of what is looked for are meant: they end a word.
    return None if folded == " ".join(word.split()) and "  " not in word else f"write {folded}"


def _check_words(word: str) -> str | None:
    framed, sought = frame_words(word).strip(), word.strip(" ")
    if framed == sought:
        return None
    return f"write {framed}" if framed else "signs are no words: look for them in ad.text"


def _check_pattern(pattern: str) -> str | None:
    """What is wrong with a pattern for a folded text: a letter that no folded text has."""
    if IN_ANY_CASE.search(pattern):
        return None
    folded = OF_PATTERN.sub(lambda m: m[0] if m["kept"] else m[0].casefold(), pattern)
    return None if folded == pattern else f"write {folded}"


def _check_domain(word: str) -> str | None:
    hosts = list_domains([word])
    return None if hosts == [word] else f"write {hosts[0] if hosts else 'a host name'}"


VOCABULARY: dict[str, Callable[[str], str | None]] = {
    "ad.countries": check_country,
    "election.country": check_country,
    "ad.currency": _check_currency,
    "ad.languages": _check_language,
    "ad.state": partial(_check_one_of, STATES, "whether its source still shows it"),
    "ad.declared_by": partial(_check_one_of, DECLARERS, "who says whether it is political"),
    "ad.countries_from": partial(_check_one_of, (STATED, DERIVED), "whence they are known"),
    "ad.source": _check_source,
    "ad.platform": _check_platform,
    "ad.surfaces": _check_surface,
    "ad.media_type": partial(_check_kind, MEDIA_TYPES),
    "ad.targeting_dimensions": partial(_check_kind, DIMENSIONS),
    "election.kind": partial(_find_slip, ELECTIONS),
    "ad.text_folded": _check_folded,
    "ad.text_words": _check_words,
    "ad.landing_domains": _check_domain,
}


def find_strange(node: Node) -> Iterator[tuple[str, str]]:
    """Each word the condition looks for in a fact that cannot have it, with what to write instead."""
    for fact, word in _list_words(node, {}):
        if told := tell_strange(fact, word):
            yield word, told
    for fact, pattern in _list_patterns(node):
        if better := _check_pattern(pattern):
            why = f"{fact} never matches “{pattern}”, whose capitals it does not have: {better}"
            yield pattern, why


def tell_strange(fact: str, word: str) -> str:
    """That a fact never has this word, and what to write instead; empty: it may."""
    told = VOCABULARY[fact](word) if word and fact in VOCABULARY else None
    return f"{fact} never has “{word}”: {told}" if told else ""


def _list_patterns(node: Node) -> Iterator[tuple[str, str]]:
    match node:
        case SearchText(TextTest.MATCHES, Fact(name), pattern) if name in FOLDED:
            yield name, pattern
    for child in list_children(node):
        yield from _list_patterns(child)


def _list_words(node: Node, items: dict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ForItems):
        items = {**items, node.variable: node.source.name}
    match node:
        case Compare(_, left, right):
            sides = ((left, right), (right, left))
            pairs = [(_name(one, items), other) for one, other in sides]
        case OneOf(item, options):
            pairs = [(_name(item, items), option) for option in options]
        case InList(item, source):
            pairs = [(source.name, item)]
        case SearchText(how, text, needle) if how is not TextTest.MATCHES:
            name = _name(text, items)
            pairs = [(name if name in FOLDED else "", Literal(needle))]
        case _:
            pairs = []
    for name, value in pairs:
        if name and isinstance(value, Literal) and isinstance(value.value, str):
            yield name, value.value
    for child in list_children(node):
        yield from _list_words(child, items)


def _name(node: Node, items: dict[str, str]) -> str:
    if isinstance(node, Item):
        return items.get(node.name, "")
    return node.name if isinstance(node, Fact) else ""
