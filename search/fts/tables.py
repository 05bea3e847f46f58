"""The tables of the embedded engine, in generations, so that a new copy can grow beside the old.

`search.embedded` and its two halves use them. They are no part of the archive's migrations: they hold
nothing that cannot be made again.
"""

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TableClause,
    column,
    literal_column,
    table,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable, SchemaItem
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session

from search.question.filters import BOUNDS, VALUE_FILTERS

TEXT_WEIGHTS: Mapping[str, int] = {
    "title": 4,
    "body": 2,
    "advertiser": 2,
    "payer": 2,
    "sponsor": 2,
    "picture": 1,
    "landing": 1,
    "id": 1,
}
"""Word lists (`search.question.language.WORD_LISTS`) and what a match in each counts."""

BETWEEN = "\ue002"
"""A word that nobody can type: no row of words goes across it."""


TOUCHES_KEPT = 50_000
"""Rows written of which the numbers are kept; who follows less closely reads all rows again."""


class SearchTables:
    """The tables of one generation: of ads as they are, or of their states before.

    A row of the latter has an id of its own; `ad_id` is the ad's in both.
    """

    def __init__(self, number: int, *, is_past: bool = False) -> None:
        self.number = number
        self.is_past = is_past
        self._prefix = f"search_{number}_past" if is_past else f"search_{number}"
        self._metadata = MetaData()
        self.ad = self._define_ad()
        self.listed = self._define(
            "listed",
            Column("ad_id", Integer, index=True),
            Column("name", String),
            Column("value", String),
        )
        Index(f"{self._prefix}_listed_by_value", *(self.listed.c[n] for n in _VISIBLE_KEY))
        self.term = self._define(
            "term", Column("id", Integer, primary_key=True), Column("term", String, unique=True)
        )
        self.touched = self._define(
            "touched", Column("seq", Integer, primary_key=True), Column("number", Integer)
        )
        """Rows of the narrow table that were written since it was filled, the last of them."""
        self.text = self._virtual("text", ["rowid", *TEXT_WEIGHTS])
        self.trigram = self._virtual("trigram", ["rowid", "term"])

    def create(self, session: Session) -> None:
        """Make the tables, empty."""
        connection = session.connection()
        self._metadata.create_all(connection)
        for statement in self._virtual_statements():
            connection.execute(text(statement))

    def are_there(self, session: Session) -> bool:
        """Whether none of them has been dropped."""
        names = [*self._metadata.tables, self.text.name, self.trigram.name]
        # Asked with every question: SQLAlchemy would take ten times as long to write it.
        there = f"SELECT count(*) FROM sqlite_master WHERE name IN ({str(names)[1:-1]})"  # noqa: S608 (our own names)
        found: int = session.connection().exec_driver_sql(there).scalar_one()
        return found == len(names)

    def spell(self) -> list[str]:
        """The statements that make the tables."""
        tables = self._metadata.sorted_tables
        made = [str(CreateTable(each)) for each in tables]
        made += sorted(str(CreateIndex(index)) for each in tables for index in each.indexes)
        return made + self._virtual_statements()

    def drop(self, session: Session) -> None:
        """Remove them."""
        connection = session.connection()
        # `shown` held a copy of each document, until shape 3.
        for name in (self.text.name, self.trigram.name, f"{self._prefix}_shown"):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
        self._metadata.drop_all(connection)

    def _define(self, name: str, *columns: SchemaItem) -> Table:
        return Table(f"{self._prefix}_{name}", self._metadata, *columns)

    def _virtual(self, name: str, columns: list[str]) -> TableClause:
        return table(f"{self._prefix}_{name}", *(column(c) for c in columns))

    def _define_ad(self) -> Table:
        """The narrow table for filters, facets and orders, which are read whole (`search.fts.columns`).

        Of a filter of which an ad may have several values, a column holds all of them as JSON.
        """
        ad = self._define(
            "ad",
            Column("id", Integer, primary_key=True),
            Column("ad_id", Integer),
            *(Column(name, String) for name in (*VALUE_FILTERS, "words_from", "creative")),
            Column("is_visible_by_default", Boolean),
            *(Column(name, Integer) for name in _AD_NUMBERS),
        )
        Index(f"{self._prefix}_ad_by_ad_id", ad.c.ad_id)
        return ad

    def _virtual_statements(self) -> list[str]:
        # `ascii` splits at ASCII separators only: words were cut and folded before (archive.text.words).
        texts = f"{', '.join(TEXT_WEIGHTS)}, tokenize='ascii', prefix='2 3'"
        trigrams = "term, content='', tokenize='trigram', detail=none"
        return [
            f"CREATE VIRTUAL TABLE {name} USING fts5({arguments})"
            for name, arguments in ((self.text.name, texts), (self.trigram.name, trigrams))
        ]


_TIMES = ("recorded_at", "held_since", "held_until")
_VISIBLE_KEY = ("name", "value", "ad_id")
_WEIGHTS = ("words", "heaviest_word")
_AD_NUMBERS = (
    *("started_day", "ended_day"),
    *dict.fromkeys(BOUNDS.values()),
    *_TIMES,
    *_WEIGHTS,
)


OWN_COLUMNS = SearchTables(0).ad.c.keys()[len(("id", "ad_id", *VALUE_FILTERS)) : -len(_WEIGHTS)]
"""Of the narrow table, those that go by the name of a field of documents."""


@lru_cache(maxsize=4)
def tables_of(number: int) -> SearchTables:
    """The tables of a generation."""
    return SearchTables(number)


@lru_cache(maxsize=4)
def past_of(tables: SearchTables) -> SearchTables:
    """Those of the same generation that hold what ads were before."""
    return SearchTables(tables.number, is_past=True)


def spell_tables() -> list[str]:
    """What a generation is made with, as SQL."""
    return tables_of(0).spell() + past_of(tables_of(0)).spell()


def matches(virtual: TableClause, expression: str) -> ColumnElement[bool]:
    """FTS5's own `table MATCH expression`."""
    return literal_column(virtual.name).op("MATCH", return_type=Boolean())(expression)
