"""Good files of every kind of configuration, and everything that can be wrong with one."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from config.settings import Settings
from config.yaml_files import MAX_BYTES

RULE = """
id: good
version: 1
title: Harbour ads name their payer
jurisdiction: XX
legal_basis: [{cite: Harbour Act s. 1, evidence: memory}]
validity: {statuses: [{from: 2020-01-01, status: in_force}]}
review_on: null
unit_of_violation: ad
stage: active
kind: disclaimer.missing
says: The payer must be named.
window: {from: polling_day - P1D, to: poll_closes}
params: [good]
applies_when: {when: '"XX" in ad.countries', cite: s. 1}
requires: {when: size(ad.payer_name) > 0, cite: s. 2}
severity: low
tests:
  - name: named
    ran: {from: 2020-05-01, to: 2020-05-02}
    election: {country: XX, polling_days: [2020-05-03], polls: [{zone: UTC, opens: 07:00, closes: 19:00}]}
    facts: {ad.countries: [XX], ad.payer_name: Jo}
    expect: met
  - name: blank
    ran: {from: 2020-05-01, to: 2020-05-02}
    election: {country: XX, polling_days: [2020-05-03], polls: [{zone: UTC, opens: 07:00, closes: 19:00}]}
    facts: {ad.countries: [XX], ad.payer_name: {missing: not_disclosed}}
    expect: not_met
  - name: not given
    election: {country: XX, polling_days: [2020-05-03], polls: [{zone: UTC, opens: 07:00, closes: 19:00}]}
    facts: {ad.countries: [XX]}
    expect: cannot_tell
"""
SHAPE = "title: T\nsource: {cite: none, evidence: memory}\ncolumns: {name: Name}\n"
GOOD = {
    "params/{}.yaml": """
id: good
title: A figure
type: int
values: [{from: 2020-01-01, value: 5, source: {cite: none, evidence: memory}}]
""",
    "elections/xx/{}.yaml": """
id: good
title: A vote
country: XX
kind: council
polling_days: [2020-01-01]
polls: [{zone: UTC, opens: 07:00, closes: 19:00}]
sources: [{cite: none, evidence: memory, about: [polling_days, polls]}]
""",
    "holidays/{}.yaml": """
country: XX
first_on: 2020-01-01
last_on: 2020-12-31
days: [2020-01-01]
source: {cite: none, evidence: memory}
""",
    "rules/xx/{}.yaml": RULE,
    "schedules/{}.yaml": "every: never\n",
    "credentials/{}.yaml": "owner: The Desk\nexpires_on: 2020-01-01\n",
    "column_maps/{}.yaml": "title: T\npublisher: P\ncolumns: {ref: id, platform: where}\n",
    "feeds/{}.yaml": "title: P\npublisher: P\nlicence: CC0\nurl: https://panel.example/x\ncolumn_map: good\n",
    "registers/{}.yaml": SHAPE + "is_complete: true\nfresh_days: 30\n",
    "labels/{}.yaml": SHAPE.replace("name: Name", "ad: Ad"),
}
RATES = "date,currency,units_per_eur,source\n2020-01-01,XXA,2,the bank\n"
SOURCES = ("schedules", "credentials")
"""Their files have the names of sources."""

LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
Bad = Callable[[str], str | bytes]
BAD: dict[str, tuple[Bad, str]] = {
    "no_yaml": (lambda _: "id: [", "not YAML"),
    "no_mapping": (lambda _: "- 1\n", "a file is fields with their values"),
    "empty": (lambda _: "", "empty"),
    "control_character": (lambda good: f"{good}# \x07\n", "control character"),
    "given_twice": (lambda good: good + good.lstrip().splitlines()[0], "given twice"),
    "impossible_day": (lambda good: good.replace("2020-01-01", "2023-02-30"), "2023|date|day"),
    "nested": (lambda good: f"{good}x: " + "{" * 100, "key is a text|nested|not YAML"),
    "nested_lists": (lambda good: f"{good}x: " + "[" * 100, "nested more than 40 deep"),
    "many_digits": (lambda good: f"{good}version: {'9' * 5000}\n", "twice|no such field"),
    "number_beyond_unicode": (lambda good: f'{good}x: "\\UFFFFFFFF"\n', "number is too large"),
    "too_long": (lambda good: good + "#" * MAX_BYTES * 40, "longer than"),
    "laughs": (lambda _: LAUGHS, "anchors, aliases"),
    "not_utf8": (lambda good: good.encode() + b"# \xff\n", "not UTF-8"),
    "utf16": (lambda good: good.encode("utf-16"), "not UTF-8"),
    "wrong_types": (
        lambda good: re.sub(r"^(\w+):.*", r"\1: {a: [b]}", good, flags=re.MULTILINE),
        ".",
    ),
    "unknown_key": (lambda good: f"{good}surprise: 1\n", "surprise: there is no such field"),
}
DATELESS = ("schedules", "column_maps", "feeds", "registers", "labels")
ODD_NAMES = ("two\nlines", os.fsdecode(b"not-\xff-utf8"))
BAD_RATES: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "the column is missing"),
    "not_utf8": (RATES.encode() + b"\xff", "not UTF-8"),
    "nul": (f"{RATES}2020-01-02,XXA,\x00,x\n", "not a rate"),
    "long_field": (f'{RATES}2020-01-02,XXA,"{"2" * 200_000}",x\n', "not CSV|not a rate"),
    "impossible_day": (RATES.replace("2020-01-01", "2023-02-30"), "not a day"),
    "many_digits": (RATES.replace(",2,", f",{'9' * 5000},"), "not a rate"),
    "too_long": ("#" * (9 << 20), "longer than"),
}


def write(settings: Settings, place: str, text: str | bytes) -> Path:
    path = settings.home / "config" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def write_bad_files(settings: Settings) -> dict[Path, str]:
    """Everything that can be wrong, in every folder; gives what must be said of each."""
    said = write_one_bad_file_a_kind(settings)
    for place, good in GOOD.items():
        for name, (make, why) in BAD.items():
            if name != "impossible_day" or not place.startswith(DATELESS):
                said[write(settings, place.format(name), make(good))] = why
        folder, gone, pipe = (
            settings.home / "config" / place.format(n) for n in ("folder", "gone", "pipe")
        )
        folder.mkdir()
        gone.symlink_to("nowhere")
        os.mkfifo(pipe)
        said |= {folder: "this is no file", gone: "No such file", pipe: "this is no file"}
    for name, (text, why) in BAD_RATES.items():
        said[write(settings, f"fx/{name}.csv", text)] = why
    return said


def write_one_bad_file_a_kind(settings: Settings) -> dict[Path, str]:
    """A file in every folder that lacks what it needs, and one with a name that is no plain text."""
    said = {
        write(settings, place.format("one_key"), "id: one\n"): "Field required" for place in GOOD
    }
    said |= {write(settings, f"rules/{name}.yaml", ""): "empty" for name in ODD_NAMES}
    return said | {write(settings, "fx/one_key.csv", "id: one"): "the column is missing"}
