"""One question about money, one answer."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from archive.models import AdvertiserSpend, PublicAd
from archive.models.changes import ChangeKind
from archive.models.corrections import SpendMeasure
from archive.reading.as_of.moment import NOW
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.past_money import disclosures_at, statements_at
from archive.reading.coverage import read_contents
from archive.reading.freshness import read_data_as_of
from archive.reading.visible import Include
from archive.records import Grain
from archive.spending.ad_windows import sum_ad_windows
from archive.spending.codes import check_platform, read_codes
from archive.spending.conversion import Converted, convert_sums
from archive.spending.curves import IS_SHOWN, list_windows
from archive.spending.exchange_rates import ExchangeRates
from archive.spending.groups import key_period, make_groups
from archive.spending.items import (
    ad_is_undated,
    list_ad_amounts,
    list_filed_rows,
    list_statements,
)
from archive.spending.known_days import fill_period, find_span, list_stated_days
from archive.spending.newest_files import (
    UNDATED,
    find_not_in_newest,
    has_incomplete_file,
    list_filed,
    list_statements_of_lives,
)
from archive.spending.periods import slice_period
from archive.spending.query import SpendBasis, SpendBy, SpendQuery, check_query
from archive.spending.statements import sum_period
from archive.spending.summary import SpendRoute, SpendSummary, StatedDays
from archive.spending.sums import AmountSum, SourceSum, fold_sums, sum_amounts
from archive.store.batches import cut_batches

RULES = {
    (SpendMeasure.ADS, SpendBasis.LIFETIME): (
        "The newest spend range of every ad, over its whole life, added up; open ends stay open."
    ),
    (SpendMeasure.ADS, SpendBasis.BOUNDS): (
        "For each ad what its snapshots prove for the period: at least what was spent by its last day "
        "minus at most what was spent before its first, and the other way round."
    ),
    (SpendMeasure.ADS, SpendBasis.ESTIMATE): (
        "An estimate: the midpoint of each ad's newest range spread evenly over the days of its run; "
        "the bounds beside it are what the snapshots prove."
    ),
    (SpendMeasure.REPORTED, SpendBasis.LIFETIME): (
        "What sources state for advertisers over the whole time they cover, newest statement only."
    ),
    (SpendMeasure.REPORTED, SpendBasis.BOUNDS): (
        "What sources state for advertisers, newest statement only: the statement that covers just the "
        "period, or the days or weeks in it, or what windows inside and around it prove."
    ),
    (SpendMeasure.DISCLOSED, SpendBasis.LIFETIME): (
        "All operating expenditures as filed, not only ads: each report as its latest filing has it; memo "
        "rows and notices are not counted, since other rows repeat them; negative amounts (refunds, "
        "corrections) are. The names of individuals paid wages are withheld, their payments counted."
    ),
}
PERIOD_OF_LIVES = (
    " Every ad whose run touches the period counts with its whole life, so the sum is of more than "
    "the period."
)
SEVERAL_COUNTRIES = " An ad shown in several countries counts whole: no source splits its spend."
IN_REGIONS = (
    "What sources state for advertisers in each region over the whole time they cover, newest statement "
    "only: parts of the advertisers' whole spend, which may have parts in no region named."
)
WITH_UNLABELLED = " Ads that nobody called political count too."
BY_PERIOD = "What sources state for advertisers {by} by {by}, newest statement only."
UNLISTED = (
    " An advertiser that a source leaves out of a day counts nothing on it; days of which the source "
    "states nothing are counted as missing, and open the upper end."
)
ROUNDED = (
    " What a source rounds counts from half a step below to half a step above; where nobody states the "
    "step, as printed, and is counted beside."
)
CUT_WEEKS = (
    " A week that the period cuts counts from nothing to its whole, and a window that only shares days with "
    "it leaves the upper end open."
)
WITHOUT_DATES = " Items without dates are left out and counted beside."


def summarise_spending(
    session: Session,
    query: SpendQuery,
    rates: ExchangeRates | None = None,
    files: Session | None = None,
) -> SpendSummary:
    """Sum spending by group and currency; `rates` are needed where the query converts.

    `files`: the mirror's, which hold just what the archive holds now, to add amounts up in its place.

    Raises:
        SpendQueryError: if the question has no honest answer.
    """
    query = fill_period(session, read_codes(session, query))
    check_query(query, rates)
    as_of = query.moment.as_of or read_data_as_of(session)
    sums = (key_period(query, one) for one in _sum_measure(session, query, files))
    converted: Converted | None = None
    if query.convert_to and rates and as_of:
        converted = convert_sums(sums, query.convert_to, rates)
    folded = converted.folded if converted else fold_sums(sums)
    if not folded and query.moment == NOW:
        check_platform(session, query.platform)
    is_rounded = any(total.rounded_count for total, _ in folded.values())
    sources = {source for _, named in folded.values() for source in named}
    sources |= {query.source} if query.source else set()
    return SpendSummary(
        measure=query.measure,
        by=query.by,
        basis=query.resolved_basis,
        from_on=query.from_on,
        to_on=query.to_on,
        rule=_tell_rule(query) + (ROUNDED if is_rounded else ""),
        route=SpendRoute.ARCHIVE if files is None else SpendRoute.MIRROR,
        as_of=as_of,
        valid_at=query.moment.valid_at,
        conversion=converted.conversion if converted else None,
        rests_on=[
            read_contents(session, source, query.measure, as_of, query.moment)
            for source in sorted(sources)
            if as_of
        ],
        stated=[] if folded else _list_stated(session, query),
        groups=make_groups(session, query, folded, converted.parts if converted else {}),
    )


def _list_stated(session: Session, query: SpendQuery) -> list[StatedDays]:
    if query.measure is not SpendMeasure.REPORTED:
        return []
    return list_stated_days(session, statements_at(query.moment), query)


def _sum_measure(session: Session, query: SpendQuery, files: Session | None) -> Iterator[SourceSum]:
    match query.measure:
        case SpendMeasure.REPORTED:
            yield from _sum_statements(session, statements_at(query.moment), query, files)
        case SpendMeasure.DISCLOSED:
            yield from _sum_filed(session, query, files)
        case SpendMeasure.ADS if files is not None:
            yield from _sum_shown(files, query)
        case SpendMeasure.ADS:
            for ads in ads_at(session, query.moment):
                yield from _sum_ads(session, ads, query)


def _sum_statements(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery, files: Session | None
) -> Iterator[SourceSum]:
    if query.has_period and query.by not in (SpendBy.DAY, SpendBy.WEEK):
        yield from _sum_slices(session, stated, query)
        return
    for grain in choose_grains(query):
        if query.by is SpendBy.WEEK and grain is Grain.DAY:
            yield from _sum_slices(session, stated, replace(query, grain=grain))
            continue
        listed = list_statements(files or session, stated, query, grain)
        for one in sum_amounts(files or session, listed):
            yield replace(one, about=one.about.of_grain(grain))
        if grain in UNDATED:
            lives = list_statements_of_lives(session, stated)
            kind = ChangeKind.ADVERTISER_SPEND
            missed = find_not_in_newest(session, kind, lives, query.moment)
            for one in _count_missed(files or session, listed, col(stated.id), missed):
                yield replace(one, about=one.about.of_grain(grain))


def _sum_filed(session: Session, query: SpendQuery, files: Session | None) -> Iterator[SourceSum]:
    for filed in disclosures_at(session, query.moment):
        yield from sum_amounts(files or session, list_filed_rows(files or session, filed, query))
    if not has_incomplete_file(session, ChangeKind.DISCLOSURE, query.moment):
        return
    rows = chain.from_iterable(
        list_filed(session, filed) for filed in disclosures_at(session, query.moment)
    )
    missed = find_not_in_newest(session, ChangeKind.DISCLOSURE, rows, query.moment)
    for filed in disclosures_at(session, query.moment) if missed else ():
        listed = list_filed_rows(files or session, filed, query)
        yield from _count_missed(files or session, listed, col(filed.id), missed)


def _count_missed(
    session: Session, listed: Select[Any], row_id: Mapped[Any], missed: Sequence[int]
) -> Iterator[SourceSum]:
    """How many of what is listed the newest file lacks, by group."""
    for some in cut_batches(missed):
        for one in sum_amounts(session, listed.where(row_id.in_(some))):
            yield replace(one, sum=AmountSum(not_in_newest=one.sum.items))


def _sum_slices(
    session: Session, stated: type[AdvertiserSpend], query: SpendQuery
) -> Iterator[SourceSum]:
    """The period, or each week or month of it; without one, each week of which anything is stated."""
    if query.from_on and query.to_on:
        from_on, to_on = query.from_on, query.to_on
    elif span := find_span(session, stated, query):
        from_on, to_on = span
    else:
        return
    for asked in slice_period(query.by, from_on, to_on):
        yield from sum_period(session, stated, query, asked)


def choose_grains(query: SpendQuery) -> list[Grain]:
    """The grains of the statements that a question without a period, or by day or week, counts."""
    if query.grain is not None:
        return [query.grain]
    match query.by:
        case SpendBy.REGION:
            return [Grain.REGION]
        case SpendBy.DAY:
            return [Grain.DAY]
        case SpendBy.WEEK:
            return [Grain.WEEK, Grain.DAY]
        case _:
            return [Grain.LIFETIME]


def _sum_ads(session: Session, ads: type[PublicAd], query: SpendQuery) -> Iterator[SourceSum]:
    listed = list_ad_amounts(session, ads, query)
    if query.resolved_basis is SpendBasis.LIFETIME:
        yield from sum_amounts(session, listed, by_days=not query.convert_to)
        return
    yield from sum_ad_windows(session, ads, query)
    yield from sum_amounts(session, listed.where(ad_is_undated(ads)))


def _sum_shown(files: Session, query: SpendQuery) -> Iterator[SourceSum]:
    """The same of all ads now, from the mirror's files, which know whether an ad is shown by default."""
    shown = [IS_SHOWN] if query.include is None else []
    query = replace(query, include=Include.UNLABELLED)
    listed = list_ad_amounts(files, PublicAd, query).where(*shown)
    if query.resolved_basis is SpendBasis.LIFETIME:
        yield from sum_amounts(files, listed)
        return
    yield from sum_amounts(files, list_windows(files, query, *shown))
    yield from sum_amounts(files, listed.where(ad_is_undated(PublicAd)))


def _tell_rule(query: SpendQuery) -> str:
    basis = query.resolved_basis
    measure = query.measure
    if measure is SpendMeasure.DISCLOSED:
        basis = SpendBasis.LIFETIME
    elif measure is SpendMeasure.REPORTED:
        basis = SpendBasis.BOUNDS if query.has_period else SpendBasis.LIFETIME
    rule = IN_REGIONS if query.by is SpendBy.REGION else RULES[measure, basis]
    if measure is SpendMeasure.REPORTED and query.by in (SpendBy.DAY, SpendBy.WEEK):
        rule = BY_PERIOD.format(by=query.by)
    if measure is SpendMeasure.ADS and query.has_period and basis is SpendBasis.LIFETIME:
        rule += PERIOD_OF_LIVES
    if measure is SpendMeasure.ADS and query.include is not None:
        rule += WITH_UNLABELLED
    if measure is SpendMeasure.REPORTED and query.has_period:
        rule += UNLISTED + CUT_WEEKS
    if query.country is not None and query.by is not SpendBy.REGION:
        rule += SEVERAL_COUNTRIES
    return rule + WITHOUT_DATES if query.has_period else rule
