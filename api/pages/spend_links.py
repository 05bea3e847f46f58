"""Where the ads behind a figure are: the search that carries the whole question, or none."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from archive.spending import SpendBy, SpendGroup, SpendMeasure, SpendSummary
from archive.spending.items import SEVERAL
from archive.spending.periods import PeriodSlice, split_period
from archive.spending.query import PERIODS

KEYS = {
    SpendBy.PAYER: "payer",
    SpendBy.ADVERTISER: "advertiser_id",
    SpendBy.PLATFORM: "platform",
    SpendBy.COUNTRY: "country",
}
"""Axes whose groups a search can be narrowed to, and its filter."""

ASKED = {
    "source": "source",
    "platform": "platform",
    "country": "country",
    "advertiser_id": "advertiser_id",
    "payer": "payer",
}
"""Fields of a question about money, and the search's filter."""


def locate_ads(
    summary: SpendSummary, groups: Iterable[SpendGroup], given: Mapping[str, str]
) -> dict[tuple[str, str | None], str]:
    """By key and currency of some groups of an answer, the search that finds their ads and no others.

    A group has none where a search cannot ask for just its ads: those of unknown key or currency, of one
    country where others were shown in several, and amounts of which a conversion left some.
    """
    if summary.measure is not SpendMeasure.ADS or summary.by not in (*KEYS, *PERIODS):
        return {}
    slices: dict[str, PeriodSlice] = {}
    if summary.by in PERIODS and summary.from_on and summary.to_on:
        periods = split_period(summary.by, summary.from_on, summary.to_on)
        slices = {one.key: one for one in periods}
    keys = {(group.key, group.currency) for group in summary.groups}
    found = {}
    for group in groups:
        currencies = sorted({group.currency or "", *group.converted_from})
        is_apart = len(keys & {(group.key, code) for code in currencies}) == 1
        is_split = summary.by is SpendBy.COUNTRY and (SEVERAL, group.currency) in keys
        if group.unknown_reason or "" in currencies or group.key == SEVERAL or is_split:
            continue
        if is_apart:
            named = _narrow(summary, group, given, slices) | {"currency": currencies}
            found[group.key, group.currency] = f"/search?{urlencode(named, doseq=True)}"
    return found


def _narrow(
    summary: SpendSummary,
    group: SpendGroup,
    given: Mapping[str, str],
    slices: Mapping[str, PeriodSlice],
) -> dict[str, object]:
    filters: dict[str, object] = {to: given[name] for name, to in ASKED.items() if given[name]}
    days = slices.get(group.key)
    first_on, last_on = summary.from_on, summary.to_on
    if days is not None:
        first_on, last_on = days.first_on, days.last_on
    elif summary.by in KEYS:
        filters[KEYS[summary.by]] = group.key
    if first_on and last_on:
        filters |= {"from": first_on, "to": last_on}
    return filters | ({"include": given["include"]} if given["include"] else {})
