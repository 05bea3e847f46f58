"""Column maps: which column of someone's table is which field of an ad, one YAML file a shape.

The spider `ad_feed` reads every feed and every imported dump by one. A map says how a value is
written, never what it is worth: what a reader does not understand is put aside with its line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from archive.records import AdRecord
from config.readings import Readings, read_models
from config.settings import Settings
from config.yaml_files import YamlFileError
from scrapers.readers.column_readers import READER_OF_FIELD, Reader, choose_reader
from scrapers.readers.column_shapes import ColumnMap, ColumnRule, find_twins
from scrapers.readers.fields import FieldError, Fields
from scrapers.readers.files import SourceFile
from scrapers.readers.objects import looks_like_json
from scrapers.readers.parsing import read_ref
from scrapers.readers.reading import Columns, Reading, Table, read_each_object, read_rows
from scrapers.readers.tables import TableFormat

FOLDER = "column_maps"
PLAIN = "plain"
"""The name of the map in which every column has the name of its field."""


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
        twins = find_twins(shape.columns)
        # A cell that names its currency says it for the amounts of other cells.
        for field in sorted(shape.columns, key=lambda name: shape.columns[name].read != "money"):
            if field not in {"currency", "ref", *twins}:
                values |= take_field(fields, shape, field, values.get("currency"))
        values |= {upper: values[lower] for upper, lower in twins.items() if lower in values}
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
    if field == "registration_refs":
        read = partial(_read_refs, read)
    taken = fields.take(rule.column, lambda value: (value, read(value)))
    if taken and rule.is_kept:
        fields.leave(rule.column, taken[0])
    value = taken[1] if taken else None
    if name == "money":
        currency, value = value or (currency, None)
        return {field: value, "currency": currency}
    return {field: value}


def _read_refs(read: Reader, value: object) -> list[str]:
    return [read_ref(item) for item in read(value)]


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
