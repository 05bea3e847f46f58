"""Search as the archive was at a past time: whole words, from SQL alone, ordered by date and id.

`paidforby search --as-of` calls it. No engine keeps history, so every version known at that time is
read, which takes its time on a large archive. The answer never changes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Subquery, func, or_
from sqlmodel import Session, col, select

from archive.models import Ad, AdAbsence, AdMetric, AdVersion, PublicAd
from archive.projection import project_record
from archive.records import AdNumbers, AdRecord
from search.documents import SearchDocument, make_document
from search.hits import FACET_VALUES, SearchPage, spell_value
from search.query import LIST_FIELDS, AdQuery
from search.snippets import make_hit
from search.words import join_terms

ROWS_AT_ONCE = 500


def search_as_of(session: Session, query: AdQuery, as_of: datetime) -> SearchPage:
    """Ads that had all words and passed all filters at `as_of`; `query.sort` is not looked at.

    Newest start first, ads without a known start last, then by id.
    """
    found = [d for d in _read_documents(session, as_of) if _has_words(d, query)]
    found = [document for document in found if _passes_filters(document, query)]
    found.sort(key=lambda document: (-(document.started_day or 0), document.id))
    terms = {term for unit in query.units for term in unit.terms}
    return SearchPage(
        total=len(found),
        total_from="exact",
        matched="all_words" if query.units else "everything",
        engine="archive",
        data_as_of=as_of,
        hits=[
            make_hit(document, terms.__contains__)
            for document in found[query.offset : query.offset + query.limit]
        ],
        facets={name: _count_facet(found, name) for name in query.facets},
    )


def _read_documents(session: Session, as_of: datetime) -> Iterator[SearchDocument]:
    """Every ad the archive knew at a time, as it knew it."""
    content, numbers = _rank(AdVersion, as_of), _rank(AdMetric, as_of)
    vanished = _list_vanished(session, as_of)
    query = (
        select(Ad, AdVersion, AdMetric, content.c.known)
        .join(content, content.c.ad_id == Ad.id)
        .join(numbers, numbers.c.ad_id == Ad.id)
        .where(col(AdVersion.id) == content.c.id, col(AdMetric.id) == numbers.c.id)
        .where(content.c.place == 1, numbers.c.place == 1)
    )
    for ad, version, metric, known in session.exec(query.execution_options(yield_per=ROWS_AT_ONCE)):
        values = project_record(ad.source, _join_record(version, metric))
        state = "vanished" if ad.id in vanished else "seen"
        yield make_document(PublicAd(**values, id=ad.id, state=state, versions=known))


def _rank(table: type[AdVersion | AdMetric], as_of: datetime) -> Subquery:
    """Rows known at a time: `place` 1 is the newest observation of its ad, `known` counts its rows."""
    newest = (col(table.observed_at).desc(), col(table.seq).desc())
    place = func.row_number().over(partition_by=col(table.ad_id), order_by=newest)
    known = func.count().over(partition_by=col(table.ad_id))
    rows = select(table.id, table.ad_id, place.label("place"), known.label("known"))
    return rows.where(col(table.recorded_at) <= as_of).subquery()


def _list_vanished(session: Session, as_of: datetime) -> set[int]:
    returned_at = col(AdAbsence.returned_recorded_at)
    query = select(AdAbsence.ad_id).where(
        col(AdAbsence.recorded_at) <= as_of, or_(returned_at.is_(None), returned_at > as_of)
    )
    return set(session.exec(query))


def _join_record(version: AdVersion, metric: AdMetric) -> AdRecord:
    numbers = metric.model_dump(include=set(AdNumbers.model_fields))
    missing = {**version.content.get("missing", {}), **metric.missing}
    return AdRecord.model_validate(version.content | numbers | {"missing": missing})


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


def _count_facet(documents: Sequence[SearchDocument], name: str) -> dict[str, int]:
    counts = Counter(value for d in documents for value in dict.fromkeys(_list_values(d, name)))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:FACET_VALUES])
