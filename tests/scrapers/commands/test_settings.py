"""Every setting can be set as its page says, and says in one line what is wrong with its value."""

import json
import os
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import get_origin

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

import scrapers
from config.setting_forms import list_forms, list_kinds, name_variable, tell_wrong
from config.settings import Settings
from paidforby import app
from scrapers.commands.settings import HIDDEN, make_page
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings

PAGE = Path(scrapers.__file__).parents[1] / "docs" / "run" / "settings.md"

find_spiders()
FIELDS = [
    (kind, name, field)
    for kind in list_kinds()
    for name, field in kind.model_fields.items()
    if not field.exclude
]
LISTS = [(kind, name) for kind, name, field in FIELDS if get_origin(field.annotation) is list]
TWO = {
    "countries": ["FR", "DE"],
    "searches": ["FR", "DE quarry"],
    "allowed_hosts": ["api", "ads.example"],
    "mail_to": ["us@ads.example", "them@localhost"],
    "trusted_proxies": ["10.0.0.0/8", "::1"],
    "report_urls": ["https://reports.example/a.zip?key=1", "http://127.0.0.1:8700/b.zip"],
}
"""Two items that each list takes."""

SITES = ("PAIDFORBY_PUBLIC_URL", "PAIDFORBY_MEILISEARCH_URL")
NO_ADDRESS = (
    "foo",
    "ftp://ads.example",
    "https://",
    "http://ads example",
    "http://ads.example:0x1f",
)
WRONG_ADDRESSES = [
    *((name, value) for name in SITES for value in (*NO_ADDRESS, "https://ads.example/?page=1")),
    *(("PAIDFORBY_ALERT_WEBHOOK", value) for value in NO_ADDRESS),
    *(("PAIDFORBY_MAIL_FROM", value) for value in ("foo", "us@", "@example.org")),
]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PAIDFORBY_")]:
        monkeypatch.delenv(name)


def test_the_page_of_all_settings_is_current():
    assert PAGE.read_text("utf-8") == make_page(), (
        "type: paidforby settings --docs docs/run/settings.md"
    )


def test_no_setting_is_without_a_description_and_a_form():
    assert len(FIELDS) > 25
    assert [
        form for kind in list_kinds() for form in list_forms(kind) if not form.description
    ] == []


@pytest.mark.parametrize(("kind", "name"), LISTS)
@pytest.mark.parametrize("spell", [",".join, ", ".join, json.dumps])
def test_a_list_is_read_with_commas_and_as_json(kind, name, spell, monkeypatch):
    wanted = TWO[name]
    monkeypatch.setenv(name_variable(kind, name), spell(wanted))

    assert getattr(kind(), name) == wanted


def test_an_item_with_a_comma_is_written_as_json(monkeypatch):
    monkeypatch.setenv("PAIDFORBY_MICROSOFT_SEARCHES", '["FR droit, gauche"]')
    kind = next(kind for kind in list_kinds() if kind.__name__ == "MicrosoftSettings")

    assert kind().searches == ["FR droit, gauche"]


def spoil(field) -> str:
    """A value that a setting cannot take; empty: it takes any text."""
    kind = field.annotation
    if get_origin(kind) is list:
        return '["a king"'
    for each in (kind, *getattr(kind, "__args__", ())):
        if each in (int, float, date) or (isinstance(each, type) and issubclass(each, StrEnum)):
            return "a king"
    return ""


@pytest.mark.parametrize(("kind", "name", "field"), [f for f in FIELDS if spoil(f[2])])
def test_a_wrong_value_is_one_line_that_names_the_variable_and_the_form(
    kind, name, field, monkeypatch
):
    variable = name_variable(kind, name)
    monkeypatch.setenv(variable, spoil(field))

    with pytest.raises(ValidationError) as wrong:
        kind()

    (line,) = tell_wrong(wrong.value)
    assert line.startswith(f"{variable}: write ")
    assert spoil(field) not in line


@pytest.mark.parametrize(("kind", "name"), LISTS)
def test_a_wrong_item_of_any_list_is_named_and_its_form_said(kind, name):
    with pytest.raises(ValidationError) as wrong:
        kind(**{name: [TWO[name][0], "a: king", TWO[name][1], "/"]})

    (line,) = tell_wrong(wrong.value)
    variable, _, rest = line.partition(": ")
    assert variable == name_variable(kind, name)
    assert rest.startswith("item 2 (a: king), item 4 (/): write ")
    assert "such as `" in rest


@pytest.mark.parametrize("value", ["fr", "FRA", "US;FR"])
def test_what_is_no_country_is_refused_before_a_crawl(value, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_META_COUNTRIES", f"US,{value}")

    with pytest.raises(ValidationError) as wrong:
        MetaSettings()

    (line,) = tell_wrong(wrong.value)
    assert line.startswith(
        f"PAIDFORBY_META_COUNTRIES: item 2 ({value}): write two capital letters, such as `FR`, or `ALL`"
    )


def test_a_wrong_address_in_a_list_may_hold_a_key_and_is_told_by_its_number(monkeypatch):
    monkeypatch.setenv("PAIDFORBY_META_REPORT_URLS", "ftp://reports.example/a.zip?key=hunter2")
    with pytest.raises(ValidationError) as wrong:
        MetaSettings()
    (line,) = tell_wrong(wrong.value)
    assert line.startswith("PAIDFORBY_META_REPORT_URLS: item 1: write an address")
    assert "hunter2" not in line


@pytest.mark.parametrize(("variable", "value"), WRONG_ADDRESSES)
def test_what_is_no_address_is_refused_wherever_one_belongs(variable, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as wrong:
        Settings()
    (line,) = tell_wrong(wrong.value)
    assert line.startswith(f"{variable}: write ")
    assert "such as `" in line


@pytest.mark.parametrize("command", [["settings"], ["sources"], ["serve"], ["search", "quarry"]])
def test_an_address_of_another_kind_of_database_is_refused_by_every_command(command, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_DATABASE_URL", "mysql://us:hunter2@host/db")
    told = CliRunner().invoke(app, command)
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith(
        "PAIDFORBY_DATABASE_URL is not an address of PostgreSQL or SQLite"
    )
    assert "hunter2" not in told.stderr


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("PAIDFORBY_PUBLIC_ULR", "; did you mean PAIDFORBY_PUBLIC_URL?"),
        ("PAIDFORBY_META_COUNTRY", "; did you mean PAIDFORBY_META_COUNTRIES?"),
        ("paidforby_datbase_url", "; did you mean PAIDFORBY_DATABASE_URL?"),
        ("PAIDFORBY_KING", ""),
    ],
)
def test_a_mistyped_variable_is_told_with_the_nearest_setting(name, advice, monkeypatch):
    monkeypatch.setenv(name, "1")
    told = CliRunner().invoke(app, ["settings"])
    assert (told.exit_code, told.stderr) == (0, f"{name} is no setting{advice}\n")


def test_an_empty_value_counts_as_none(monkeypatch):
    for kind, name, _ in FIELDS:
        monkeypatch.setenv(name_variable(kind, name), "")

    assert [kind().model_fields_set for kind in list_kinds()] == [set() for _ in list_kinds()]


def test_what_is_in_force_is_shown_and_no_secret(monkeypatch):
    monkeypatch.setenv("PAIDFORBY_MAIL_PASSWORD", "hunter2")
    monkeypatch.setenv("PAIDFORBY_META_COUNTRIES", "FR,DE")
    monkeypatch.setenv("PAIDFORBY_DATABASE_URL", "postgresql://us:hunter2@host/db?password=hunter2")

    as_table, as_json = (CliRunner().invoke(app, ["settings", *rest]) for rest in ([], ["--json"]))

    rows = {row["variable"]: row for row in json.loads(as_json.stdout)["settings"]}
    assert "hunter2" not in as_table.stdout + as_json.stdout
    assert rows["PAIDFORBY_META_COUNTRIES"]["value"] == "FR,DE"
    assert rows["PAIDFORBY_MAIL_PASSWORD"]["value"] == HIDDEN
    assert [rows[name]["is_set"] for name in ("PAIDFORBY_HOME", "PAIDFORBY_DATABASE_URL")] == [
        False,
        True,
    ]
