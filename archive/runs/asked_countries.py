"""For which countries a source was asked when it gave an ad: what no word of the source says.

Ingest notes it beside what a run saw; the public view and reads as of a time show it where a source
states no country.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from archive.models import AskedCountry
from archive.runs.lease import RunLease
from archive.store.batches import cut_batches
from archive.store.bulk import find_storing, insert_rows, table_of

NAMES = ("ad_id", "country", "observed_at", "recorded_at", "run_id")


def note_asked(
    session: Session, lease: RunLease, country: str, ids: Collection[int], now: datetime
) -> list[int]:
    """Keep that a run which asked for a country was given these ads; gives those of which that is news."""
    ordered, known = sorted(set(ids)), set[int]()
    for some in cut_batches(ordered):
        held = select(AskedCountry.ad_id).where(
            col(AskedCountry.ad_id).in_(some),
            AskedCountry.country == country,
            col(AskedCountry.observed_at) <= lease.observed_at,
        )
        known.update(session.exec(held))
    fresh = [one for one in ordered if one not in known]
    storing = find_storing(session)
    stamp = (country, storing.time(lease.observed_at), storing.time(now), lease.run_id)
    insert_rows(session, table_of(AskedCountry), NAMES, [(one, *stamp) for one in fresh])
    return fresh


def list_asked(session: Session, ids: Collection[int]) -> Mapping[int, set[str]]:
    """The countries that each of these ads was given for, by our id; of others none is known."""
    asked: defaultdict[int, set[str]] = defaultdict(set)
    for some in cut_batches(sorted(ids)):
        query = select(AskedCountry.ad_id, AskedCountry.country)
        for ad_id, country in session.exec(query.where(col(AskedCountry.ad_id).in_(some))):
            asked[ad_id].add(country)
    return asked
