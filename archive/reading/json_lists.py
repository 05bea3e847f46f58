"""Lists kept as JSON, asked in SQL: the one place where SQLite and PostgreSQL differ about them."""

from typing import Any

from sqlalchemy import ColumnElement, TableValuedAlias, exists, func, select
from sqlmodel import Session


def list_holds(session: Session, column: Any, value: str) -> ColumnElement[bool]:  # noqa: ANN401 (a mapped column)
    """Whether a JSON list of texts holds this very text."""
    items = unfold_list(session, column)
    return exists(select(1).select_from(items).where(items.c.value == value))


def unfold_list(session: Session, listed: Any) -> TableValuedAlias:  # noqa: ANN401 (a column, or a bound list)
    """The items of a JSON list as rows with one column, `value`: text on PostgreSQL."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    unfold = func.json_each if is_sqlite else func.json_array_elements_text
    return unfold(listed).table_valued("value")
