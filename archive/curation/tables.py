"""Tables that people bring, CSV, a list of JSON or JSON Lines, read by a map of their columns.

Registers and labels come in through here. A file is taken whole or not at all; every fault names file, line
and field.
"""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from config.citations import Citation
from config.faults import tell_fault
from config.yaml_files import FileModel, YamlFileError, read_bytes

MAX_BYTES = 64 << 20
LONGEST_CELL = 2_000
MOST_FAULTS = 20
"""So many are told of one file."""

Line = TypeVar("Line", bound=FileModel)
Cells = dict[str, Any]


class TableFileError(YamlFileError):
    """A table cannot be taken; names file, line, field and reason."""


class CellError(ValueError):
    """A cell that no field takes."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


class TableShape(FileModel):
    """What a table is and which of its columns is which field of ours."""

    title: str = Field(min_length=1, description="What it is, in plain words.")
    source: Citation = Field(description="Where it comes from.")
    columns: dict[str, str] = Field(description="Our field -> the column, or key, it stands in.")
    constants: dict[str, str] = Field(default={}, description="Our field -> its value in each row.")
    day_form: str = Field(default="%Y-%m-%d", description="How days are written, after strptime.")


def read_table(path: Path, shape: TableShape, line: type[Line]) -> list[Line]:
    """Every row of a file, in order.

    Raises:
        TableFileError: naming up to 20 faults, each with line and field.
    """
    lines: list[Line] = []
    faults: list[YamlFileError] = []
    try:
        for number, cells in _read_rows(path, shape, line):
            try:
                lines.append(_read_line(cells, shape, line))
            except (ValidationError, CellError) as error:
                faults += [
                    _name_fault(path, number, shape, *each) for each in _list_faults(error, line)
                ]
                if len(faults) >= MOST_FAULTS:
                    break
    except (csv.Error, RecursionError, ValueError) as error:
        faults.append(TableFileError(str(path), None, "", f"cannot be read: {error}"))
    if not lines and not faults:
        faults.append(TableFileError(str(path), None, "", "there is no row in it"))
    if faults:
        first, *more = faults[:MOST_FAULTS]
        raise TableFileError(str(path), first.line, first.field, first.why, more)
    return lines


def _list_faults(
    error: ValidationError | CellError, line: type[FileModel]
) -> list[tuple[str, str]]:
    if isinstance(error, CellError):
        return [(error.field, str(error))]
    return [
        (
            ".".join(map(str, fault["loc"])),
            "Field required" if fault["type"] == "missing" else tell_fault(fault, line),
        )
        for fault in error.errors()
    ]


def _name_fault(path: Path, number: int, shape: TableShape, name: str, why: str) -> YamlFileError:
    column = shape.columns.get(name, name)
    field = name if column == name else f"{name} (column {column!r})"
    return TableFileError(str(path), number, field, why)


def _read_rows(path: Path, shape: TableShape, line: type[Line]) -> Iterator[tuple[int, Cells]]:
    """Each row with its line; of a list of JSON, with its place in the list, from 1."""
    if strange := (shape.columns.keys() | shape.constants.keys()) - line.model_fields.keys():
        known = ", ".join(line.model_fields)
        raise ValueError(f"the map names {min(strange)!r}, which is none of {known}")
    text = read_bytes(path, MAX_BYTES).decode("utf-8-sig")
    if text.lstrip()[:1] in ("[", "{"):
        return _read_objects(text)
    return _read_csv(text, shape)


def _read_csv(text: str, shape: TableShape) -> Iterator[tuple[int, Cells]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(rows, [])
    for column in shape.columns.values():
        if header.count(column) != 1:
            stands = "stands there twice" if column in header else "is not there"
            raise ValueError(f"the column {column!r} {stands}; there are: {', '.join(header[:40])}")
    for cells in rows:
        if cells and len(cells) != len(header):
            raise ValueError(f"line {rows.line_num} has {len(cells)} cells, not {len(header)}")
        if cells:
            yield rows.line_num, dict(zip(header, cells, strict=True))


def _read_objects(text: str) -> Iterator[tuple[int, Cells]]:
    is_list = text.lstrip().startswith("[")
    # A text of JSON may hold other ends of lines, such as U+2028.
    written = [text] if is_list else text.split("\n")
    for number, part in enumerate(written, 1):
        if part.strip():
            read = _read_json(part, number)
            for place, each in enumerate(read if is_list else [read], 1):
                if not isinstance(each, dict):
                    raise CellError("", f"row {place if is_list else number} is no object")
                yield place if is_list else number, each


def _read_json(text: str, line: int) -> Any:  # noqa: ANN401 (whatever a file says)
    try:
        return json.loads(text, object_pairs_hook=_read_object)
    except json.JSONDecodeError as error:
        place = f"line {line + error.lineno - 1}, column {error.colno}"
        raise ValueError(f"{place}: no JSON: {error.msg}") from None
    except ValueError as error:
        raise ValueError(f"from line {line}: {error}") from None


def _read_object(pairs: list[tuple[str, Any]]) -> Cells:
    if len(object_of := dict(pairs)) < len(pairs):
        raise ValueError(f"one of {', '.join(sorted(object_of)[:5])} … is given twice in a row")
    return object_of


def _read_line(cells: Cells, shape: TableShape, line: type[Line]) -> Line:
    written = {name: cells.get(column) for name, column in shape.columns.items()}
    values: dict[str, object] = {}
    for name, cell in (written | shape.constants).items():
        # A number with a point may be an id that a program rounded.
        if cell is not None and not isinstance(cell, str | int):
            raise CellError(name, "neither a text nor a whole number")
        text = str(cell if cell is not None else "").strip()
        if len(text) > LONGEST_CELL or not text.isprintable():
            raise CellError(name, f"more than {LONGEST_CELL} characters, or one that is no letter")
        if text:
            is_day = line.model_fields[name].annotation == date | None
            values[name] = _read_day(name, text, shape.day_form) if is_day else text
    return line.model_validate(values)


def _read_day(name: str, text: str, form: str) -> date:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        raise CellError(name, f"{text[:40]!r} is no day written as {form}") from None
