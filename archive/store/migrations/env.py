"""Runs migrations on the connection that `archive.store.setup` hands over."""

from alembic import context
from sqlmodel import SQLModel

import archive.models  # noqa: F401 (importing it registers every table)

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    # SQLite's own full-text tables belong to the search room, not to the archive.
    include_name=lambda name, kind, _parents: kind != "table" or name in SQLModel.metadata.tables,
)
with context.begin_transaction():
    context.run_migrations()
