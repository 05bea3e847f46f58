"""The cells of one row or the keys of one object, taken out by name; what is left is crawled.

Spiders take every field through here, so that a value that cannot be read is refused by its field's
name. The values themselves are read by `scrapers.readers.parsing`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from archive.bounds import UNKNOWN_TEXT
from archive.records.escaping import escape_text

Value = TypeVar("Value")

LONGEST_NAME = 80
LONGEST_REASON = 500
"""A refusal quotes what it refuses, and that may run to megabytes."""


def show_name(name: str) -> str:
    """The name of a column or key as reports show it."""
    return escape_text(name[:LONGEST_NAME]) or "(no name)"


class FieldError(ValueError):
    """A field of a record could not be read."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason[:LONGEST_REASON]
        super().__init__(f"{field}: {self.reason}")


class Fields:
    """What a row or object holds and no one has taken yet; the cells are its own from then on."""

    def __init__(self, cells: dict[str, Any]) -> None:
        self._cells = cells

    def __contains__(self, name: str) -> bool:
        return name in self._cells

    def take(self, name: str, parse: Callable[[Any], Value]) -> Value | None:
        """The field's value, `None` where it is blank or absent.

        Raises:
            FieldError: if the value cannot be read.
        """
        value = self._cells.pop(name, None)
        if value is None or value == "" or (isinstance(value, str) and value.isspace()):
            return None
        try:
            return parse(value)
        except FieldError:
            raise
        except (ValueError, TypeError) as error:
            raise FieldError(name, str(error)) from None

    def require(self, name: str, parse: Callable[[Any], Value]) -> Value:
        """The field's value.

        Raises:
            FieldError: if it is blank, absent or cannot be read.
        """
        value = self.take(name, parse)
        if value is None:
            raise FieldError(name, "is blank")
        return value

    def take_present(
        self, mapping: Mapping[str, tuple[str, Callable[[Any], Any]]]
    ) -> dict[str, Any]:
        """Our names and values for those of the source's fields that this row has at all.

        A field that is there but blank comes out as `None`, so that a record marks it not disclosed;
        one that is not there does not come out, so that a record marks it not provided.
        """
        return {
            ours: self.take(theirs, parse)
            for ours, (theirs, parse) in mapping.items()
            if theirs in self._cells
        }

    def rename(self, names: Mapping[str, str]) -> None:
        """Give fields of older shapes today's name, unless a field has it already."""
        for old, new in names.items():
            if old in self and new not in self:
                self._cells[new] = self._cells.pop(old)

    def nest(self, name: str, parts: Iterable[str]) -> None:
        """Put the dotted columns of a flattened object (`spend.lower_bound` …) together again."""
        cells = {part: self._cells.pop(f"{name}.{part}", None) for part in parts}
        given = {part: value for part, value in cells.items() if value not in ("", None)}
        self._cells[name] = given or None

    def leave(self, name: str, value: object) -> None:
        """Put back what was only understood in part, to stay under the source's name."""
        self._cells[name] = value

    def keep(self, names: Iterable[str]) -> dict[str, str]:
        """Those of the named fields that are not blank, word for word."""
        kept = {}
        for name in names:
            value = self._cells.pop(name, None)
            if value or value not in ("", None):
                kept[name] = _spell(value)
        return kept

    def rest(self) -> dict[str, str]:
        """What no one has taken and is not blank; what is no text is written as JSON.

        Raises:
            FieldError: if it is more than is kept of what we do not know.
        """
        kept = self.keep([name for name, value in self._cells.items() if value != ""])
        if sum(map(len, kept.values())) > UNKNOWN_TEXT.most:
            longest = max(kept, key=lambda name: len(kept[name]))
            raise FieldError(show_name(longest), UNKNOWN_TEXT.tell())
        return kept


def _spell(value: object) -> str:
    return (
        value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    )


def take_targeting(fields: Fields, columns: Mapping[str, tuple[str, str]]) -> list[dict[str, str]]:
    """Whom an ad aimed at, word for word, from columns of `(dimension, mode)`.

    The texts stay whole: sources join lists by commas that their items hold as well.
    """
    found = fields.keep(columns)
    return [
        {"dimension": columns[column][0], "mode": columns[column][1], "text": text.strip()}
        for column, text in found.items()
        if not text.isspace()
    ]


def explain_refusal(error: ValidationError) -> FieldError:
    """A record's refusal as the first field it names, in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "record"
    return FieldError(field, first["msg"].removeprefix("Value error, "))
