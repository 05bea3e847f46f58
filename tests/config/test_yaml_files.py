"""Reading configuration files: YAML without its traps, and errors that name the place."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, Field

from config import yaml_files
from config.overlay import SHIPPED_DIR, ConfigFile, Origin, list_config_files
from config.settings import Settings
from config.yaml_files import MAX_BYTES, FileModel, YamlFileError, YamlText, read_model
from oversight.reference.elections import Election
from oversight.reference.parameters import Parameter
from oversight.rules.schema import RuleFile
from scrapers.readers.column_maps import ColumnMap
from scrapers.spiders.ad_feed import FeedFile
from scrapers.work.plan.credentials import Credential
from scrapers.work.plan.schedule import Schedule

KINDS: dict[str, type[BaseModel]] = {
    "rules": RuleFile,
    "params": Parameter,
    "elections": Election,
    "schedules": Schedule,
    "feeds": FeedFile,
    "column_maps": ColumnMap,
    "credentials": Credential,
}


class Shelf(FileModel):
    country: str
    opens: str = ""
    books: tuple[int, ...] = ()
    made_on: date | None = None
    is_open: bool = False
    words: dict[str, str | None] = Field(default={})


def read(tmp_path: Path, text: str | bytes) -> Shelf:
    path = tmp_path / "shelf.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_model(ConfigFile("xx/shelf.yaml", path, Origin.LOCAL), Shelf)


def test_two_faults_of_one_line_are_both_told(tmp_path: Path) -> None:
    with pytest.raises(YamlFileError) as refused:
        read(tmp_path, "{country: NO, made_on: 1 May, is_open: maybe}")
    assert [fault.field for fault in refused.value.faults] == ["made_on", "is_open"]


def test_what_is_set_when_a_file_is_read_is_no_field_of_it() -> None:
    written = YamlText("xx_cap", b"id: xx_cap\nsha256: abc\ntitle: Cap\ntype: int\n")
    with pytest.raises(YamlFileError, match="line 2: sha256: there is no such field: leave it out"):
        written.read_as(Parameter)


@pytest.mark.parametrize(
    "words",
    [
        "NO no Yes y n on OFF True FALSE Null",
        "07:00 1:30 190:20:30 0o7 007 0x1F 0b1 1_000 1,000 +1 1.10 .5 1e3 .inf .nan",
        "2026-11-23 2026-02-30 2026-11-23T07:00:00Z",
        "= <<",
    ],
)
def test_a_word_is_the_text_that_was_written(tmp_path: Path, words: str) -> None:
    for word in words.split():
        shelf = read(tmp_path, f"country: {word}\nwords:\n  {word}: {word}\n")
        assert (shelf.country, shelf.words) == (word, {word: word})


def test_only_whole_numbers_true_false_and_null_are_more_than_texts(tmp_path: Path) -> None:
    listed = YamlText("x", b"a: [-7, 0, true, false, null, ~, '7', \"true\"]\nb: |\n  null\n")
    assert listed.values == {
        "a": [-7, 0, True, False, None, None, "7", "true"],
        "b": "null\n",
    }
    text = "country: NO\nbooks: [7, 0]\nmade_on: 2026-11-23\nis_open: true\nwords: {a: , 2019: x}"
    assert read(tmp_path, text) == Shelf(
        country="NO",
        books=(7, 0),
        made_on=date(2026, 11, 23),
        is_open=True,
        words={"a": None, "2019": "x"},
    )


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfcountry: NO") == Shelf(country="NO")


@pytest.mark.parametrize(
    ("text", "line", "field", "why"),
    [
        ("country: NO\ncountry: SE", 2, "", "country is given twice"),
        ("country: NO\nbooks: [1, {a: 1, a: 2}]", 2, "", "a is given twice"),
        ("country: NO\nwords:\n  1: a\n  '1': b", 4, "", "1 is given twice"),
        ("country: NO\n\ncolour: red", 3, "colour", "no such field"),
        ("country: NO\nbooks:\n  - 1\n  - many", 4, "books[1]", "a whole number"),
        ("country: NO\nbooks: ['1']", 2, "books[0]", "a whole number"),
        ("country: 1", 1, "country", "a text belongs"),
        ("country: NO\nis_open: yes", 2, "is_open", "true or false"),
        ("country: NO\nmade_on: 2026-02-30", 2, "made_on", "is no day"),
        ("country: NO\nmade_on: 20261123", 2, "made_on", "is no day"),
        (f"country: NO\nbooks: [{'1' * 5000}]", 2, "books[0]", "a whole number"),
        ("opens: x", 1, "country", "required"),
        ("# a shelf\n\nopens: x", 3, "country", "required"),
        ("a: &a [1]\nb: *a", 1, "", "anchors, aliases and tags"),
        ("country: &a NO", 1, "", "anchors, aliases and tags"),
        ("country: NO\nopens: *a", 2, "", "anchors, aliases and tags"),
        ("country: !!python/name:os.system x", 1, "", "anchors, aliases and tags"),
        ("country: NO\n!!str opens: x", 2, "", "anchors, aliases and tags"),
        ("country: !!set {a, b}", 1, "", "anchors, aliases and tags"),
        ("country: NO\n? [a]\n: b", 2, "", "a key is a text"),
        ("country: [", 1, "", "expected"),
        ("country: NO\n\topens: x", 2, "", "a tab stands here: write spaces"),
        ("country: NO\nopens: \x07x", 2, "", "control character"),
        ('country: NO\nopens: "\\a"', 2, "", "control character"),
        ('country: NO\nopens: "\\0"', 2, "", "control character"),
        ('country: NO\nopens: "\\ud800"', 2, "", "control character"),
        ("country: NO\n---\ncountry: SE", 2, "", "a second document"),
        ("country: " + "[" * 2000, 1, "", "nested more than"),
        ("- 1", 1, "", "fields with their values"),
        ("---\n", 1, "", "fields with their values"),
        ("NO", 1, "", "fields with their values"),
        ("", 1, "", "empty"),
        ("# nothing yet\n", 2, "", "empty"),
        (b"country: NO\nopens: \xff", 2, "", "UTF-8"),
        (b"#" * (MAX_BYTES + 1), None, "", "longer"),
    ],
)
def test_an_error_names_file_line_field_and_reason(
    tmp_path: Path, text: str | bytes, line: int | None, field: str, why: str
) -> None:
    with pytest.raises(YamlFileError) as refused:
        read(tmp_path, text)
    error = refused.value
    assert (error.file, error.line, error.field) == (str(tmp_path / "shelf.yaml"), line, field)
    assert why in error.why


def read_shipped(kind: str) -> dict[str, str]:
    files = list_config_files(Settings(home=SHIPPED_DIR / "nowhere"), kind, ".yaml")
    texts = {file.path.stem: file.path.read_text(encoding="utf-8") for file in files}
    return texts or {"snap": "owner: The Data Desk\nexpires_on: 2026-03-01\n"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_shipped_file_is_of_the_strict_part(kind: str) -> None:
    for name, text in read_shipped(kind).items():
        assert YamlText(name, text.encode()).read_as(KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_both_parsers_read_the_same_on_the_same_lines(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text.encode() for text in read_shipped(kind).values()]
    quick = [vars(YamlText("x", text)) for text in texts]
    monkeypatch.setattr(yaml_files, "QUICK_LOADER", yaml.SafeLoader)
    assert [vars(YamlText("x", text)) for text in texts] == quick


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            lambda text: text + re.findall(r"^[a-z_]+: *\S.*$", text, re.MULTILINE)[0],
            "is given twice",
        ),
        (lambda text: text + "colour: red\n", "colour: there is no such field"),
        (lambda text: text.replace(": ", ": \x07", 1), "control character"),
        (lambda text: f"{text}---\n{text}", "a second document"),
        (lambda text: re.sub("(?m)^(title|every|owner): ", r"\1: &a ", text), "anchors, aliases"),
        (lambda _: "", "empty"),
    ],
)
def test_each_kind_of_file_is_as_strict(kind: str, spoil, why: str) -> None:
    name, text = min(read_shipped(kind).items())
    with pytest.raises(YamlFileError, match=rf"^{name}, line \d+: .*{why}"):
        YamlText(name, spoil(text).encode()).read_as(KINDS[kind])


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("rules", "validity.statuses[0].from"),
        ("rules", "legal_basis[0].read_on"),
        ("params", "values[0].from"),
        ("elections", "polling_days[0]"),
        ("credentials", "expires_on"),
    ],
)
def test_a_day_that_is_in_no_month_is_refused_by_line_and_field(kind: str, field: str) -> None:
    name, text = min(read_shipped(kind).items())
    key = re.split(r"[.\[]", field)[-1 if "." in field else 0]
    spoilt = re.sub(rf"({key}: \[?)\d{{4}}-\d\d-\d\d", r"\g<1>2021-02-30", text, count=1)
    line = spoilt[: spoilt.index("2021-02-30")].count("\n") + 1
    with pytest.raises(YamlFileError) as refused:
        YamlText(name, spoilt.encode()).read_as(KINDS[kind])
    assert (refused.value.line, refused.value.field) == (line, field)
    assert "is no day" in refused.value.why


def test_norway_is_a_country_in_schedules_rules_and_parameters() -> None:
    schedule = YamlText("snap", b"every: 1d\ncountries: [NO, SE]").read_as(Schedule)
    assert schedule.countries == ("NO", "SE")
    text = read_shipped("params")["eu_member_states"].replace("[AT,", "[NO, AT,", 1)
    states = YamlText("eu_member_states", text.encode()).read_as(Parameter)
    assert states.values[0].value[:2] == ("NO", "AT")
    election = min(read_shipped("elections").values()).encode()
    norway = re.sub(rb"(?m)^country: ..$", b"country: NO", election)
    assert YamlText("no", norway).read_as(Election).country == "NO"
