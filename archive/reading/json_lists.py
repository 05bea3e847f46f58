"""Whether a list kept as JSON holds a value, asked in SQL: the one place where engines differ here."""

from typing import Any

from sqlalchemy import ColumnElement, String, exists, func, literal, select
from sqlmodel import Session


def list_holds(session: Session, column: Any, value: str) -> ColumnElement[bool]:  # noqa: ANN401 (a mapped column)
    """Whether a JSON list of texts holds this very text."""
    engine = session.get_bind().dialect.name
    if engine == "duckdb":
        return func.json_contains(column, func.to_json(literal(value, String)))
    unfold = func.json_each if engine == "sqlite" else func.json_array_elements_text
    items = unfold(column).table_valued("value")
    return exists(select(1).select_from(items).where(items.c.value == value))
