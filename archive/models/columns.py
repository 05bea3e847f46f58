"""Column types that mean the same on SQLite and PostgreSQL."""

import json
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import AutoString

from archive.records.canonical import canonical_json

BIG_ID = BigInteger().with_variant(Integer, "sqlite")
"""Key of a growing table; SQLite numbers rows by itself only for a plain INTEGER key."""


IN_BYTES = AutoString().with_variant(String(collation="C"), "postgresql")
"""Text in the order of its bytes, which is that of its code points, as SQLite has it anyway."""

WITHHELD = (
    "What the source said and is not shown, by field; empty: everything is shown. `null` stands for a "
    "field withheld by a decision, of which only the evidence has the value."
)


class JsonText(TypeDecorator[dict[str, Any]]):
    """JSON kept as written, which PostgreSQL does not read again on every write.

    For values nobody asks the database about: checking its JSON was half the work of a version's row
    (docs/decisions/0004).
    """

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on PostgreSQL; SQLite keeps all JSON as text."""
        return Text() if dialect.name == "postgresql" else JSON()

    def process_bind_param(
        self, value: dict[str, Any] | None, dialect: Dialect
    ) -> dict[str, Any] | str | None:
        """Spell the value, where the type below does not."""
        return canonical_json(value).decode() if dialect.name == "postgresql" else value

    def process_result_value(
        self,
        value: Any | None,  # noqa: ANN401 (as the driver hands it in)
        dialect: Dialect,
    ) -> dict[str, Any] | None:
        """Read it back, where the type below does not."""
        if dialect.name == "postgresql" and value is not None:
            value = json.loads(value)
        read: dict[str, Any] | None = value
        return read


MAYBE_JSON = JSON(none_as_null=True)
"""JSON in a column that is mostly empty: no value is SQL's NULL, not the text `null`."""


def holds_json(kind: TypeEngine[Any]) -> bool:
    """Whether columns of a type hold lists and objects, however the engine keeps them."""
    return isinstance(kind, JSON | JsonText)
