"""Ads as they were at a moment, put together from versions, numbers and vanished periods.

Of what counts at the moment, the observation with the newest `observed_at` was current (a late arrival
of old words never was); among equals the one learned last. Lists, sums and search select from
`ads_at`; one ad is restored by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Subquery, and_, exists, func, or_, select, true
from sqlmodel import Session, col

from archive.models import (
    AdMetric,
    AdVersion,
    AskedCountry,
    DisclosureVersion,
    PublicAd,
    Redaction,
    VanishedPeriod,
)
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.restored_rows import Values, read_row_ranges, restore_rows
from archive.records import AdRecord
from archive.records.projection import NUMBER_FIELDS, project_record

Row = TypeVar("Row", AdVersion, AdMetric, DisclosureVersion)


@dataclass(frozen=True)
class Newest(Generic[Row]):
    """The row of a series that was current at a moment, and what was known of the series."""

    row: Row
    known: int
    """Rows of the series that count at the moment."""
    first_at: datetime
    """When the first of them was observed."""
    learned_at: datetime
    """When the last of them was recorded."""


@dataclass(frozen=True)
class CountedHistory:
    """What counts of an ad's history at a moment."""

    content: Newest[AdVersion]
    numbers: Newest[AdMetric]
    missed_at: datetime | None
    """Since when complete runs had not found it; `None`: it was there."""
    learned_at: datetime
    """When the last of all this was recorded."""
    asked: frozenset[str] = frozenset()
    """Countries that the source had been asked for, one at a time, when it gave the ad."""


def ads_at(session: Session, moment: Moment, after: int = 0) -> Iterator[type[PublicAd]]:
    """The public view at a moment, in rising ranges of ids, to select from as from the table.

    Now it is the table itself, once, whatever `after` is. Each range is good until the next is
    asked for, and two cannot be read side by side in one session.
    """
    if moment.is_now:
        yield PublicAd
        return
    restore = partial(restore_ads, session, moment)
    yield from read_row_ranges(session, PublicAd, _holds_still(moment), restore, after)


def ads_among(session: Session, moment: Moment, within: ColumnElement[bool]) -> type[PublicAd]:
    """Some ads of the public view at a moment, to select from until others are asked for."""
    restore = partial(restore_ads, session, moment)
    return restore_rows(session, PublicAd, within, _holds_still(moment), restore)


def restore_ads(session: Session, moment: Moment, sources: Mapping[int, str]) -> Iterator[Values]:
    """The rows of the public view that stood at the moment, by rising id; `sources` by our id.

    What was not known or not observed by then is left out. What is withheld by a logged decision is
    withheld in every version, so it is missing as `redacted` here too.
    """
    for ad_id, history in _read_histories(session, moment, sorted(sources)).items():
        yield restore_row(sources[ad_id], ad_id, history)


def _holds_still(moment: Moment) -> ColumnElement[bool]:
    """Whether a row of the view stood there at the moment as it stands now."""
    conditions: list[ColumnElement[bool]] = [true()]
    if moment.as_of is not None:
        # Whatever is learned of an ad moves this, late arrivals too.
        conditions.append(col(PublicAd.recorded_at) <= moment.as_of)
    if moment.valid_at is not None:
        later = or_(
            col(VanishedPeriod.missed_at) > moment.valid_at,
            col(VanishedPeriod.returned_at) > moment.valid_at,
        )
        of_ad = col(VanishedPeriod.ad_id) == col(PublicAd.id)
        asked_later = col(AskedCountry.observed_at) > moment.valid_at
        conditions.append(col(PublicAd.last_changed_at) <= moment.valid_at)
        conditions.append(~exists().where(of_ad, later))
        conditions.append(~exists().where(col(AskedCountry.ad_id) == col(PublicAd.id), asked_later))
    return and_(*conditions)


def _read_histories(
    session: Session, moment: Moment, ids: Sequence[int]
) -> dict[int, CountedHistory]:
    contents = {n.row.ad_id: n for n in read_newest(session, AdVersion, moment, ids)}
    numbers = {n.row.ad_id: n for n in read_newest(session, AdMetric, moment, ids)}
    vanished_periods = _group_rows(session, VanishedPeriod, ids)
    redactions = _group_rows(session, Redaction, ids)
    asked = read_asked(session, moment, ids)
    return {
        ad_id: _count_history(
            moment,
            contents[ad_id],
            numbers[ad_id],
            vanished_periods.get(ad_id, []),
            redactions.get(ad_id, []),
            asked.get(ad_id, []),
        )
        for ad_id in ids
        if ad_id in contents and ad_id in numbers
    }


def read_newest(
    session: Session, table: type[Row], moment: Moment, ids: Sequence[int]
) -> Iterator[Newest[Row]]:
    """The current row of each of these series, where any of its rows counts at the moment."""
    ranked = _rank(table, moment, ids)
    query = (
        select(table, ranked.c.known, ranked.c.first_at, ranked.c.learned_at)
        .join(ranked, ranked.c.id == col(table.id))
        .where(ranked.c.place == 1)
    )
    for row, known, first_at, learned_at in session.execute(query):
        yield Newest(row, known, first_at, learned_at)


def _rank(table: type[Row], moment: Moment, ids: Sequence[int]) -> Subquery:
    owner = col(table.disclosure_id if issubclass(table, DisclosureVersion) else table.ad_id)
    newest = (col(table.observed_at).desc(), col(table.seq).desc())
    return (
        select(
            col(table.id),
            func.row_number().over(partition_by=owner, order_by=newest).label("place"),
            func.count().over(partition_by=owner).label("known"),
            func.min(col(table.observed_at)).over(partition_by=owner).label("first_at"),
            func.max(col(table.recorded_at)).over(partition_by=owner).label("learned_at"),
        )
        .where(owner.in_(ids), *moment.limit(table))
        .subquery()
    )


Noted = TypeVar("Noted", VanishedPeriod, Redaction, AskedCountry)


def _group_rows(session: Session, table: type[Noted], ids: Sequence[int]) -> dict[int, list[Noted]]:
    grouped: dict[int, list[Noted]] = {}
    query = select(table).where(col(table.ad_id).in_(ids)).order_by(col(table.id))
    for row in session.scalars(query):
        grouped.setdefault(row.ad_id, []).append(row)
    return grouped


def read_asked(
    session: Session, moment: Moment, ids: Sequence[int]
) -> dict[int, list[AskedCountry]]:
    """What sources had been asked for at a moment when they gave these ads, by our id of the ad."""
    grouped = _group_rows(session, AskedCountry, ids)
    return {
        ad_id: [row for row in rows if moment.includes(row.recorded_at, row.observed_at)]
        for ad_id, rows in grouped.items()
    }


def _count_history(
    moment: Moment,
    content: Newest[AdVersion],
    numbers: Newest[AdMetric],
    vanished_periods: Sequence[VanishedPeriod],
    redactions: Sequence[Redaction],
    asked: Sequence[AskedCountry],
) -> CountedHistory:
    learned = [content.learned_at, numbers.learned_at, *(row.recorded_at for row in asked)]
    decided = [r.recorded_at for r in redactions if not r.rule]
    learned += filter(moment.knows, decided)
    missed_at = None
    for vanished_period in vanished_periods:
        if moment.includes(vanished_period.recorded_at, vanished_period.missed_at):
            learned.append(vanished_period.recorded_at)
            returned_at = read_return(vanished_period, moment)
            if returned_at and vanished_period.returned_recorded_at:
                learned.append(vanished_period.returned_recorded_at)
            else:
                missed_at = missed_at or vanished_period.missed_at
    countries = frozenset(row.country for row in asked)
    return CountedHistory(content, numbers, missed_at, max(learned), countries)


def read_return(vanished_period: VanishedPeriod, moment: Moment) -> datetime | None:
    """When the ad came back, if that counts at the moment."""
    known_at, returned_at = vanished_period.returned_recorded_at, vanished_period.returned_at
    if known_at is None or returned_at is None or not moment.includes(known_at, returned_at):
        return None
    return returned_at


def restore_row(source: str, ad_id: int, history: CountedHistory) -> Values:
    """The columns of the public view that follow from what counts of an ad's history."""
    version, metric = history.content.row, history.numbers.row
    values = project_record(source, _join_record(version, metric), version.withheld, history.asked)
    return values | {
        # As ingest stores it: answers are compared byte for byte.
        "missing": dict(sorted(values["missing"].items())),
        "id": ad_id,
        "state": "vanished" if history.missed_at else "seen",
        "versions": history.content.known,
        "version_id": version.id,
        "content_sha256": version.shown_sha256,
        "first_seen_at": history.content.first_at,
        "last_changed_at": max(version.observed_at, metric.observed_at),
        "vanished_at": history.missed_at,
        "recorded_at": history.learned_at,
    }


def _join_record(version: AdVersion, metric: AdMetric) -> AdRecord:
    """The whole record, so that the columns are derived by the very projection that ingest uses."""
    content: dict[str, Any] = dict(version.content)
    missing = content.pop("missing", {}) | metric.missing
    numbers = {name: getattr(metric, name) for name in NUMBER_FIELDS}
    return AdRecord(**content, **numbers, missing=missing)
