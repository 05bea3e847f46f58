"""Search as the archive was at a moment: whole words, from SQL alone, ordered by date and id.

`paidforby search --as-of` calls it. No engine keeps history, so every ad of that moment is read, which
takes its time on a large archive; only the page asked for is kept. The answer as of a time never
changes.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import cast

from sqlmodel import Session

from archive.models import PublicAd
from archive.reading.freshness import read_data_as_of
from archive.reading.moment import Moment
from archive.reading.past import ads_at
from archive.reading.stretches import select_rows
from search.documents import SearchDocument, make_document
from search.hits import FACET_VALUES, SearchPage, spell_value
from search.query import LIST_FIELDS, AdQuery
from search.snippets import make_hit
from search.words import join_terms

ROWS_AT_ONCE = 500


@dataclass
class Tally:
    """What is counted of the ads that answer, while they pass."""

    total: int = 0
    facets: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, documents: Iterator[SearchDocument]) -> Iterator[SearchDocument]:
        """The same documents, each counted once."""
        for document in documents:
            self.total += 1
            for name, counted in self.facets.items():
                counted.update(dict.fromkeys(_list_values(document, name), 1))
            yield document


def search_as_of(session: Session, query: AdQuery, moment: Moment) -> SearchPage:
    """Ads that had all words and passed all filters at a moment; `query.sort` is not looked at.

    Newest start first, ads without a known start last, then by id.
    """
    tally = Tally(facets={name: Counter() for name in query.facets})
    found = (
        document
        for document in _read_documents(session, moment)
        if _has_words(document, query) and _passes_filters(document, query)
    )
    last = query.offset + query.limit
    first = nsmallest(last, tally.count(found), key=lambda d: (-(d.started_day or 0), d.id))
    terms = {term for unit in query.units for term in unit.terms}
    return SearchPage(
        total=tally.total,
        total_from="exact",
        matched="all_words" if query.units else "everything",
        engine="archive",
        data_as_of=read_data_as_of(session, moment.as_of),
        as_of=moment.as_of,
        valid_at=moment.valid_at,
        hits=[make_hit(document, terms.__contains__) for document in first[query.offset :]],
        facets={name: _cut_facet(counted) for name, counted in tally.facets.items()},
    )


def _read_documents(session: Session, moment: Moment) -> Iterator[SearchDocument]:
    """Every ad of the moment, as it was then."""
    streamed = {"yield_per": ROWS_AT_ONCE}
    for ads in ads_at(session, moment):
        rows = session.connection().execute(select_rows(ads), execution_options=streamed)
        for row in rows:
            # A row has the attributes of an ad; making the object would take half of the time.
            yield make_document(cast("PublicAd", row))


def _has_words(document: SearchDocument, query: AdQuery) -> bool:
    texts = (
        document.title,
        document.body,
        document.advertiser,
        document.payer,
        document.sponsor,
        document.landing,
        document.id,
    )
    lines = [f" {join_terms(text)} " for text in texts if text] if query.units else []
    phrases = (f" {' '.join(unit.terms)} " for unit in query.units)
    return all(any(phrase in line for line in lines) for phrase in phrases)


def _passes_filters(document: SearchDocument, query: AdQuery) -> bool:
    by_value = all(
        not set(_list_values(document, name)).isdisjoint(values)
        for name, values in query.values.items()
    )
    return by_value and _ran_between(document, query) and _is_large(document, query)


def _ran_between(document: SearchDocument, query: AdQuery) -> bool:
    if (query.since_on or query.until_on) and document.started_on is None:
        return False
    ends_late = not query.since_on or not document.ended_on or document.ended_on >= query.since_on
    starts_early = not query.until_on or (
        document.started_on is not None and document.started_on <= query.until_on
    )
    return ends_late and starts_early


def _is_large(document: SearchDocument, query: AdQuery) -> bool:
    bounds = (
        (query.spend_min_minor, document.spend_lower_minor),
        (query.impressions_min, document.impressions_lower),
    )
    return all(least is None or (has is not None and has >= least) for least, has in bounds)


def _list_values(document: SearchDocument, name: str) -> list[str]:
    value = getattr(document, LIST_FIELDS.get(name, name))
    values = value if isinstance(value, list) else [value]
    return [spell_value(one) for one in values if one is not None]


def _cut_facet(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:FACET_VALUES])
