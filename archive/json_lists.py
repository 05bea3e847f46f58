"""Lists of JSON as rows of SQL: the one place where SQLite and PostgreSQL differ about them.

Counting and filtering by what a list holds go through here.
"""

from typing import Any

from sqlalchemy import TableValuedAlias, func
from sqlmodel import Session


def unfold_list(session: Session, listed: Any) -> TableValuedAlias:  # noqa: ANN401 (a column, or a bound list)
    """The items of a JSON list as rows with one column, `value`: text on PostgreSQL."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    unfold = func.json_each if is_sqlite else func.json_array_elements_text
    return unfold(listed).table_valued("value")
