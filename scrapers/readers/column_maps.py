"""Column maps: which column of someone's table is which field of an ad, one YAML file a shape.

The spider `ad_feed` reads every feed and every imported dump by one. A map says how a value is
written, never what it is worth: what a reader does not understand is put aside with its line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from archive.records import AdRecord
from config.readings import Readings, read_models
from config.settings import Settings
from config.yaml_files import FileModel, YamlFileError
from scrapers.readers.column_readers import (
    READER_OF_FIELD,
    READERS,
    READERS_WITH_MORE,
    choose_reader,
)
from scrapers.readers.fields import FieldError, Fields
from scrapers.readers.files import SourceFile
from scrapers.readers.objects import looks_like_json
from scrapers.readers.reading import Columns, Reading, Table, read_each_object, read_rows
from scrapers.readers.tables import TableFormat

FOLDER = "column_maps"
PLAIN = "plain"
"""The name of the map in which every column has the name of its field."""


class ColumnRule(FileModel):
    """One column; a name alone stands for a column read as its field is read mostly."""

    column: str = Field(min_length=1, description="Name of the column, or of the key in JSON.")
    read: str = Field(default="", description="How the value is written; empty: as mostly.")
    forms: list[str] = Field(
        default=[], description="Forms of a day or an instant, as `strptime` writes them."
    )
    separator: str = Field(default=",", description="What stands between the items of a `list`.")
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
    columns: dict[str, ColumnRule] = Field(description="Our field -> the column it stands in.")
    constants: dict[str, Any] = Field(
        default={}, description="Our field -> its value in every row of this shape."
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

    @field_validator("columns")
    @classmethod
    def _check_fields(cls, columns: dict[str, ColumnRule]) -> dict[str, ColumnRule]:
        unknown = sorted(columns.keys() - READER_OF_FIELD.keys())
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no field that a column can be mapped to")
        if "ref" not in columns:
            raise ValueError("no column is mapped to `ref`, the id of an ad")
        return columns

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
            "a".encode(value)
        except (LookupError, ValueError):
            raise ValueError(f"{value!r} is no encoding of text") from None
        return value

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        """Refuse a map that two meanings of a column, or a wrong constant, would make lie."""
        named = [rule.column for rule in self.columns.values()] + self.kept + self.left_out
        twice = sorted(name for name in set(named) if named.count(name) > 1)
        if twice:
            raise ValueError(f"the column {twice[0]!r} is named twice")
        if both := sorted(self.columns.keys() & self.constants.keys()):
            raise ValueError(f"{both[0]!r} is both a column and a constant")
        if not {"platform"} & (self.columns.keys() | self.constants.keys()):
            raise ValueError("neither a column nor a constant says the `platform`")
        AdRecord(**({"ref": "any", "platform": "any"} | self.constants))
        return self


@dataclass(frozen=True)
class MappedReader:
    """Reads tables of one shape; `name` keeps the ids of its ads apart from others'."""

    name: str
    shape: ColumnMap

    def read(self, file: SourceFile) -> Iterator[Reading]:
        """The ads of a table, of JSON Lines, or of a JSON list."""
        shape = self.shape
        mapped = frozenset(rule.column for rule in shape.columns.values())
        known = frozenset({*shape.kept, *shape.left_out})
        if looks_like_json(file):
            yield from read_each_object(file, mapped | known, self.read_ad, self.find_ref)
            return
        required = frozenset({shape.columns["ref"].column}) if shape.is_partial else mapped
        columns = Columns(required=required, optional=mapped - required, expected=known)
        table = Table(columns, self.read_ad, shape.columns["ref"].column, read_ref=self.read_ref)
        form = TableFormat(
            shape.delimiter, encoding=shape.encoding, blank_words=frozenset(shape.blank_words)
        )
        yield from read_rows(file, table, form)

    def read_ref(self, cell: str) -> str:
        """The `ref` of the ad whose id stands in a cell.

        Raises:
            FieldError: if the cell is blank or cannot be read.
        """
        return self.take_ref(Fields({self.shape.columns["ref"].column: cell}))

    def find_ref(self, cells: Mapping[str, Any]) -> str | None:
        """The `ref` of an object's ad; `None` where it cannot be told."""
        try:
            return self.take_ref(Fields(dict(cells)))
        except FieldError:
            return None

    def take_ref(self, fields: Fields) -> str:
        """The `ref` of a row's ad; two feeds may number their ads alike.

        Raises:
            FieldError: if its column is blank or cannot be read.
        """
        ref = take_field(fields, self.shape, "ref", None).get("ref")
        if ref is None:
            raise FieldError(self.shape.columns["ref"].column, "is blank")
        return f"{self.name}/{ref}"

    def read_ad(self, fields: Fields) -> AdRecord:
        """One row as an ad; who says whether it is political is the feed, unless the map says.

        Raises:
            FieldError: naming the column that cannot be read.
            ValidationError: if the values contradict one another.
        """
        shape = self.shape
        fields.keep(shape.left_out)
        values: dict[str, Any] = {"declared_by": "feed", "day_zone": shape.zone} | shape.constants
        if "currency" in shape.columns:
            values |= take_field(fields, shape, "currency", None)
        for field in shape.columns.keys() - {"currency", "ref"}:
            values |= take_field(fields, shape, field, values.get("currency"))
        ref = self.take_ref(fields)
        # As with the refs of ads.
        if values.get("advertiser_ref"):
            values["advertiser_ref"] = f"{self.name}/{values['advertiser_ref']}"
        return AdRecord(ref=ref, **values, source_fields=fields.rest())


def take_field(
    fields: Fields, shape: ColumnMap, field: str, currency: str | None
) -> dict[str, Any]:
    """The field with its value, `None` where it is blank; nothing where there is no such column."""
    rule = shape.columns[field]
    if rule.column not in fields:
        return {}
    name = rule.read or READER_OF_FIELD[field]
    read = choose_reader(name, rule.forms, rule.separator, shape.zone, currency)
    taken = fields.take(rule.column, lambda value: (value, read(value)))
    if taken and rule.is_kept:
        fields.leave(rule.column, taken[0])
    return {field: taken[1] if taken else None}


PLAIN_MAP = ColumnMap(
    title="a feed that uses this archive's own names",
    publisher="whoever publishes the feed",
    columns={field: ColumnRule(column=field) for field in READER_OF_FIELD if field != "delivery"},
    is_partial=True,
)


def find_column_map(settings: Settings, name: str) -> ColumnMap:
    """The map of this name; the operator's file lies over the shipped one.

    Raises:
        YamlFileError: if there is none, or naming its file, line and field that is wrong.
    """
    if name == PLAIN:
        return PLAIN_MAP
    maps = read_column_maps(settings)
    found = maps.find(name)
    if found is None:
        why = f"there is no column map {name!r}; there are: {', '.join([PLAIN, *maps.values])}"
        raise YamlFileError(f"config/{FOLDER}", None, "", why)
    return found


def read_column_maps(settings: Settings) -> Readings[ColumnMap]:
    """The column maps by their names."""
    return read_models(settings, FOLDER, ColumnMap)
