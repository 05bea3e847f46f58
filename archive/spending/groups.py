"""From sums to the groups of an answer: labels, order, coverage."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache

from babel import Locale
from sqlmodel import Session, select

from archive.models import Committee
from archive.models.corrections import SpendMeasure
from archive.reading.ads.advertisers import name_advertisers
from archive.reading.coverage import CrawledDays, summarise_coverage
from archive.records import MISSING_IN_WORDS, Grain
from archive.spending.conversion import ConvertedSum
from archive.spending.items import ALL, SEVERAL, name_filer
from archive.spending.periods import key_day, name_period
from archive.spending.query import PERIODS, SpendBasis, SpendBy, SpendQuery
from archive.spending.ranks import may_compete, rank_groups
from archive.spending.summary import OriginalSum, SpendGroup
from archive.spending.sums import AmountSum, Folded, SourceSum, SumKey
from archive.store.batches import cut_batches


def make_groups(
    session: Session, query: SpendQuery, folded: Folded, converted: Mapping[SumKey, ConvertedSum]
) -> list[SpendGroup]:
    """One group per key and currency, in the order in which people read them.

    `converted` tells of the sums that hold other currencies. Periods stand in time order. All
    else stands by currency, the one with most items first, then by the lower bound, greatest first,
    what has no name or no known amount last:
    amounts of different currencies are never ranked together.
    """
    keys = [about.key for about in folded if about.key is not None]
    labels = _name_keys(session, query, keys)
    sources = {source for _, named in folded.values() for source in named}
    covered = {source: _cover(session, query, source) for source in sorted(sources)}
    groups = [
        _make_group(
            query,
            about,
            total,
            labels,
            [covered[s] for s in sorted(named)],
            converted.get(about),
        )
        for about, (total, named) in folded.items()
    ]
    rank_groups(query.by, groups)
    return _order_groups(query, groups)


def key_period(query: SpendQuery, one: SourceSum) -> SourceSum:
    """Filed rows and statements of days are summed by day in SQL; weeks and months are made here."""
    key = one.about.key
    grain = one.about.grain
    is_daily = query.measure is SpendMeasure.DISCLOSED or grain is Grain.DAY
    is_daily = is_daily or (grain is not None and query.by is SpendBy.MONTH)
    if not is_daily or query.by not in PERIODS or key is None:
        return one
    about = replace(one.about, key=key_day(query.by, date.fromisoformat(key)))
    return replace(one, about=about)


def _make_group(
    query: SpendQuery,
    about: SumKey,
    total: AmountSum,
    labels: Mapping[str, str],
    coverage: list[CrawledDays],
    converted: ConvertedSum | None,
) -> SpendGroup:
    is_known = total.items > total.unknown_count
    is_open = total.open_count > 0
    originals = converted.originals if converted else {}
    is_estimate = query.resolved_basis is SpendBasis.ESTIMATE
    return SpendGroup(
        key=f"unknown:{about.reason}" if about.key is None else about.key,
        label=_name_unknown(query, about) if about.key is None else labels[about.key],
        currency=about.currency,
        lower_minor=total.lower if is_known else None,
        upper_minor=total.upper if is_known and not is_open else None,
        mean_lower_minor=converted.mean_lower if converted and is_known else None,
        mean_upper_minor=converted.mean_upper if converted and is_known and not is_open else None,
        estimate_minor=round(total.estimate) if is_known and is_estimate else None,
        open_count=total.open_count,
        ads=total.items,
        undated=total.undated,
        unknown_count=total.unknown_count,
        revised_count=total.revised_count,
        settled_late_count=total.settled_late_count,
        rounding=total.rounding,
        unknown_step_count=total.unknown_step_count,
        not_in_newest=total.not_in_newest,
        grain=about.grain,
        days_missing=total.days_missing,
        unknown_reason=about.reason,
        converted_from=sorted(originals.keys() - {about.currency}),
        originals=[_make_original(code, originals[code]) for code in sorted(originals)],
        coverage=coverage,
    )


def _make_original(currency: str, total: AmountSum) -> OriginalSum:
    is_known = total.items > total.unknown_count
    return OriginalSum(
        currency=currency,
        lower_minor=total.lower if is_known else None,
        upper_minor=total.upper if is_known and not total.open_count else None,
        ads=total.items,
        unknown_count=total.unknown_count,
        rounding=total.rounding,
    )


def _name_unknown(query: SpendQuery, about: SumKey) -> str:
    words = f"unknown: {MISSING_IN_WORDS[about.reason]}" if about.reason else "unknown"
    return f"{query.by or 'all'} {words}"


def _name_keys(session: Session, query: SpendQuery, keys: list[str]) -> Mapping[str, str]:
    """Each key in words."""
    if query.by is None:
        return {ALL: "everything asked for"}
    if query.by in PERIODS:
        return {key: name_period(query.by, key) for key in keys}
    if query.by is SpendBy.COUNTRY:
        return {key: name_country(key) for key in keys}
    if query.by is SpendBy.ADVERTISER:
        return {key: key for key in keys} | name_advertisers(session, keys, query.moment)
    if query.measure is SpendMeasure.DISCLOSED and query.by is SpendBy.PAYER:
        return {key: key for key in keys} | _name_filers(session, keys)
    return {key: key for key in keys}


def name_country(code: str) -> str:
    """A country's name in English; a code that is no country's stays as it is."""
    return "several countries (not split by the source)" if code == SEVERAL else _territory(code)


@cache
def _territory(code: str) -> str:
    return str(Locale("en").territories.get(code, code))


def _name_filers(session: Session, ids: list[str]) -> dict[str, str]:
    filer = name_filer(Committee.source, Committee.ref)
    names: dict[str, str] = {}
    for some in cut_batches(ids):
        query = select(filer, Committee.name).where(filer.in_(some))
        names |= {key: name for key, name in session.exec(query) if name}
    return names


def _cover(session: Session, query: SpendQuery, source: str) -> CrawledDays:
    return summarise_coverage(session, source, query.from_on, query.to_on, moment=query.moment)


def _order_groups(query: SpendQuery, groups: list[SpendGroup]) -> list[SpendGroup]:
    if query.by in PERIODS:
        return sorted(
            groups,
            key=lambda g: (g.unknown_reason is not None, g.key, g.currency or "", g.grain or ""),
        )
    items: Counter[str | None] = Counter()
    for group in groups:
        items[group.currency] += group.ads
    return sorted(
        groups,
        key=lambda g: (
            g.currency is None,
            -items[g.currency],
            g.currency or "",
            not may_compete(g),
            -(g.lower_minor if g.lower_minor is not None else -1),
            g.label,
            g.key,
            g.grain or "",
        ),
    )
