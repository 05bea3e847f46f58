"""Ads that began to answer a question after a moment: they answer now, and did not then.

An ad that answered then and still does is none of them, whatever else of it has changed. What changed since
then is asked of the engine, the last changes first; whether it began to answer, the archive tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from sqlmodel import Session, col, select

from archive.models import AdVersion, Change, PublicAd
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.freshness import read_change_time
from archive.store.batches import cut_batches
from search.as_of.answers import find_among
from search.as_of.by_engine import NO_ENGINE_KEEPS_IT
from search.as_of.reading_alone import SECONDS, list_alone
from search.indexed.documents import count_microseconds
from search.port import SearchEngine, SearchUnavailableError
from search.question.query import AdQuery, Sort

LISTED = 100

REACHES = (2_000, 10_000, 50_000)
"""So many changes are looked at first: where they hold enough, what is older is never listed."""

MOST_COMPARED = 2_000
"""Changed ads that answer now and are read as of then."""


@dataclass(frozen=True)
class BegunAd:
    """An ad, and the version of it that is current."""

    id: int
    """Ours."""
    public_id: str
    version: int
    """Its number among the versions of the ad, from 1."""
    recorded_at: datetime
    """When this archive learned the version."""


@dataclass(frozen=True)
class BegunAds:
    """The newest of them, by when this archive learned their present version."""

    ads: Sequence[BegunAd]
    """At most `LISTED`."""
    has_more: bool
    """Whether there are older ones."""
    is_whole: bool
    """Whether all changed ads were compared; else some older ones may be missing."""


def list_begun(session: Session, engine: SearchEngine, query: AdQuery, since: datetime) -> BegunAds:
    """The newest ads that answer now and did not as of `since`.

    Raises:
        SearchUnavailableError: if it is the archive that has to answer, and it is busy or takes too long.
    """
    found = BegunAds([], has_more=False, is_whole=True)
    for start in _list_starts(session, since):
        changed = _list_changed(session, engine, query, start)
        found = _compare(session, query, since, changed)
        if found.has_more or not found.is_whole:
            return found
    return found


def _list_starts(session: Session, since: datetime) -> Iterator[datetime]:
    """From when on changes are looked at: of the last few, of more, of all since then."""
    newest = session.exec(select(Change.seq).order_by(col(Change.seq).desc()).limit(1)).first()
    for reach in REACHES:
        start = read_change_time(session, (newest or 0) - reach)
        if start is None or start <= since:
            break
        yield start
    yield since


def _list_changed(
    session: Session, engine: SearchEngine, query: AdQuery, start: datetime
) -> list[int]:
    """Our ids of ads that answer and changed after a moment, and maybe some that do not answer."""
    asked = replace(query, changed_after=count_microseconds(start), sort=Sort.NEWEST)
    if query.asks_for_numbers:
        return list_alone(session, asked, NOW, NO_ENGINE_KEEPS_IT, SECONDS)
    try:
        found, _ = engine.list_ads(session, asked)
        return list(chain.from_iterable(found.pages))
    except SearchUnavailableError as error:
        return list_alone(session, asked, NOW, str(error), SECONDS)


def _compare(session: Session, query: AdQuery, since: datetime, ad_ids: Sequence[int]) -> BegunAds:
    versions = _read_versions(session, ad_ids)
    newest = sorted(versions.values(), key=lambda ad: (ad.recorded_at, ad.id), reverse=True)
    begun: list[BegunAd] = []
    for some in cut_batches(newest[:MOST_COMPARED]):
        ids = [ad.id for ad in some]
        now = find_among(session, query, NOW, ids)
        then = find_among(session, query, Moment(as_of=since), ids)
        begun += [ad for ad in some if ad.id in now - then]
        if len(begun) > LISTED:
            break
    has_more = len(begun) > LISTED
    return BegunAds(begun[:LISTED], has_more, has_more or len(newest) <= MOST_COMPARED)


def _read_versions(session: Session, ad_ids: Sequence[int]) -> Mapping[int, BegunAd]:
    """The current version of each ad that is shown."""
    found = {}
    for some in cut_batches(ad_ids):
        query = (
            select(PublicAd.id, PublicAd.public_id, AdVersion.seq, AdVersion.recorded_at)
            .join(AdVersion, col(AdVersion.id) == col(PublicAd.version_id))
            .where(col(PublicAd.id).in_(some))
        )
        found.update({row[0]: BegunAd(*row) for row in session.exec(query)})
    return found
