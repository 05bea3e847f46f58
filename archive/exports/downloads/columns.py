"""Columns of a stream: name, kind and meaning, taken from the view that defines the field.

`archive.exports.downloads.tables` puts them together; the forms write values by their kind.
"""

from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

KINDS = (bool, int, float, datetime, date, str)


@dataclass(frozen=True)
class Column:
    """One column of a stream."""

    name: str
    kind: type
    """str, int, float, bool, datetime, date; `list` for everything that is written as JSON."""
    description: str


CURSOR = Column(
    "cursor", str, "Given as `after`, a download goes on after this row; good for this list only."
)
"""The last column of every stream."""


def describe_columns(
    view: type[BaseModel], *, without: frozenset[str] = frozenset()
) -> list[Column]:
    """The fields of a view as columns, in their order, but for those named in `without`."""
    return [
        Column(name, _find_kind(field.annotation), field.description or "")
        for name, field in view.model_fields.items()
        if name not in without
    ]


def _find_kind(annotation: Any) -> type:  # noqa: ANN401 (a type form)
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not NoneType)
    if annotation is AwareDatetime:
        return datetime
    if not isinstance(annotation, type):
        return list
    return next((kind for kind in KINDS if issubclass(annotation, kind)), list)
