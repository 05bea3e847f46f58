"""Rows in a file, checked against what the archive says of them; there whole or not at all."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType

from paidforby_client.connection import Connection, Row, Value, read_parts
from paidforby_client.errors import IncompleteError

ENDINGS = (".csv", ".jsonl", ".parquet")

CELL_ENDS = r"\n\r\t\v\f;\x1c-\x1e\x85\u2028\u2029"
UNSEEN = r" \x00-\x08\x0e-\x1b\x7f\xa0\xad\u1680\u180e\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufeff"
SIGNS = r"=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b-"
SPARED = re.compile(f"([{CELL_ENDS}])'(?='*[{UNSEEN}\"]*[{SIGNS}])")
"""An apostrophe that CSV has within an id and the id has not, as the API's description of downloads says."""


def find_ending(path: Path) -> str:
    """The ending of a file's name without its dot, if both files may be written.

    Raises:
        ValueError: if no such form can be had.
        FileExistsError: if something of either name is there.
    """
    if path.suffix not in ENDINGS:
        raise ValueError(f"{path.name!r} must end in one of: {', '.join(ENDINGS)}")
    for taken in (path, name_sidecar(path)):
        if taken.exists():
            raise FileExistsError(f"{taken} is there already; choose another name")
    return path.suffix[1:]


def name_sidecar(path: Path) -> Path:
    """Where what is known of a file's rows stands."""
    return path.with_name(f"{path.name}.meta.json")


def save_rows(connection: Connection, address: str, asked: Mapping[str, Value], path: Path) -> Row:
    """Write a file of rows, and beside it what the archive says of them, which is given back too.

    Raises:
        IncompleteError: if it broke off, or holds other rows than the archive says; then no file is left.
    """
    aside, beside = path.with_name(f".{path.name}.part"), name_sidecar(path)
    try:
        with connection.open(address, asked) as response, aside.open("wb") as file:
            file.writelines(read_parts(response))
        sidecar: Row = connection.read(response.links["describedby"]["url"])
        check_rows(aside, path.suffix, sidecar)
        beside.write_text(json.dumps(sidecar, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    finally:
        aside.unlink(missing_ok=True)
    return sidecar


def check_rows(path: Path, ending: str, sidecar: Row) -> None:
    """See to it that a file has the rows that the archive says there are.

    Raises:
        IncompleteError: if it has others.
    """
    rows, hashed, has_ids = 0, sha256(), "ids_sha256" in sidecar
    try:
        for row in READERS[ending](path):
            if has_ids:
                hashed.update(("\n" * (rows > 0) + row["id"]).encode())
            rows += 1
    except (ValueError, csv.Error) as error:
        raise IncompleteError(f"row {rows + 1} cannot be read: {error}") from error
    if rows != sidecar["rows"]:
        raise IncompleteError(f"rows came: {rows}; the archive has: {sidecar['rows']}")
    if has_ids and hashed.hexdigest() != sidecar["ids_sha256"]:
        raise IncompleteError("the ids that came are not those that the archive has")


def import_extra(module: str, extra: str) -> ModuleType:
    """A library that only some need.

    Raises:
        ImportError: saying how to install it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        told = f"{module} is missing: pip install 'paidforby-client[{extra}]'"
        raise ImportError(told) from error


def read_csv(path: Path) -> Iterator[Row]:
    """The rows of a CSV, with their ids as the archive has them.

    Raises:
        csv.Error: if a row has not all of its cells.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            if None in row.values():
                raise csv.Error("cells are missing")
            yield row | {"id": SPARED.sub(r"\1", row.get("id", ""))}


def read_json_lines(path: Path) -> Iterator[Row]:
    """The rows of JSON Lines."""
    with path.open("rb") as file:
        yield from map(json.loads, file)


def read_parquet(path: Path) -> Iterator[Row]:
    """The ids of a Parquet file, or its first columns where rows have none."""
    parquet = import_extra("pyarrow.parquet", "parquet")
    with parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
        for batch in file.iter_batches(columns=["id"] if "id" in names else names[:1]):
            yield from batch.to_pylist()


READERS = {".csv": read_csv, ".jsonl": read_json_lines, ".parquet": read_parquet}
