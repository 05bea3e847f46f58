"""Ads for readers: one by its permanent id, many by a filter, now or as they were at a moment.

An answer as of a time never changes afterwards, but for what a logged decision withholds, which the
answer names.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from archive.errors import NotFoundError, NotYetKnownError
from archive.models import Ad, PublicAd, Redaction
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import ads_at, restore_ads
from archive.reading.as_of.restored_rows import select_rows, take_rows
from archive.reading.freshness import read_data_as_of
from archive.reading.json_lists import list_holds
from archive.reading.labels import list_labels
from archive.reading.paging import MOST_AT_ONCE, Page, count_rows, cut_page, decode_number
from archive.reading.views import AdItem, AdView, RedactionView
from archive.reading.visible import (
    Include,
    find_labelled,
    is_visible_by_default,
    read_visible_by_default,
)
from archive.records.identity import ad_path, split_public_id
from archive.store.batches import cut_batches

LISTING = "ads"
NEWEST_FIRST = "ads, newest first"

UNKNOWN = "unknown"
"""Asks for the ads of which the source does not say."""


class Declared(StrEnum):
    """Whether an ad was declared political."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


DECLARED = {Declared.TRUE: True, Declared.FALSE: False, Declared.UNKNOWN: None}


@dataclass(frozen=True)
class AdFilter:
    """Which ads a list shows; every part given must hold."""

    source: str | None = None
    platform: str | None = None
    country: str | None = None
    advertiser_id: str | None = None
    advertiser: tuple[str, ...] | None = None
    payer: tuple[str, ...] | None = None
    sponsor: tuple[str, ...] | None = None
    """Any of these spellings of a name."""
    currency: str | None = None
    state: str | None = None
    election: str | None = None
    """The election as the source names it, or `unknown`."""
    declared_political: Declared | None = None
    from_on: date | None = None
    to_on: date | None = None
    """Ads that ran on any day from the one to the other, as far as is known; undated ones did not."""
    spend_min_minor: int | None = None
    spend_max_minor: int | None = None
    """Known to have cost so much at least, or at most, in minor units of the currency."""
    include: Include | None = None
    """Whether ads without a political label are asked for; so they are where one asks by the label."""


def read_ad(session: Session, ad_id: str, moment: Moment = NOW) -> AdView:
    """One ad by its permanent id, now or as it was at a moment.

    Raises:
        NotFoundError: if the archive does not hold it, or did not then.
    """
    ad = find_ad_row(session, ad_id, moment)
    row = next(_read_rows(session, {ad.id: ad.source}, moment), None)
    if row is None:
        raise NotFoundError("ad", ad_id)
    return AdView(
        **dict(show_ads(session, [row], moment)[0]),
        path=ad_path(ad.source, ad.ref),
        labels=list_labels(session, ad.id, moment),
        redactions=list_redactions(session, ad.id),
        as_of=moment.as_of,
        valid_at=moment.valid_at,
        data_as_of=read_data_as_of(session, moment.as_of),
    )


def find_ad_row(session: Session, ad_id: str, moment: Moment = NOW) -> Ad:
    """The identity rows of an ad, for functions that read what hangs on it.

    Raises:
        NotFoundError: if the archive does not hold it, or did not at the moment.
    """
    try:
        source, ref = split_public_id(ad_id)
    except ValueError:
        raise NotFoundError("ad", ad_id) from None
    ad = session.exec(select(Ad).where(Ad.source == source, Ad.ref == ref)).first()
    if ad is None:
        raise NotFoundError("ad", ad_id)
    if not moment.knows(ad.recorded_at):
        raise NotYetKnownError("ad", ad_id, ad.recorded_at)
    if not moment.includes(ad.recorded_at, ad.first_observed_at):
        raise NotYetKnownError("ad", ad_id, ad.first_observed_at)
    return ad


def list_ads(
    session: Session,
    wanted: AdFilter,
    cursor: str | None = None,
    limit: int = 50,
    moment: Moment = NOW,
) -> Page[AdItem]:
    """Ads in the order in which the archive learned of them.

    The order never changes and new ads come last, so pages hold still while ingest runs.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    after = decode_number(LISTING, cursor) or 0
    limit = min(limit, MOST_AT_ONCE)
    conditions = partial(filter_ads, session, wanted, moment=moment)
    rows = take_rows(session, ads_at(session, moment, after), conditions, after, limit + 1)
    shown, following = cut_page(LISTING, rows, limit, lambda row: row["id"])
    data_as_of = read_data_as_of(session, moment.as_of)
    count = partial(_count_ads, session, wanted) if moment.is_now else None
    return Page(show_ads(session, shown, moment), following, data_as_of, moment, count)


def list_newest_ads(
    session: Session, wanted: AdFilter, cursor: str | None = None, limit: int = 50
) -> Page[AdItem]:
    """Ads as they are now, those that the archive learned of last first; what comes meanwhile is on no page.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    before = decode_number(NEWEST_FIRST, cursor)
    limit = min(limit, MOST_AT_ONCE)
    query = select_rows(PublicAd).where(*filter_ads(session, wanted, PublicAd))
    if before is not None:
        query = query.where(col(PublicAd.id) < before)
    query = query.order_by(col(PublicAd.id).desc()).limit(limit + 1)
    rows = list(map(dict, session.connection().execute(query).mappings()))
    shown, following = cut_page(NEWEST_FIRST, rows, limit, lambda row: row["id"])
    count = partial(_count_ads, session, wanted)
    return Page(show_ads(session, shown, NOW), following, read_data_as_of(session), NOW, count)


def _count_ads(session: Session, wanted: AdFilter) -> int:
    return count_rows(session, PublicAd, filter_ads(session, wanted, PublicAd))


def filter_ads(
    session: Session, wanted: AdFilter, ads: type[PublicAd], moment: Moment = NOW
) -> list[ColumnElement[bool]]:
    """A filter as conditions on the public view, or on what `ads_at` gives in its place."""
    names = ("source", "platform", "advertiser_id", "currency", "state")
    given = {name: getattr(wanted, name) for name in names}
    conditions = [col(getattr(ads, name)) == v for name, v in given.items() if v is not None]
    spelt = {name: getattr(wanted, name) for name in ("advertiser", "payer", "sponsor")}
    conditions += [
        col(getattr(ads, f"{name}_name")).in_(spellings)
        for name, spellings in spelt.items()
        if spellings is not None
    ]
    if wanted.country is not None:
        conditions.append(list_holds(session, ads.countries, wanted.country))
    conditions += ran_between(ads, wanted.from_on, wanted.to_on)
    conditions += _cost_between(ads, wanted.spend_min_minor, wanted.spend_max_minor)
    if wanted.election is not None:
        named = None if wanted.election == UNKNOWN else wanted.election
        conditions.append(col(ads.election_name).is_not_distinct_from(named))
    if wanted.declared_political is not None:
        conditions.append(col(ads.declared_political).is_(DECLARED[wanted.declared_political]))
    elif wanted.include is None:
        conditions.append(is_visible_by_default(ads, moment))
    return conditions


def ran_between(
    ads: type[PublicAd], from_on: date | None, to_on: date | None
) -> list[ColumnElement[bool]]:
    """Ads that ran on any of these days; one without an end, or that ends before it starts, may still run."""
    conditions: list[ColumnElement[bool]] = []
    if from_on is not None:
        ended_on = col(ads.ended_on)
        conditions += [
            col(ads.started_on).is_not(None),
            or_(ended_on.is_(None), ended_on >= from_on, col(ads.dates_contradict)),
        ]
    if to_on is not None:
        conditions.append(col(ads.started_on) <= to_on)
    return conditions


def _cost_between(
    ads: type[PublicAd], least: int | None, most: int | None
) -> list[ColumnElement[bool]]:
    conditions = [] if least is None else [col(ads.spend_lower_minor) >= least]
    return conditions + ([] if most is None else [col(ads.spend_upper_minor) <= most])


def find_hidden(session: Session, ad_ids: Collection[str], moment: Moment) -> frozenset[str]:
    """Those of the ads, by their permanent ids, that lists left out at a moment."""
    keys: dict[int, str] = {}
    for source, refs in _group_refs(ad_ids).items():
        for some in cut_batches(sorted(refs)):
            query = select(Ad.id, Ad.source).where(Ad.source == source, col(Ad.ref).in_(some))
            keys |= dict(session.exec(query).all())
    labelled = find_labelled(session, sorted(keys), moment)
    return frozenset(
        row["public_id"]
        for row in _read_rows(session, keys, moment)
        if not _read_visible(row, labelled)
    )


def list_redactions(session: Session, ad_row_id: int) -> list[RedactionView]:
    """What is withheld of an ad, oldest first; it is withheld from answers about earlier times too."""
    query = select(Redaction).where(Redaction.ad_id == ad_row_id).order_by(col(Redaction.id))
    return [RedactionView.model_validate(row) for row in session.exec(query)]


def show_ads(session: Session, rows: Sequence[Mapping[str, Any]], moment: Moment) -> list[AdItem]:
    """Rows of the public view, column by column, as readers see them; reasons in order of field."""
    labelled = find_labelled(session, [row["id"] for row in rows], moment)
    return [
        AdItem.model_validate(
            {
                **row,
                "id": row["public_id"],
                "is_visible_by_default": _read_visible(row, labelled),
                "missing": dict(sorted(row["missing"].items())),
            }
        )
        for row in rows
    ]


def _read_visible(row: Mapping[str, Any], labelled: frozenset[int]) -> bool:
    return read_visible_by_default(row["id"], row["declared_political"], row["missing"], labelled)


def _read_rows(
    session: Session, keys: Mapping[int, str], moment: Moment
) -> Iterator[Mapping[str, Any]]:
    """Rows of the public view at a moment, given our keys of the ads with their sources."""
    if not moment.is_now:
        yield from restore_ads(session, moment, keys)
        return
    for some in cut_batches(sorted(keys)):
        query = select_rows(PublicAd).where(col(PublicAd.id).in_(some))
        yield from map(dict, session.connection().execute(query).mappings())


def _group_refs(ad_ids: Iterable[str]) -> dict[str, set[str]]:
    grouped: defaultdict[str, set[str]] = defaultdict(set)
    for source, ref in map(split_public_id, ad_ids):
        grouped[source].add(ref)
    return grouped
