"""A field's meaning is written once, at its table; a view that shows it takes it from there."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from pydantic import BaseModel, Field, create_model

View = TypeVar("View", bound=BaseModel)


def quote_field(table: type[BaseModel], name: str) -> str:
    """The description of a table's field, word for word.

    Raises:
        KeyError: if the table has no such field.
        ValueError: if the field has no description.
    """
    text = table.model_fields[name].description
    if text is None:
        raise ValueError(f"{table.__name__}.{name} has no description")
    return text


def view_of(table: type[BaseModel], listed: str = "") -> Callable[[type[View]], type[View]]:
    """Let a view show fields of a table: those listed, and those that its class declares undescribed.

    `listed` is written as after SQL's SELECT: `"public_id as id, source"`. Each field has the table's
    description, and its type unless the class declares one: a narrower type, or one for code that reads it.
    No other field of the table is shown. Order: of the bases, of the list, of the class; it has no methods.

    Raises:
        KeyError: if the table has no such field.
    """

    def build(view: type[View]) -> type[View]:
        own = {name: view.model_fields[name] for name in view.__annotations__}
        parts = (text.partition(" as ") for text in listed.split(", ") if text)
        columns = {alias or name: name for name, _, alias in parts}
        columns |= {name: columns.get(name, name) for name in own}
        fields: dict[str, Any] = {}
        for name, column in columns.items():
            declared = own.get(name)
            type_of = (declared or table.model_fields[column]).annotation
            if declared is None or declared.description is None:
                declared = Field(description=quote_field(table, column))
            fields[name] = (type_of, declared)
        built = create_model(
            view.__name__,
            __base__=cast("tuple[type[View], ...]", view.__bases__),
            __module__=view.__module__,
            __doc__=view.__doc__,
            **fields,
        )
        for name in view.__class_vars__:
            setattr(built, name, getattr(view, name))
        return cast("type[View]", built)

    return build
