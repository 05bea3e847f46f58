"""What a column map says, and what of it could not work: a wrong map is refused whole when it is read.

`scrapers.readers.column_maps` reads tables by it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from archive.records import AdRecord
from archive.records.ads import BOUND_FIELDS
from config.yaml_files import FileModel
from scrapers.readers.column_readers import (
    READER_OF_FIELD,
    READERS,
    READERS_WITH_MORE,
    find_misuses,
)


class ColumnRule(FileModel):
    """One column; a name alone stands for a column read as its field is read mostly."""

    column: str = Field(min_length=1, description="Name of the column, or of the key in JSON.")
    read: str = Field(default="", description="How the value is written; empty: as mostly.")
    forms: list[str] = Field(
        default=[], description="Forms of a day or an instant, as `strptime` writes them."
    )
    separator: str = Field(
        default=",", min_length=1, description="What stands between the items of a `list`."
    )
    is_kept: bool = Field(
        default=False, description="The value stays word for word beside what was read of it."
    )

    @model_validator(mode="before")
    @classmethod
    def _read_name(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @field_validator("read")
    @classmethod
    def _check_reader(cls, value: str) -> str:
        known = READERS.keys() | READERS_WITH_MORE
        if value and value not in known:
            raise ValueError(f"{value!r} is none of {', '.join(sorted(known))}")
        return value


class ColumnMap(FileModel):
    """One shape of a table of ads: a file `column_maps/<name>.yaml`."""

    title: str = Field(description="What the tables of this shape are.")
    publisher: str = Field(description="Who made them.")
    homepage: str = Field(default="", description="Where they come from.")
    licence: str = Field(default="not stated", description="Terms of reuse.")
    columns: dict[str, ColumnRule] = Field(
        description="Our field -> the column it stands in; both ends of a figure may stand in one."
    )
    constants: dict[str, Any] = Field(
        default={},
        description="Our field -> its value in every row of this shape.",
    )
    kept: list[str] = Field(default=[], description="Columns kept word for word under their names.")
    left_out: list[str] = Field(default=[], description="Columns that say nothing about the ad.")
    zone: str = Field(
        default="UTC", description="Time zone of days, and of instants that name none (IANA)."
    )
    delimiter: str = Field(default=",", pattern=r'^[^"\r\n]$', description="Between cells.")
    encoding: str = Field(default="utf-8", description="Encoding of a table's text.")
    blank_words: list[str] = Field(
        default=[], description="Words that stand in a cell of a table where nothing is known."
    )
    is_partial: bool = Field(
        default=False, description="A table may lack columns besides that of `ref`."
    )

    @field_validator("zone")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone") from None
        return value

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, value: str) -> str:
        try:
            encoded = "a".encode(value)
        except (LookupError, ValueError):
            raise ValueError(f"{value!r} is no encoding of text") from None
        if encoded != b"a":
            raise ValueError(f"{value!r} is known by its mark when a file is opened; leave it out")
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _check_whole(cls, written: Any, read: ValidatorFunctionWrapHandler) -> Self:  # noqa: ANN401 (as written)
        """Refuse with all its faults at once a map that would lie, or could not read a row."""
        faults = list(_find_faults(written)) if isinstance(written, dict) else []
        try:
            shape: Self = read(written)
        except ValidationError as error:
            faults += _list_faults(error)
        if faults:
            raise ValidationError.from_exception_data("column map", faults)
        return shape


def find_twins(columns: Mapping[str, Any]) -> dict[str, str]:
    """Upper ends of figures that stand in the column of their lower end -> the lower end."""
    return {
        upper: lower
        for lower, upper in BOUND_FIELDS
        if upper in columns and columns[upper] == columns.get(lower)
    }


def _find_faults(written: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    """What could not work of a map as written, whether or not all of it can be read."""
    columns, constants = (
        value if isinstance(value := written.get(name), dict) else {}
        for name in ("columns", "constants")
    )
    if "ref" not in columns:
        yield _make_fault("no column is mapped to `ref`, the id of an ad", "columns")
    if "platform" not in columns.keys() | constants.keys():
        yield _make_fault("neither a column nor a constant says the `platform`", "constants")
    for field, rule in columns.items():
        if field not in READER_OF_FIELD:
            why = f"{field!r} is no field that a column can be mapped to"
            yield _make_fault(why, "columns", field)
        elif isinstance(rule, dict):
            for key, why in find_misuses(field, rule):
                yield _make_fault(why, "columns", field, key)
    yield from _find_wrong_constants(constants, columns)
    yield from _find_twice(columns, written)


def _find_wrong_constants(
    constants: Mapping[str, Any], columns: Mapping[str, Any]
) -> Iterator[InitErrorDetails]:
    for field in sorted(columns.keys() & constants.keys()):
        yield _make_fault(f"{field!r} is both a column and a constant", "constants", field)
    if "source_fields" in constants:
        yield _make_fault("it holds what each row says itself", "constants", "source_fields")
    try:
        AdRecord(**{"ref": "any", "platform": "any", **constants})
    except ValidationError as error:
        yield from _list_faults(error, "constants")


def _find_twice(
    columns: Mapping[str, Any], written: Mapping[str, Any]
) -> Iterator[InitErrorDetails]:
    """Columns of two meanings."""
    rules = [rule for field, rule in columns.items() if field not in find_twins(columns)]
    named = Counter(
        str(rule.get("column") if isinstance(rule, dict) else getattr(rule, "column", rule))
        for rule in rules
    )
    for part in ("kept", "left_out"):
        names = written.get(part)
        named.update(map(str, names) if isinstance(names, list) else ())
    for name in sorted(name for name, times in named.items() if times > 1):
        yield _make_fault(f"the column {name!r} is named twice")


def _make_fault(why: str, *place: str) -> InitErrorDetails:
    error = PydanticCustomError("column_map", "{why}", {"why": why})
    return InitErrorDetails(type=error, loc=place, input=None)


def _list_faults(error: ValidationError, *above: str) -> list[InitErrorDetails]:
    return [
        InitErrorDetails(
            type=each["type"],
            loc=(*above, *each["loc"]),
            input=each["input"],
            ctx=each.get("ctx", {}),
        )
        for each in error.errors()
    ]
