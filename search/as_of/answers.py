"""Search as the archive was at a moment: whole words, from SQL alone, ordered by date and id.

`paidforby search --as-of` and the site call it. No engine keeps history, so the ads of that moment are
sieved by SQL; of what is left only the columns a query looks at are read, and whole ads only for the
page shown. The answer as of a time never changes.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from math import inf
from typing import NamedTuple, cast

from sqlmodel import Session, col, select

from archive.models import PublicAd
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import ads_among, ads_at, restore_ads
from archive.reading.freshness import read_data_as_of
from archive.store.time_limits import TimeIsUpError
from search.answering.creatives import fold_page
from search.answering.found import keep_begun
from search.answering.snippets import make_hit
from search.as_of.conditions import list_conditions
from search.hits import SearchHit, SearchPage, cut_facet
from search.indexed.beside import NOTHING, Beside, read_beside
from search.indexed.shown import read_parts
from search.indexed.texts import BESIDE_COLUMNS, WORD_COLUMNS, answers_row
from search.indexed.values import list_columns, list_values
from search.question.filters import MEDIA, NAME_FILTERS, fold_value
from search.question.query import AdQuery, Copies

ROWS_AT_ONCE = 2_000

PLACE_COLUMNS = ("id", "source", "public_id", "started_on", "versions")


class HitPlace(NamedTuple):
    """Where an ad stands in the answer: places sort as their ads are listed."""

    day: int
    """The first day's number below zero, so that the newest is the least; 0: unknown."""
    id: int
    source: str


Candidate = tuple[PublicAd, Beside]
"""An ad that SQL could not rule out, and what stands beside it."""


@dataclass
class Tally:
    """What is counted of the ads that answer, while they pass."""

    total: int = 0
    facets: dict[str, Counter[str]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    creatives: dict[int, str | None] = field(default_factory=dict)
    """By our id of an ad, where that was looked for."""

    def count(self, found: Iterable[Candidate]) -> Iterator[PublicAd]:
        """The same ads, each counted once."""
        for ad, beside in found:
            self.total += 1
            for name, counted in self.facets.items():
                values = list_values(ad, name, beside)
                counted.update(values)
                self.unknown[name] += not values
            self.creatives[ad.id] = beside.creatives.get(ad.id)
            yield ad


def search_as_of(session: Session, query: AdQuery, moment: Moment, ends: float = inf) -> SearchPage:
    """Ads that had all words and passed all filters at a moment; `query.sort` is not crawled.

    Newest start first, ads without a known start last, then by id.

    Raises:
        TimeIsUpError: if it is not done at `ends` (`time.monotonic`).
    """
    tally = Tally(facets={name: Counter() for name in query.facets})
    places = map(_place, tally.count(_find_answering(session, query, moment, ends)))
    folded = None
    if query.copies is Copies.ONCE:
        by_id = {place.id: place for place in sorted(places)}
        ordered = ((ad_id, tally.creatives[ad_id]) for ad_id in by_id)
        folded = fold_page(ordered, Counter(tally.creatives.values()), query)
        shown = [by_id[ad_id] for ad_id in folded.copies]
    else:
        shown = nsmallest(query.offset + query.limit, places)[query.offset :]
    return SearchPage(
        total=tally.total,
        hits_total=folded.hits if folded else tally.total,
        creatives=folded.creatives if folded else None,
        total_from="exact",
        matched="all_words" if query.question else "everything",
        engine="archive",
        data_as_of=read_data_as_of(session, moment.as_of),
        as_of=moment.as_of,
        valid_at=moment.valid_at,
        hits=_read_hits(session, query, moment, shown, folded.copies if folded else {}),
        facets={
            name: cut_facet(keep_begun(counted, name, query))
            for name, counted in tally.facets.items()
        },
        facet_unknown={name: tally.unknown[name] for name in query.facets},
    )


def list_as_of(session: Session, query: AdQuery, moment: Moment, ends: float = inf) -> list[int]:
    """Our ids of all ads that answered at a moment, in the same order, whatever page is asked for.

    Raises:
        TimeIsUpError: as above.
    """
    found = _find_answering(session, query, moment, ends)
    return [place.id for place in sorted(_place(ad) for ad, _ in found)]


def find_among(
    session: Session, query: AdQuery, moment: Moment, ad_ids: Collection[int]
) -> set[int]:
    """Those of a few ads that answered at a moment."""
    found = _find_answering(session, query, moment, inf, ad_ids)
    return {ad.id for ad, _ in found}


def _find_answering(
    session: Session,
    query: AdQuery,
    moment: Moment,
    ends: float,
    among: Collection[int] | None = None,
) -> Iterator[Candidate]:
    for ad, beside in _read_candidates(session, query, moment, ends, among):
        if (
            _has_names(ad, beside, query)
            and answers_row(ad, beside, query.question)
            and _is_of_creative(ad, beside, query)
        ):
            yield ad, beside


def _read_candidates(
    session: Session,
    query: AdQuery,
    moment: Moment,
    ends: float,
    among: Collection[int] | None,
) -> Iterator[Candidate]:
    """The ads of the moment that SQL cannot rule out, with the columns the query looks at.

    `among`: our ids of the only ones to look at; `None`: all are.
    """
    asked = [*query.facets, *query.values]
    names = {*PLACE_COLUMNS, *(column for name in asked for column in list_columns(name))}
    names |= set(WORD_COLUMNS if query.question else ())
    needs_beside = query.question or MEDIA in asked or any(n in NAME_FILTERS for n in query.values)
    needs_beside = needs_beside or query.copies is Copies.ONCE or query.creative is not None
    names |= set(BESIDE_COLUMNS if needs_beside else ())
    streamed = {"yield_per": ROWS_AT_ONCE}
    views = (
        ads_at(session, moment)
        if among is None
        else [ads_among(session, moment, col(PublicAd.id).in_(among))]
    )
    for ads in views:
        columns = [col(getattr(ads, name)) for name in sorted(names)]
        wanted = select(*columns).where(*list_conditions(session, query, ads, moment))
        with session.connection().execute(wanted, execution_options=streamed) as rows:
            for some in rows.partitions(ROWS_AT_ONCE):
                # A row has the attributes that were asked for; making the object would take longer.
                found = [cast("PublicAd", row) for row in some]
                beside = read_beside(session, found, moment) if needs_beside else NOTHING
                for ad in found:
                    if time.monotonic() > ends:
                        raise TimeIsUpError("the ads were not all looked at in time")
                    yield ad, beside


def _has_names(ad: PublicAd, beside: Beside, query: AdQuery) -> bool:
    """Whether it passes the filters that SQL could not decide."""
    return all(
        set(_list_names(ad, beside, name)) & set(query.values[name])
        or (name in query.unknown and not list_values(ad, name, beside))
        for name in NAME_FILTERS
        if name in query.values
    )


def _is_of_creative(ad: PublicAd, beside: Beside, query: AdQuery) -> bool:
    return query.creative is None or beside.creatives.get(ad.id) == query.creative


def _list_names(ad: PublicAd, beside: Beside, name: str) -> list[str]:
    former = beside.former.get(ad.id, {}).get(name, [])
    return [*list_values(ad, name, beside), *(fold_value(each) for each in former)]


def _place(ad: PublicAd) -> HitPlace:
    day = -ad.started_on.toordinal() if ad.started_on else 0
    return HitPlace(day, ad.id, ad.source)


def _read_hits(
    session: Session,
    query: AdQuery,
    moment: Moment,
    places: list[HitPlace],
    copies: Mapping[int, int],
) -> list[SearchHit]:
    """The whole ads at these places, in their order."""
    restored = restore_ads(session, moment, {place.id: place.source for place in places})
    ads = {values["id"]: PublicAd(**values) for values in restored}
    beside = read_beside(session, list(ads.values()), moment)
    return [
        make_hit(read_parts(ads[place.id], beside), query.question, copies.get(place.id))
        for place in places
    ]
