"""Near spellings of a word among those the embedded engine has met.

Matching asks for them when no ad has the words as written; filling tells which words there are.
"""

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Select, String, cast, column, func, select, table, update
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session

from search.fts.tables import SearchTables, matches

FEWEST_LETTERS = 5
"""Of a word that may be misspelt; shorter ones have no near spellings, as in Meilisearch."""

_VARIANTS = 100


def note_terms(session: Session, tables: SearchTables, terms: Iterable[str]) -> None:
    """Remember words and their trigrams; words no ad has any more find nothing and stay till forgotten."""
    connection = session.connection()
    last = connection.execute(select(func.max(tables.term.c.id))).scalar() or 0
    rows = [{"term": term} for term in terms]
    if rows:
        connection.execute(insert(tables.term).on_conflict_do_nothing(), rows)
    new = select(tables.term.c.id, "^" + tables.term.c.term + "$").where(
        tables.term.c.id > last, func.length(tables.term.c.term) >= FEWEST_LETTERS
    )
    connection.execute(tables.trigram.insert().from_select(["rowid", "term"], new))


def forget_terms(session: Session, tables: SearchTables) -> None:
    """Blank the words that no ad has any more."""
    connection = session.connection()
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE temp.present_word USING fts5vocab(main, {tables.text.name}, row)"
    )
    present: Select[tuple[str]] = select(column("term")).select_from(table("present_word"))
    # The number stays taken: the trigrams of the word still lead to it.
    blank = "-" + cast(tables.term.c.id, String)
    gone = update(tables.term).where(tables.term.c.term.not_in(present))
    connection.execute(gone.values(term=blank))
    connection.exec_driver_sql("DROP TABLE temp.present_word")


def find_variants(session: Session, tables: SearchTables, term: str) -> list[str]:
    """Known words within the typos allowed, nearest first, at most a hundred."""
    allowed = allowed_typos(term)
    if not allowed:
        return []
    # The ends are marked so that words of five letters keep a trigram whichever letter is wrong.
    padded = f"^{term}$"
    trigrams = {f'"{padded[i : i + 3]}"' for i in range(len(padded) - 2)}
    near = select(tables.trigram.c.rowid).where(
        matches(tables.trigram, " OR ".join(sorted(trigrams)))
    )
    known, letters = tables.term.c, len(term)
    query = select(known.term).where(
        known.id.in_(near), func.length(known.term).between(letters - allowed, letters + allowed)
    )
    candidates = list(session.connection().execute(query).scalars())
    close = process.extract(term, candidates, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    return [other for distance, other in sorted((d, o) for o, d, _ in close) if distance][
        :_VARIANTS
    ]


def find_longer(session: Session, tables: SearchTables, start: str) -> list[str]:
    """Known words that go on from this one, at most a hundred, in their order."""
    term = tables.term.c.term
    # What follows every word that begins so.
    query = select(term).where(term > start, term < f"{start}\U0010ffff").order_by(term)
    return list(session.connection().execute(query.limit(_VARIANTS)).scalars())


def allowed_typos(term: str) -> int:
    """How many typos a word of this length is allowed, as in Meilisearch: 1 from 5, 2 from 9."""
    if len(term) < FEWEST_LETTERS or term.isdigit():
        return 0
    return 1 if len(term) < 9 else 2
