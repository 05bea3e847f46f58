"""What one run saw, by country: distinct ads seen, and ads it no longer found.

`archive.ingest.close_run` calls it at the end of a run, in its transaction; the coverage answers read the
rows. It counts in SQL over the run's sightings, so its memory does not grow with their number.
"""

import json
from collections import Counter
from collections.abc import Iterable

from sqlalchemy import String, cast, delete, func, select
from sqlalchemy.sql.selectable import FromClause
from sqlmodel import Session, col

from archive.models import Ad, PublicAd, RunCountry, Source, VanishedPeriod
from archive.models.changes import ChangeKind
from archive.records import SourceKind
from archive.runs.lease import RunLease
from archive.runs.sightings import lay_out_seen

ALL_COUNTRIES = "*"
"""Stands for a country in the row that counts every ad of the run once, wherever it was shown."""

NO_COUNTRY = ""
"""Stands for a country in the row of ads of which none is known."""


def write_run_countries(session: Session, lease: RunLease) -> None:
    """Count what the run saw and what it found gone, by country as the ads name them now.

    Called again, it replaces what it had counted. A source of disclosures shows no ads: it gets no
    rows, and so its number of ads seen stays unknown instead of 0.
    """
    source = session.get(Source, lease.source)
    if source is not None and source.kind == SourceKind.DISCLOSURES:
        return
    seen, vanished = _count_seen(session, lease), _count_vanished(session, lease)
    session.connection().execute(delete(RunCountry).where(col(RunCountry.run_id) == lease.run_id))
    session.add_all(
        RunCountry(
            run_id=lease.run_id, country=country, seen=seen[country], vanished=vanished[country]
        )
        for country in sorted({ALL_COUNTRIES, *seen, *vanished})
    )
    session.flush()


def _count_seen(session: Session, lease: RunLease) -> Counter[str]:
    # Two pages of a run may have met the same ad.
    seen = select(lay_out_seen(session, lease.run_id, ChangeKind.AD_CONTENT).c.id).distinct()
    ads = seen.subquery()
    return _count_countries(session, ads.join(PublicAd, col(PublicAd.id) == ads.c.id))


def _count_vanished(session: Session, lease: RunLease) -> Counter[str]:
    # Vanished periods, not the ads' state: a run that is accepted late may have lost ads that came back
    # since.
    gone = (
        select(col(Ad.id))
        .join(VanishedPeriod, col(VanishedPeriod.ad_id) == col(Ad.id))
        .where(
            col(Ad.source) == lease.source,
            col(Ad.partition) == lease.partition,
            col(VanishedPeriod.missed_at) == lease.observed_at,
        )
        .distinct()
        .subquery()
    )
    return _count_countries(session, gone.join(PublicAd, col(PublicAd.id) == gone.c.id))


def _count_countries(session: Session, ads: FromClause) -> Counter[str]:
    """Ads by country; lists that read alike are counted in SQL before they are taken apart."""
    listed = cast(col(PublicAd.countries), String)
    query = select(listed, func.count()).select_from(ads).group_by(listed)
    counts: Counter[str] = Counter()
    for text, number in session.connection().execute(query):
        for country in (ALL_COUNTRIES, *_read_countries(json.loads(text))):
            counts[country] += number
    return counts


def _read_countries(named: Iterable[str]) -> set[str]:
    return set(named) or {NO_COUNTRY}
