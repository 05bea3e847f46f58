"""Whether a list kept as JSON holds a value, asked in SQL."""

from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlmodel import Session

from archive.json_lists import unfold_list


def list_holds(session: Session, column: Any, value: str) -> ColumnElement[bool]:  # noqa: ANN401 (a mapped column)
    """Whether a JSON list of texts holds this very text."""
    items = unfold_list(session, column)
    return exists(select(1).select_from(items).where(items.c.value == value))
