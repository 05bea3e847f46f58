"""Column types that mean the same on SQLite and PostgreSQL."""

from sqlalchemy import BigInteger, Integer

BIG_ID = BigInteger().with_variant(Integer, "sqlite")
"""Key of a growing table; SQLite numbers rows by itself only for a plain INTEGER key."""
