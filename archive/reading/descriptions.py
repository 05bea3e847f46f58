"""A field's meaning is written once, at its table; a view that shows it quotes it from there."""

from pydantic import BaseModel


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
