"""Whether what is noted of countries that sources were asked for follows from the runs and what they saw.

`archive.reading.shown_rows` asks.
"""

from collections import defaultdict

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from archive.ingest.ads.asked_countries import find_asked_country, list_asked_sources
from archive.models import Ad, AskedCountry, Run
from archive.models.changes import ChangeKind
from archive.runs.sightings import read_seen
from archive.store.checking import ArchiveCheck
from archive.store.database import read


def check_asked(engine: Engine, check: ArchiveCheck) -> None:
    """Note each ad that a run saw when it asked for a country and nobody noted, and the other way round."""
    with read(engine) as session:
        for source in list_asked_sources(session):
            seen, noted = _list_seen(session, source), _list_noted(session, source)
            for country in sorted(seen.keys() | noted.keys()):
                for ad_id in sorted(seen[country] ^ noted[country]):
                    is_noted = ad_id in noted[country]
                    told = "is noted, and no run saw it so" if is_noted else "is not noted"
                    check.note_bad(f"ad {ad_id}: given when {country} was asked for: {told}")


def _list_seen(session: Session, source: str) -> defaultdict[str, set[int]]:
    """Our ids of the ads that runs saw which asked for a country, by country."""
    seen: defaultdict[str, set[int]] = defaultdict(set)
    for run_id, partition in session.exec(
        select(Run.id, Run.partition).where(Run.source == source)
    ):
        country = find_asked_country(session, source, partition)
        if country is not None and run_id is not None:
            seen[country].update(*read_seen(session, run_id, ChangeKind.AD_CONTENT))
    return seen


def _list_noted(session: Session, source: str) -> defaultdict[str, set[int]]:
    """Our ids of the ads of which it is noted that they were given so, by country."""
    noted: defaultdict[str, set[int]] = defaultdict(set)
    query = select(AskedCountry.country, AskedCountry.ad_id).join(
        Ad, col(Ad.id) == col(AskedCountry.ad_id)
    )
    for country, ad_id in session.exec(query.where(Ad.source == source)):
        noted[country].add(ad_id)
    return noted
