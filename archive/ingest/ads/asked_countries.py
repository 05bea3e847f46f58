"""Ads that a source gave when it was asked for one country: what the public view says of it.

Ingest notes it page by page. `note_sighted` does so from what runs saw, where that was not done: in an
archive older than the question, or of a source that was not known to be asked so.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from archive.curation.watch_lists import find_list_id
from archive.ingest.rows import Stamp
from archive.models import ArchiveFact, PublicAd, Run, Source, WatchList
from archive.models.changes import ChangeKind
from archive.records import CountriesFrom
from archive.records.canonical import canonical_json
from archive.records.projection import SILENT, show_asked
from archive.runs.asked_countries import list_asked, note_asked
from archive.runs.countries import write_run_countries
from archive.runs.lease import RunLease
from archive.runs.observation_times import find_place
from archive.runs.sightings import read_seen
from archive.store.batches import cut_batches
from archive.store.bulk import find_storing, table_of, update_rows
from archive.store.changes import append_changes

COUNTRY = re.compile(r"([A-Z]{2})(?: .*)?", re.DOTALL)
"""What partitions of a source that is asked by country are named by: `NO`, `NO valg`; not `ALL`."""

SHOWN_NAMES = ("id", "countries", "countries_from", "missing")


def find_asked_country(session: Session, source: str, partition: str) -> str | None:
    """The one country for which runs of a partition ask their source; `None`: none, or several at once."""
    if source not in list_asked_sources(session):
        return None
    if list_id := find_list_id(partition):
        watched = session.exec(select(WatchList.countries).where(WatchList.id == list_id)).first()
        return watched[0] if watched and len(watched) == 1 else None
    named = COUNTRY.fullmatch(partition)
    return named[1] if named else None


def list_asked_sources(session: Session) -> Sequence[str]:
    """The sources that are asked country by country."""
    query = select(Source.id).where(col(Source.asks_by_country)).order_by(col(Source.id))
    return session.exec(query).all()


def note_asked_page(
    session: Session,
    stamp: Stamp,
    new: Collection[int],
    known: Collection[int],
    reworded: Collection[int] = (),
) -> None:
    """Note for which country the ads of a page were given, and show it.

    Called once their rows are written. `reworded`, of those known: a new version may be silent on countries
    where the one before was not.
    """
    country = stamp.asked_country
    news = note_asked(session, stamp.lease, country, [*new, *known], stamp.now) if country else []
    _show(session, {*reworded, *news})
    _tell(session, sorted({*news}.difference(new)), stamp.now)


def note_unmarked(session: Session, now: datetime) -> int:
    """Note once what was asked of each source before anybody noted it; gives of how many ads."""
    noted = 0
    for source in list_asked_sources(session):
        mark = ArchiveFact(name=f"asked:{source}", value="noted")
        if session.get(ArchiveFact, mark.name) is None:
            noted += note_sighted(session, source, now)
            session.add(mark)
    session.flush()
    return noted


def note_sighted(session: Session, source: str, now: datetime) -> int:
    """Note what runs of a source asked for and saw, as far as nobody did; gives of how many ads.

    What they saw by country is counted again.
    """
    noted: set[int] = set()
    for run in session.exec(select(Run).where(Run.source == source).order_by(col(Run.id))).all():
        country = find_asked_country(session, source, run.partition)
        if country is None or run.id is None:
            continue
        at = find_place(session, run)
        lease = RunLease(run.id, source, run.partition, run.lease_token, at, is_sweep=False)
        for ids in read_seen(session, run.id, ChangeKind.AD_CONTENT):
            news = note_asked(session, lease, country, ids, now)
            _show(session, news)
            _tell(session, news, now)
            noted.update(news)
        if run.ended_at is not None:
            write_run_countries(session, lease)
    return len(noted)


def _show(session: Session, ids: Collection[int]) -> None:
    """Write into the public view what ads were given for, where their source is silent on countries."""
    asked, public, rows = list_asked(session, ids), table_of(PublicAd), []
    columns = [public.c[name] for name in SHOWN_NAMES]
    for some in cut_batches(sorted(asked)):
        query = select_columns(*columns).where(public.c.id.in_(some))
        for ad_id, shown, how, missing in session.connection().execute(query):
            is_silent = how == CountriesFrom.ASKED or missing.get("countries") in SILENT
            values = show_asked(asked[ad_id], missing) if is_silent else {}
            if values and values["countries"] != shown:
                countries, reasons = map(canonical_json, (values["countries"], values["missing"]))
                rows.append((ad_id, countries.decode(), CountriesFrom.ASKED, reasons.decode()))
    update_rows(session, public, SHOWN_NAMES, rows)


def _tell(session: Session, ids: Sequence[int], now: datetime) -> None:
    """Say that something was learned of ads: readers as of a time and copies follow it."""
    recorded_at = find_storing(session).time(now)
    rows = [(ad_id, recorded_at) for ad_id in ids]
    update_rows(session, table_of(PublicAd), ("id", "recorded_at"), rows)
    append_changes(session, ChangeKind.AD_STATE, ids, now)
