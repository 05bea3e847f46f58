"""Search as the archive was at a moment: whole words, from SQL alone, ordered by date and id.

`paidforby search --as-of` and the site call it. No engine keeps history, so the ads of that moment are
sieved by SQL; of what is left only the columns a query looks at are read, and whole ads only for the
page shown. The answer as of a time never changes.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import nsmallest
from math import inf
from typing import NamedTuple, cast

from sqlmodel import Session, col, select

from archive.models import PublicAd
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import ads_at, restore_ads
from archive.reading.freshness import read_data_as_of
from archive.reading.visible import find_labelled
from archive.store.time_limits import TimeIsUpError
from search.as_of.conditions import NAME_FIELDS, list_conditions
from search.documents import clean_name, join_body, join_landing, join_title, make_document
from search.hits import FACET_VALUES, SearchHit, SearchPage, spell_value
from search.query import LIST_FIELDS, AdQuery
from search.snippets import make_hit
from search.word_lists import WordLists, answers, cut_texts

ROWS_AT_ONCE = 2_000

PLACE_FIELDS = ("id", "source", "public_id", "started_on")
WORD_FIELDS = (
    *("titles", "bodies", "descriptions", "landing_urls"),
    *("advertiser_name", "payer_name", "sponsor_name"),
)


class HitPlace(NamedTuple):
    """Where an ad stands in the answer: places sort as their ads are listed."""

    day: int
    """The first day's number below zero, so that the newest is the least; 0: unknown."""
    id: int
    source: str


@dataclass
class Tally:
    """What is counted of the ads that answer, while they pass."""

    total: int = 0
    facets: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, ads: Iterable[PublicAd]) -> Iterator[PublicAd]:
        """The same ads, each counted once."""
        for ad in ads:
            self.total += 1
            for name, counted in self.facets.items():
                counted.update(dict.fromkeys(_list_values(ad, name), 1))
            yield ad


def search_as_of(session: Session, query: AdQuery, moment: Moment, ends: float = inf) -> SearchPage:
    """Ads that had all words and passed all filters at a moment; `query.sort` is not crawled.

    Newest start first, ads without a known start last, then by id.

    Raises:
        TimeIsUpError: if it is not done at `ends` (`time.monotonic`).
    """
    tally = Tally(facets={name: Counter() for name in query.facets})
    found = (
        ad
        for ad in _read_candidates(session, query, moment, ends)
        if _has_names(ad, query) and _has_words(ad, query)
    )
    first = nsmallest(query.offset + query.limit, map(_place, tally.count(found)))
    return SearchPage(
        total=tally.total,
        total_from="exact",
        matched="all_words" if query.question else "everything",
        engine="archive",
        data_as_of=read_data_as_of(session, moment.as_of),
        as_of=moment.as_of,
        valid_at=moment.valid_at,
        hits=_read_hits(session, query, moment, first[query.offset :]),
        facets={name: _cut_facet(counted) for name, counted in tally.facets.items()},
    )


def _read_candidates(
    session: Session, query: AdQuery, moment: Moment, ends: float
) -> Iterator[PublicAd]:
    """The ads of the moment that SQL cannot rule out, with the columns the query looks at."""
    names = {*PLACE_FIELDS, *map(_name_column, query.facets)}
    names |= {column for name, column in NAME_FIELDS.items() if name in query.values}
    names |= set(WORD_FIELDS if query.question else ())
    streamed = {"yield_per": ROWS_AT_ONCE}
    for ads in ads_at(session, moment):
        columns = [col(getattr(ads, name)) for name in sorted(names)]
        wanted = select(*columns).where(*list_conditions(session, query, ads, moment))
        with session.connection().execute(wanted, execution_options=streamed) as rows:
            for row in rows:
                if time.monotonic() > ends:
                    raise TimeIsUpError("the ads were not all looked at in time")
                # A row has the attributes that were asked for; making the object would take longer.
                yield cast("PublicAd", row)


def _has_names(ad: PublicAd, query: AdQuery) -> bool:
    """Whether it passes the filters that SQL could not decide."""
    return all(
        name not in query.values or clean_name(getattr(ad, column)) in query.values[name]
        for name, column in NAME_FIELDS.items()
    )


def _has_words(ad: PublicAd, query: AdQuery) -> bool:
    return not query.question or answers(_cut_lists(ad), query.question)


def _cut_lists(ad: PublicAd) -> WordLists:
    return cut_texts(
        ad.public_id,
        title=join_title(ad),
        body=join_body(ad),
        advertiser=clean_name(ad.advertiser_name),
        payer=clean_name(ad.payer_name),
        sponsor=clean_name(ad.sponsor_name),
        landing=join_landing(ad),
    )


def _place(ad: PublicAd) -> HitPlace:
    day = -ad.started_on.toordinal() if ad.started_on else 0
    return HitPlace(day, ad.id, ad.source)


def _read_hits(
    session: Session, query: AdQuery, moment: Moment, places: list[HitPlace]
) -> list[SearchHit]:
    """The whole ads at these places, in their order."""
    restored = restore_ads(session, moment, {place.id: place.source for place in places})
    ads = {values["id"]: PublicAd(**values) for values in restored}
    labelled = find_labelled(session, list(ads), moment)
    documents = (make_document(ads[place.id], labelled) for place in places)
    return [make_hit(document, query.question) for document in documents]


def _name_column(name: str) -> str:
    return LIST_FIELDS.get(name, NAME_FIELDS.get(name, name))


def _list_values(ad: PublicAd, name: str) -> list[str]:
    value = getattr(ad, _name_column(name))
    if name in NAME_FIELDS:
        value = clean_name(value)
    values = value if isinstance(value, list) else [value]
    return [spell_value(one) for one in values if one is not None]


def _cut_facet(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:FACET_VALUES])
