"""The archive counted: `paidforby stats`, and the option of all commands that count ads."""

from typing import Annotated, Any

import typer

from archive.reading.sources.stats import count_archive
from archive.reading.visible import Include
from archive.store.database import read
from archive.terminal import AsJson, emit_json, format_table, open_or_exit, plain_errors, say
from config.settings import Settings

IncludeToo = Annotated[
    Include | None,
    typer.Option(help="unlabelled: also ads whose source gave them no political label."),
]


BY_SOURCE = {
    "ads": "ads",
    "unlabelled": "unlabelled",
    "ad_versions": "versions",
    "advertiser_spend": "advertiser spend",
    "disclosures": "disclosures",
    "quarantined": "quarantined",
}
"""What is shown of each source, and what it is called there."""


def stats(as_json: AsJson = False) -> None:
    """Count what the archive holds.

    Example: paidforby stats
    """
    engine = open_or_exit(Settings())
    with plain_errors(), read(engine) as session:
        counts = count_archive(session)
    if as_json:
        emit_json(counts)
        return
    _show_counts(counts)


def _show_counts(counts: dict[str, Any]) -> None:
    by_source = counts.pop("by_source")
    for name, number in counts.items():
        say(f"{name.replace('_', ' '):<18} {number if isinstance(number, str) else _spell(number)}")
    say()
    rows = [[source, *(number[key] for key in BY_SOURCE)] for source, number in by_source.items()]
    for line in format_table(["source", *BY_SOURCE.values()], rows):
        say(line)


def _spell(number: int | None) -> str:
    return "not set before the first run" if number is None else f"{number:>12,}"
