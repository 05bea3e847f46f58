"""Statements of what advertisers spent, as tests make them, and answers about them in few words."""

from datetime import date, timedelta

from archive.records import AdvertiserSpendRecord
from archive.spending import SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import read

MONDAY = date(2026, 1, 5)
DAY = timedelta(days=1)


def on(step):
    return MONDAY + step * DAY


def state(grain, first, days, lower, upper=None, ref="page-1", country="ES", **values):
    return AdvertiserSpendRecord(
        dataset=f"{country}_{grain}_{days}",
        platform="examplatform",
        grain=grain,
        period_start_on=None if first is None else on(first),
        period_end_on=None if first is None else on(first + days - 1),
        advertiser_ref=ref,
        advertiser_name=f"Party of {ref}",
        countries=[country],
        currency="EUR",
        spend_lower_minor=lower * 100,
        spend_upper_minor=(lower if upper is None else upper) * 100,
        **values,
    )


def ask(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(measure=SpendMeasure.REPORTED, **asked))


def tell(engine, first=None, last=None, **asked):
    if first is not None:
        asked |= {"from_on": on(first), "to_on": on(last)}
    return [
        (g.key, g.grain, tell_units(g.lower_minor), tell_units(g.upper_minor), g.days_missing)
        for g in ask(engine, **asked).groups
    ]


def tell_units(minor):
    return None if minor is None else minor // 100
