"""What of each source may be republished, as lines for a terminal and rows for its page.

`paidforby sources --terms` and `scrapers/commands/source_pages.py` call it. It decides nothing: the terms
stand at the head of each spider and in the file of each feed.
"""

from collections.abc import Iterator, Mapping
from textwrap import wrap

from archive.reading.views import SourceView
from archive.records import Material, PartInfo
from archive.records.escaping import escape_text
from archive.records.sources import (
    ALLOWANCE_IN_WORDS,
    MATERIAL_IN_WORDS,
    WITHHELD_IN_WORDS,
    SourceInfo,
    Terms,
)

TERMS_SHOWN = {"id", "title", "publisher", "licence", "republish", "withheld", "parts"}
"""Fields of a source that are about its terms."""

WIDTH = 80


def tell_terms(view: SourceView) -> Iterator[str]:
    """A source's terms and those of its feeds, broken to 80 columns."""
    yield from _tell_part(view.id, view)
    for name, reason in view.withheld.items():
        yield from _fold(f"{name} {WITHHELD_IN_WORDS}: {reason}", 1)
    for name, part in view.parts.items():
        yield from _tell_part(f"{view.id}/{name}", part)


def _tell_part(name: str, part: PartInfo | SourceInfo) -> Iterator[str]:
    yield from _fold(f"{name}: {part.title}; terms of reuse: {part.licence}", 0)
    for material, term in part.republish.items():
        yield from _fold(f"{material} {ALLOWANCE_IN_WORDS[term.allows]}: {term.because}", 1)


def _fold(words: str, depth: int) -> list[str]:
    indent = "  " * depth
    following = f"{indent}  "
    return wrap(escape_text(words), WIDTH, initial_indent=indent, subsequent_indent=following)


def list_rows(
    terms: Mapping[Material, Terms], withheld: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    """Cells of a table: what, which fields, whether it may be shown, by what term."""
    for material, term in terms.items():
        may = ALLOWANCE_IN_WORDS[term.allows]
        yield material, MATERIAL_IN_WORDS[material], may, term.because
    for name, reason in withheld.items():
        yield "withheld", f"`{name}` of the source", WITHHELD_IN_WORDS, reason
