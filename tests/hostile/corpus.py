"""The corpus of hostile inputs as `corpus.yaml` writes it down, each entry with what is to come of it.

Its readers and values are multiplied: each hostile value stands once in a row of each reader, between two
good rows of the replica's own.
"""

import copy
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scrapers.replica.fixtures import FIXTURES
from scrapers.spiders.us_fec_bulk import AFTER_LAST, EXPENDITURE_COLUMNS
from tests.hostile import making, pictures

CORPUS = Path(__file__).parent / "corpus.yaml"


@dataclass(frozen=True)
class Entry:
    """One input: what is done with it, and what must be said and kept."""

    name: str
    kind: str
    given: dict[str, Any]

    def make(self) -> bytes:
        """The input's bytes: written out, or by the named function with what it is given."""
        made = self.given["make"]
        if isinstance(made, str):
            return made.encode("utf-8", "surrogatepass")
        if made[0] == "row":
            return spell_rows(*made[1:])
        room = pictures if self.kind == "picture" and made[0] != "given_file" else making
        data = getattr(room, made[0])(*made[1:])
        assert isinstance(data, bytes)
        return data


def read_corpus() -> list[Entry]:
    """Every entry, its name its own."""
    written = yaml.safe_load(CORPUS.read_text())
    entries = [
        Entry(f"{kind}: {name}", kind, {"make": ""} | given)
        for kind, named in written["entries"].items()
        for name, given in named.items()
    ]
    entries += multiply(written["readers"], written["values"])
    assert len({entry.name for entry in entries}) == len(entries)
    return entries


def multiply(
    readers: dict[str, dict[str, Any]], values: dict[str, dict[str, Any]]
) -> Iterator[Entry]:
    """Each value in the field that each reader has for its kind."""
    for title, reader in readers.items():
        for kind, of_kind in values.items():
            if kind not in reader:
                continue
            for name, value in of_kind.items():
                given = {
                    "source": reader["source"],
                    "file": reader["file"],
                    "make": ["row", reader, reader[kind], value],
                    "is_followed": kind == "when",
                }
                yield Entry(f"row: {title}, {kind}: {name}", "import", given)


def spell_rows(reader: dict[str, Any], field: str, value: object) -> bytes:
    """A file of the reader's: two good rows, and between them one with the value in a field."""
    one = read_fixture(reader)[0]
    ref = str(find(one, reader["ref"]))
    other, bad = copy.deepcopy(one), copy.deepcopy(one)
    for row, last in ((other, "6"), (bad, "7")):
        put(row, reader["ref"], ref[:-1] + last)
    put(bad, field, value)
    return SPELLERS[reader["shape"]](reader, [one, bad, other])


def read_fixture(reader: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the replica's, or ads as they are written in its answers."""
    text = (FIXTURES / reader["fixture"]).read_text("utf-8-sig")
    if reader["shape"] == "pipes":
        lines = csv.reader(io.StringIO(text), delimiter="|", quoting=csv.QUOTE_NONE)
        columns = [*EXPENDITURE_COLUMNS.split(), AFTER_LAST]
        return [dict(zip(columns, line, strict=True)) for line in lines]
    if reader["shape"] == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    if reader["shape"] == "lines":
        return [json.loads(line) for line in text.splitlines()]
    listed = json.loads(text)
    for key in reader["within"]:
        listed = listed[key]
    return [{k: v for k, v in ad.items() if not k.startswith("_")} for ad in listed]


def find(row: dict[str, Any], path: str) -> Any:
    """What stands under keys that are divided by `/`."""
    for key in path.split("/"):
        row = row[key]
    return row


def put(row: dict[str, Any], path: str, value: object) -> None:
    """Put something in the place of what stands there."""
    outer, _, last = path.rpartition("/")
    (find(row, outer) if outer else row)[last] = value


def spell_table(reader: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    is_piped = reader["shape"] == "pipes"
    how: dict[str, Any] = {"delimiter": "|", "quoting": csv.QUOTE_NONE, "escapechar": "\\"}
    table = csv.DictWriter(text, rows[0], lineterminator="\n", **(how if is_piped else {}))
    if not is_piped:
        table.writeheader()
    table.writerows(
        {key: value if isinstance(value, str) else json.dumps(value) for key, value in row.items()}
        for row in rows
    )
    return text.getvalue().encode("utf-8", "surrogatepass")


def spell_lines(_: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def spell_answer(reader: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    answer: Any = rows
    for key in reversed(reader["under"]):
        answer = {key: answer}
    return json.dumps(answer).encode()


SPELLERS = {"csv": spell_table, "pipes": spell_table, "lines": spell_lines, "answer": spell_answer}
