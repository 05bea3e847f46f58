"""Whether a list kept as JSON holds a value, asked in SQL: the one place where engines differ here."""

from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlmodel import Session


def list_holds(session: Session, column: Any, value: str) -> ColumnElement[bool]:  # noqa: ANN401 (a mapped column)
    """Whether a JSON list of texts holds this very text."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    unfold = func.json_each if is_sqlite else func.json_array_elements_text
    items = unfold(column).table_valued("value")
    return exists(select(1).select_from(items).where(items.c.value == value))
