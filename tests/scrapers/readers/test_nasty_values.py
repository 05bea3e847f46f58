"""Nasty values through every column of every reader: nothing breaks, no row is lost, its neighbours are read.

The values are kept in `tests/nasty_values.json`. The quick test puts each of them into one column or key of
each file, the slow one into all.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive.records import Unreadable
from scrapers.intake.pages import read_rows_but
from scrapers.readers.column_maps import PLAIN_MAP, MappedReader
from scrapers.readers.column_shapes import ColumnMap
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import NotRead
from scrapers.sources.spider import FileReader, read_delivery
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.library_spider import DUMP_COLUMNS
from tests.spoiled import list_fixtures, list_places

KEPT = json.loads(Path(__file__).parents[2].joinpath("nasty_values.json").read_text())
LONG = {name: unit * times for name, (unit, times) in KEPT["long"].items()}
TEXTS: list[str] = [*KEPT["texts"].values(), *LONG.values()]
JSON_TEXTS: list[str] = [
    *map(json.dumps, TEXTS),
    *KEPT["json"].values(),
    *(unit * times for unit, times in KEPT["long_json"].values()),
    *("[" * depth + "]" * depth for depth in KEPT["deep_json"].values()),
]
ANSWERS: dict[str, tuple[str, str, tuple[str | int, ...]]] = {
    "tiktok_commercial_content": ('{"data": {"ads": ', "}}", ("data", "ads", 0)),
    "microsoft_ad_library": ('{"value": ', "}", ("value", 0)),
}
"""Sources whose objects stand in an answer: what stands around the list, and where its first object is."""
MARK = "the place of a value"

EVERY_READER = """\
title: every way to read a column
publisher: Lamplight Observatory
constants: { platform: meta }
columns:
  ref: { column: ref, read: digits }
  advertiser_ref: { column: page, read: meta_page }
  landing_urls: { column: captions, read: domains, is_kept: true }
  bodies: { column: bodies, read: list, separator: "|" }
  started_at: { column: seen, forms: ["%d/%m/%Y %H:%M", iso] }
  ended_on: { column: last_day, forms: ["%d.%m.%Y"] }
  spend_lower_minor: { column: cost, read: money }
  spend_upper_minor: { column: cost, read: money }
  delivery: regions
kept: [note]
left_out: [row]
"""
EVERY_ROW = [
    "7",
    "41",
    "a.example",
    "Vote|Now",
    "02/11/2026 08:30",
    "09.11.2026",
    "5 EUR",
    "",
    "",
    "1",
]
EVERY_HEADER = [
    "ref",
    "page",
    "captions",
    "bodies",
    "seen",
    "last_day",
    "cost",
    "regions",
    "note",
    "row",
]


@dataclass(frozen=True)
class Example:
    """A file of one shape: who reads it, and a sound row or object of it."""

    reader: FileReader
    name: str
    header: Sequence[str] = ()
    row: Sequence[str] = ()
    item: dict[str, Any] | None = None
    before: str = ""
    """What stands before the list of objects, and behind it."""
    after: str = ""
    delimiter: str = ","


def list_examples() -> Iterator[Example]:
    """One of each shape that a spider or a column map reads."""
    for source, path in list_fixtures():
        reader, data = find_spiders()[source], path.read_bytes()
        if source in ANSWERS:
            before, after, keys = ANSWERS[source]
            item = json.loads(data)
            for key in (0, "answer", *keys) if isinstance(item, list) else ():
                item = item[key] if isinstance(key, int) or key in item else None
                if item is None:
                    break
            if item:
                yield Example(reader, path.name, item=item, before=before, after=after)
        elif data.lstrip()[:1] == b"{":
            item = json.loads(data.splitlines()[0] if b"\n{" in data else data)
            yield Example(reader, path.name, item=item["ads"][0] if "ads" in item else item)
        elif path.suffix == ".txt":
            row = data.decode("cp1252").splitlines()[0].split("|")
            yield Example(reader, path.name, row=row, delimiter="|")
        else:
            header, *_, row = csv.reader(io.StringIO(data.decode("utf-8-sig")))
            yield Example(reader, path.name, header, row)
    header = sorted(PLAIN_MAP.columns)
    plain = MappedReader("plain", PLAIN_MAP)
    given = {"ref": "1", "platform": "meta", "currency": "EUR"}
    yield Example(plain, "plain.csv", header, [given.get(name, "") for name in header])
    mapped = MappedReader("every", ColumnMap.model_validate(yaml.safe_load(EVERY_READER)))
    yield Example(mapped, "every.csv", EVERY_HEADER, EVERY_ROW)
    header = sorted(DUMP_COLUMNS.known - {"_id", "error"})
    given = {"id": "1", "page_id": "2", "page_name": "Harbour Party", "currency": "EUR"}
    row = [given.get(name, "") for name in header]
    yield Example(find_spiders()["meta_ad_library"], "dump.csv", header, row)


def spell_row(example: Example, row: Sequence[str]) -> str:
    if example.delimiter == "|":
        return "|".join(row) + "\n"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(row)
    return out.getvalue()


def spell_table(example: Example, *, whole: bool) -> tuple[bytes, int, set[int]]:
    """A sound row behind each spoiled one; how many rows there are, and the lines of those that are sound."""
    values = TEXTS
    if example.delimiter == "|":
        # Such a file has no quotes: these divide a row, as they would for whoever wrote it.
        values = [text for text in TEXTS if not {"|", "\n", "\r"} & set(text)]
    texts = [spell_row(example, example.header)] if example.header else []
    line, rows, sound = 1 + len(texts), 0, set[int]()
    for turn, value in enumerate(values):
        width = len(example.row)
        for column in range(width) if whole else [turn % width]:
            for is_sound in (False, True):
                rows += 1
                row = _number(example, rows)
                if is_sound:
                    sound.add(line)
                else:
                    row[column] = value
                texts.append(spell_row(example, row))
                line += texts[-1].count("\n")
    return "".join(texts).encode(errors="surrogatepass"), rows, sound


def _number(example: Example, number: int) -> list[str]:
    """The sound row about a page of its own: lines of one page are one statement."""
    row = list(example.row)
    for column, name in enumerate(example.header):
        if name.lower() in {"page id", "page name"}:
            row[column] = f"{row[column]}{number}"
    return row


def spell_objects(example: Example, *, whole: bool) -> tuple[bytes, int, set[int]]:
    """A sound object behind each spoiled one, each on a line of a list; as of a table."""
    places = list(list_places(example.item))
    sound = json.dumps(example.item)
    spelt = [sound]
    for turn, value in enumerate(JSON_TEXTS):
        for place in places if whole else [places[turn % len(places)]]:
            spoiled = inner = json.loads(sound)
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = MARK
            spelt += [json.dumps(spoiled).replace(json.dumps(MARK), value), sound]
    text = "\n" + ",\n".join(spelt) + "\n"
    return (
        f"{example.before}[{text}]{example.after}".encode(),
        len(spelt),
        set(range(2, len(spelt) + 2, 2)),
    )


def check(example: Example, *, whole: bool) -> None:
    is_table = example.item is None
    spell = spell_table if is_table else spell_objects
    data, rows, sound = spell(example, whole=whole)
    readings = read_rows_but(
        {}, list(read_delivery(example.reader, SourceFile.from_bytes(example.name, data)))
    )
    refused = [each for each in readings if isinstance(each, Unreadable)]
    assert {each.reason + each.detail for each in refused if each.detail} == set(), "foreseen"
    assert {each.file for each in refused} <= {example.name}
    of_rows = [each for each in refused if each.hides or each.ref]
    assert [each.reason for each in of_rows if each.line is None] == []
    kept = [each for each in readings if not isinstance(each, Unreadable | NotRead)]
    if any(isinstance(each, NotRead) for each in readings):
        return
    assert len(kept) + len(of_rows) == rows
    assert [(e.line, e.field, e.reason) for e in of_rows if not e.field] == []
    if any(each.line != 1 for each in of_rows):
        assert {each.line for each in of_rows} & sound == set()


EXAMPLES = [pytest.param(example, id=example.name) for example in list_examples()]


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_nasty_value_harms_no_row_but_its_own(example: Example) -> None:
    check(example, whole=False)


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES)
def test_no_nasty_value_in_any_column_or_key_loses_a_row(example: Example) -> None:
    check(example, whole=True)


IDS = (
    *(
        "adid",
        "ad_id",
        "advertiser_id",
        "committeeidentificationnumber",
        "page id",
        "page_id",
        "id",
    ),
    *("ref", "page", "advertiser_ref", "registration_refs", "adid", "advertiserid", "business_id"),
)
IDS_OF_FEC = {"oppexp.txt": (0, 21, 22), "cm.txt": (0, 14)}
"""Committee, payment and filing; committee and candidate: their files have no header."""
ROUNDED = ("1.23E+15", "1,23E+15", "6.39357e+14", "639357000000000.0", "639357000000000,00")


def list_ids() -> Iterator[object]:
    """Each column or key of an id, in each shape that has it, with each way to round one."""
    for example in list_examples():
        named = enumerate(name.lower() for name in example.header)
        columns = [(at,) for at, name in named if name in IDS]
        columns += [(at,) for at in IDS_OF_FEC.get(example.name, ())]
        keys = list_places(example.item) if example.item else ()
        for place in [*columns, *(key for key in keys if str(key[-1]).lower() in IDS)]:
            for rounded in ROUNDED:
                # Snap's committees stand in a list with commas.
                is_divided = "," in rounded and example.name == "PoliticalAds.csv"
                if "Zenith" not in example.name and not is_divided:
                    name = f"{example.name} {place} {rounded}"
                    yield pytest.param(example, place, rounded, id=name)


@pytest.mark.parametrize(("example", "place", "rounded"), list(list_ids()))
def test_an_id_that_a_program_rounded_is_refused_wherever_it_stands(
    example: Example, place: tuple[Any, ...], rounded: str
) -> None:
    if example.item:
        inner = item = json.loads(json.dumps(example.item))
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = rounded
        data = f"{example.before}[{json.dumps(item)}]{example.after}"
    else:
        row = list(example.row)
        row[place[0]] = rounded
        data = "".join(spell_row(example, each) for each in (example.header, row) if each)
    file = SourceFile.from_bytes(example.name, data.encode())
    (held,) = (each for each in read_delivery(example.reader, file) if isinstance(each, Unreadable))
    assert "an id that a spreadsheet has rounded" in held.reason
