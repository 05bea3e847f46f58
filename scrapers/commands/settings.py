"""`paidforby settings`: every setting with its value, and the page of them all for `docs/run/`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from archive.runs.captures import redact_url
from archive.store.database import read_address
from archive.terminal import AsJson, emit_json, format_table, note, plain_errors, say
from config.setting_forms import list_forms, list_kinds, list_odd_variables
from config.settings import Settings, SourceSettings
from scrapers.spiders import find_spiders

HIDDEN = "(set, not shown)"

HEAD = """# Every setting

Made by `paidforby settings --docs docs/run/settings.md` from what each setting says of itself; it is never
edited by hand.

A setting is a variable of the environment. A secret may stand in a file instead, `/run/secrets/` and the
variable in small letters; the environment wins. An empty value counts as none. `paidforby settings` says
which values are in force; a value that cannot be read ends every command with one line and exit code 2.
Items of a list that hold a comma themselves are written as JSON."""


def settings(
    docs: Annotated[
        Path | None, typer.Option(help="Write the page of all settings to this file instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Every setting: its value in force, and where it comes from.

    Example: paidforby settings --json
    """
    find_spiders()
    if docs:
        docs.parent.mkdir(parents=True, exist_ok=True)
        docs.write_text(make_page(), "utf-8")
        say(f"written: every setting in {docs}")
        return
    with plain_errors():
        rows = list(_list_values())
    for name, near in list_odd_variables(os.environ).items():
        note(f"{name} is no setting{f'; did you mean {near}?' if near else ''}")
    if as_json:
        emit_json({"settings": rows})
        return
    table = [[row["variable"], row["value"], "set" if row["is_set"] else "default"] for row in rows]
    for line in format_table(["variable", "value", "from"], table):
        say(line)
    say("next: what each is: docs/run/settings.md, or --json")


def make_page() -> str:
    """The page of all settings, of the archive first, then of each source."""
    parts = [HEAD]
    for kind in list_kinds():
        about = "This archive" if kind is Settings else (kind.__doc__ or "").removesuffix(".")
        parts += [
            f"\n## {about}\n",
            "| variable | default | value | what it is |",
            "| --- | --- | --- | --- |",
        ]
        parts += [
            f"| `{each.variable}` | {f'`{each.default}`' if each.default else '–'} | {each.form} "
            f"| {each.description.replace('|', chr(92) + '|')} |"
            for each in list_forms(kind)
        ]
    return "\n".join([*parts, ""])


def _list_values() -> Iterator[dict[str, Any]]:
    """Each setting with its value.

    Raises:
        DatabaseAddressError: if the database's address is none.
    """
    own = Settings()
    read_address(own.resolved_database_url)
    for kind in list_kinds():
        values = own if kind is Settings else _read_own(own, kind)
        names = (name for name, field in kind.model_fields.items() if not field.exclude)
        for name, form in zip(names, list_forms(kind), strict=True):
            is_set = name in values.model_fields_set
            yield vars(form) | {"value": _show(getattr(values, name)), "is_set": is_set}


def _read_own(own: Settings, kind: type[Settings | SourceSettings]) -> Settings | SourceSettings:
    return own.of(kind) if issubclass(kind, SourceSettings) else own


def _show(value: object) -> Any:  # noqa: ANN401 (what JSON takes)
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, list):
        return ",".join(map(_show, value))
    if isinstance(value, str) and "://" in value:
        return redact_url(value)
    return value if isinstance(value, int | float | None) else str(value)
