"""A result set as rows: the columns of the ads table, and in which texts of each ad the words stand.

The API and the command write them (`archive.exports.downloads.write_rows`). A set is of one moment: what is
learned later changes no row of it. Nothing of the database is held between two blocks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import chain, islice
from typing import Any, cast

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from archive.exports.downloads import Column, RowStream, list_ad_columns, select_ads
from archive.models import PublicAd
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import ads_among
from archive.reading.freshness import read_data_as_of
from archive.store.database import read
from search.as_of.by_engine import list_all_as_of
from search.indexed.beside import read_beside
from search.indexed.rows import choose_columns
from search.indexed.texts import BESIDE_COLUMNS, WORD_COLUMNS, answers_row, list_matched
from search.port import SearchEngine
from search.question.language import QueryError
from search.question.query import AdQuery, Copies
from search.result_sets.asked import AskedSet, Sample

ROWS_AT_ONCE = 250

MATCHED = Column(
    "matched_fields", list, "Texts of the ad in which words stand that were asked for."
)

Row = tuple[Any, ...]


def stream_result_set(
    archive: Engine,
    engine: SearchEngine,
    query: AdQuery,
    moment: Moment,
    asked: AskedSet,
) -> RowStream:
    """All ads that answered at a moment, newest first, then by our id, or a sample of them.

    `query` is what `asked` comes to, page and order left aside. Rows are found when they are read.

    Raises:
        QueryError: if it asks for copies, of which no earlier state is kept.
    """
    for name, is_asked in (("copy_of", query.copy_of), ("copies", query.copies is Copies.ONCE)):
        if is_asked:
            told = f"a file is of one moment, and copies are known only now; leave {name} out"
            raise QueryError(name, told)
    with read(archive) as session:
        data_as_of = read_data_as_of(session, moment.as_of)
    columns = [*list_ad_columns(), MATCHED]
    blocks = _read_blocks(archive, engine, query, moment, asked.sample)
    return RowStream(columns, blocks, data_as_of, moment, asked=asked.describe())


def _read_blocks(
    archive: Engine,
    engine: SearchEngine,
    query: AdQuery,
    moment: Moment,
    sample: Sample | None,
) -> Iterator[list[Row]]:
    with read(archive) as session:
        found = list_all_as_of(session, engine, query, moment)
    ids: Iterator[int] = chain.from_iterable(found.pages)
    reader = _Reader(archive, query, moment, judges=not found.is_certain)
    if sample:
        ids = iter(_draw(reader, ids, sample))
    while some := list(islice(ids, ROWS_AT_ONCE)):
        if block := reader.read(some):
            yield block


def _draw(reader: "_Reader", ids: Iterator[int], sample: Sample) -> list[int]:
    """Our ids of the ads of a sample."""
    return [ad_id for _, ad_id in nsmallest(sample.size, _hash_all(reader, ids, sample))]


def _hash_all(reader: "_Reader", ids: Iterator[int], sample: Sample) -> Iterator[tuple[str, int]]:
    while some := list(islice(ids, ROWS_AT_ONCE)):
        for ad_id, public_id in reader.read_ids(some):
            yield sample.hash_id(public_id), ad_id


@dataclass(frozen=True)
class _Reader:
    """Reads ads as they were at the moment, and leaves out those that do not answer."""

    archive: Engine
    query: AdQuery
    moment: Moment
    judges: bool
    """Whether ads may be given that do not answer."""

    def read(self, ids: Sequence[int]) -> list[Row]:
        """The rows of these ads, in their order."""
        with read(self.archive) as session:
            ads = self._restore(session, ids)
            matched = self._match(session, ads)
            rows = session.connection().execute(select_ads(ads, self.moment))
            by_id = {ad_id: values for ad_id, *values in rows}
        found = ((i, matched.get(i, [])) for i in ids if i in by_id)
        return [(*by_id[i], fields) for i, fields in found if fields is not None]

    def read_ids(self, ids: Sequence[int]) -> list[tuple[int, str]]:
        """Our ids and the permanent ones of those that answer."""
        with read(self.archive) as session:
            ads = self._restore(session, ids)
            matched = self._match(session, ads) if self.judges else {}
            named = session.connection().execute(select(col(ads.id), col(ads.public_id)))
            return [(i, name) for i, name in named if matched.get(i, []) is not None]

    def _restore(self, session: Session, ids: Iterable[int]) -> type[PublicAd]:
        return ads_among(session, self.moment, col(PublicAd.id).in_(ids))

    def _match(self, session: Session, ads: type[PublicAd]) -> Mapping[int, list[str] | None]:
        """For each ad the texts in which words stand, where any are asked for; `None`: it does not answer."""
        if not (question := self.query.question):
            return {}
        columns = choose_columns((*BESIDE_COLUMNS, *WORD_COLUMNS), ads)
        rows = [cast("PublicAd", row) for row in session.connection().execute(select(*columns))]
        beside = read_beside(session, rows, self.moment)
        return {
            row.id: list_matched(row, beside, question)
            if not self.judges or answers_row(row, beside, question)
            else None
            for row in rows
        }
