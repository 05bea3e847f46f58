"""A page about each source for `docs/sources/`, made of what its spider says of it and of nothing else.

`paidforby sources --docs` writes them, a test holds them against the spiders. They are never edited
by hand.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from archive.records import SourceInfo
from archive.records.money import format_units
from config.counts import write_count
from config.settings import SourceSettings
from scrapers.sources.spider import SourceSpider
from scrapers.sources.terms import list_rows
from scrapers.spiders import find_spiders

INDEX = "README.md"
MADE_BY = "Made by `paidforby sources --docs docs/sources` from the head of `{module}`."

LABELS: Mapping[str, str] = {
    "id": "Id",
    "title": "Title",
    "publisher": "Publisher",
    "kind": "Gives",
    "homepage": "For people",
    "documentation": "Documentation",
    "licence": "Terms of reuse",
    "access": "Robots or terms",
    "needs": "Needs",
    "partition_unit": "One partition",
    "asks_by_country": "Asked by country",
    "first_partition_year": "First year with a partition",
    "years_per_partition": "Years of such a partition",
    "seconds_between_requests": "Fastest pace",
    "data_gaps": "Does not tell",
    "fewest_records_per_run": "Expected at least",
    "most_records_per_run": "Expected at most",
    "plausible_fall_share": "Plausible fall",
    "plausible_spend_minor": "Plausible amount",
    "expected_blank_shares": "Expected blanks",
    "shown_fields": "Shown as they are",
    "amounts": "Amounts are",
    "amounts_tax": "Tax in them",
    "amounts_because": "By its word",
    "rounding": "Rounds amounts",
    "rounded_to_minor": "Rounded to",
    "missing_end": "An ad without an end runs",
}
"""What a page calls each field of a `SourceInfo`, in the order in which a reader asks."""

IN_TERMS = ("republish", "withheld")
"""Fields of a `SourceInfo` that have a table of their own."""


def write_pages(folder: Path) -> None:
    """Write the page of each source and their index, and delete pages of sources that are no more."""
    pages = make_pages()
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, "utf-8")


def make_pages() -> dict[str, str]:
    """The text of each page by its file's name."""
    spiders = find_spiders()
    pages = {f"{source}.md": describe_source(spider) for source, spider in spiders.items()}
    return {INDEX: _list_sources([spider.info for spider in spiders.values()])} | pages


def describe_source(spider: type[SourceSpider]) -> str:
    """One source as a page of Markdown."""
    info = spider.info
    rows = [
        f"| {label} | {_escape(_tell_value(info, name))} | {_escape(_explain(name))} |"
        for name, label in LABELS.items()
    ]
    module = spider.__module__.replace(".", "/") + ".py"
    lines = [
        *(f"# {info.title}", ""),
        *("| | | what it means |", "| --- | --- | --- |", *rows, ""),
        *("## What may be republished", ""),
        *("| what | which fields | may it be shown | by what term |", "| --- | --- | --- | --- |"),
        *(_write_row(cells) for cells in list_rows(info.republish, info.withheld)),
        "",
        *_list_settings(spider.settings_type),
        *(MADE_BY.format(module=module), ""),
    ]
    return "\n".join(lines)


def _list_settings(kind: type[SourceSettings] | None) -> list[str]:
    """The variables an operator may set for a source, if there are any."""
    if kind is None:
        return []
    prefix = kind.model_config["env_prefix"]
    rows = [
        _write_row((f"`{prefix}{name.upper()}`", field.description or ""))
        for name, field in kind.model_fields.items()
    ]
    return ["## Settings", "", "| variable | what it means |", "| --- | --- |", *rows, ""]


def _list_sources(infos: list[SourceInfo]) -> str:
    rows = [
        f"| [{_escape(info.title)}]({info.id}.md) | {_escape(info.publisher)} | {info.kind} | "
        f"{_escape(info.needs or 'nothing')} |"
        for info in infos
    ]
    head = ["# Sources", "", "| source | publisher | gives | needs |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, ""])


def _explain(name: str) -> str:
    return SourceInfo.model_fields[name].description or ""


def _tell_value(info: SourceInfo, name: str) -> str:
    """What a source says in a field, in words where it says nothing."""
    value = getattr(info, name)
    tell = TELLERS.get(name)
    return tell(value) if tell else str(value)


def _tell_records(value: int | None) -> str:
    if value is None:
        return "no expectation"
    return write_count(value, "record")


def _tell_blanks(shares: Mapping[str, float]) -> str:
    told = (f"`{name}` in up to {share:.0%} of the ads" for name, share in shares.items())
    return "; ".join(told) or "no expectation"


def _tell_steps(steps: Mapping[str, int]) -> str:
    told = (f"{format_units(step, code)} {code}" for code, step in steps.items())
    return ", ".join(told) or "no step is known"


def _write_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_escape, cells))} |"


def _escape(text: str) -> str:
    """A text as a cell of a table."""
    return text.replace("|", r"\|").replace("\n", " ")


# Written out here, below its tellers; every other field is told as it stands.
TELLERS: Mapping[str, Callable[[Any], str]] = {
    "id": "`{}`".format,
    "needs": lambda value: value or "nothing",
    "shown_fields": lambda names: ", ".join(f"`{name}`" for name in names) or "none",
    "first_partition_year": lambda year: str(year or "partitions are not named by years"),
    "years_per_partition": str,
    "amounts": lambda value: value.replace("_", " "),
    "amounts_because": lambda value: value or "it says nothing of it",
    "missing_end": lambda value: value or "it does not say so",
    "rounding": lambda value: value or "no: amounts are taken as printed",
    "rounded_to_minor": _tell_steps,
    "asks_by_country": lambda value: "yes" if value else "no",
    "data_gaps": lambda value: value or "nothing known to be lacking",
    "seconds_between_requests": "one request in {:g} seconds".format,
    "fewest_records_per_run": _tell_records,
    "most_records_per_run": _tell_records,
    "plausible_fall_share": "{:.0%}".format,
    "plausible_spend_minor": lambda value: f"{value // 100:,} units of a currency with cents",
    "expected_blank_shares": _tell_blanks,
}
