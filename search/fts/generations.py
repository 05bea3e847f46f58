"""Which generation of the embedded engine's tables answers, and what stands beside it."""

import re

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, inspect, text
from sqlmodel import Session

from search.copy_mark import CopyMark, UpTo
from search.fts.tables import SearchTables, past_of, tables_of

_COPY = Table(
    "search_copy",
    MetaData(),
    Column("number", Integer, primary_key=True),
    *(Column(name, String, nullable=False) for name in ("archive_id", "realm", "token")),
    Column("shape", String, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in ("seq", "at")),
)
"""One row: the generation that answers, and its mark."""

_OF_A_GENERATION = re.compile(r"search_(\d+)_(?:past_)?(ad|listed|touched|term|text|trigram|shown)")
_UNTIL_SHAPE_3 = "search_generation"


def read_generation(session: Session) -> tuple[SearchTables, CopyMark] | None:
    """The tables that answer, and what stands beside them; `None` when there are none."""
    connection = session.connection()
    # Asked with every question: SQLAlchemy would take five times as long.
    there = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'search_copy'")
    if there.first() is None:
        return None
    row = connection.exec_driver_sql("SELECT * FROM search_copy").mappings().first()
    # A program before this one noted other columns.
    if row is None or set(row.keys()) != set(_COPY.c.keys()):
        return None
    said = dict(row)
    return tables_of(said.pop("number")), CopyMark(**said)


def set_generation(session: Session, tables: SearchTables, mark: CopyMark) -> None:
    """Let a generation answer from now on."""
    connection = session.connection()
    _COPY.drop(connection, checkfirst=True)
    _COPY.create(connection)
    connection.execute(_COPY.insert().values(number=tables.number, **vars(mark)))


def move_mark(session: Session, up_to: UpTo) -> None:
    """Note up to which change the generation that answers follows."""
    session.connection().execute(_COPY.update().values(**up_to._asdict()))


def make_next(session: Session) -> SearchTables:
    """Tables of a new generation, empty; of those that do not answer none stays."""
    answering = read_generation(session)
    kept = answering[0].number if answering else 0
    numbers = _list_numbers(session)
    sweep(session, kept)
    tables = tables_of(max(numbers, default=0) + 1)
    for each in (tables, past_of(tables)):
        each.create(session)
    return tables


def sweep(session: Session, kept: int) -> None:
    """Drop every generation but one."""
    for number in _list_numbers(session) - {kept}:
        for tables in (tables_of(number), past_of(tables_of(number))):
            tables.drop(session)
    session.connection().execute(text(f"DROP TABLE IF EXISTS {_UNTIL_SHAPE_3}"))


def _list_numbers(session: Session) -> set[int]:
    names = inspect(session.connection()).get_table_names()
    return {int(match[1]) for name in names if (match := _OF_A_GENERATION.fullmatch(name))}
