"""One question about money, one answer."""

from collections.abc import Iterator

from sqlmodel import Session

from archive.models import PublicAd
from archive.models.corrections import SpendMeasure
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.past_money import disclosures_at, statements_at
from archive.reading.freshness import read_data_as_of
from archive.spending.ad_windows import sum_ad_windows
from archive.spending.conversion import Converted, convert_sums
from archive.spending.exchange_rates import ExchangeRates
from archive.spending.groups import fold_groups, make_groups
from archive.spending.items import (
    ad_is_undated,
    list_ad_amounts,
    list_filed_rows,
    list_statements,
)
from archive.spending.query import SpendBasis, SpendBy, SpendQuery, check_query
from archive.spending.summary import SpendSummary
from archive.spending.sums import SourceSum, sum_amounts

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
        "What sources state for advertisers week by week, newest statement only."
    ),
    (SpendMeasure.DISCLOSED, SpendBasis.LIFETIME): (
        "Filed expenditures: memo rows and notices are not counted, since other rows repeat them; "
        "negative amounts (refunds, corrections) are."
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
CUT_WEEKS = " A week that the period cuts counts from nothing to its whole."
WITHOUT_DATES = " Items without dates are left out and counted beside."


def summarise_spending(
    session: Session, query: SpendQuery, rates: ExchangeRates | None = None
) -> SpendSummary:
    """Sum spending by group and currency; `rates` are needed where the query converts.

    Raises:
        SpendQueryError: if the question has no honest answer.
    """
    check_query(query, rates)
    as_of = query.moment.as_of or read_data_as_of(session)
    folded = fold_groups(query, _sum_measure(session, query))
    converted: Converted | None = None
    if query.convert_to and rates and as_of:
        known_on = (query.moment.valid_at or as_of).date()
        converted = convert_sums(folded, query.convert_to, rates, known_on)
        folded = converted.folded
    return SpendSummary(
        measure=query.measure,
        by=query.by,
        basis=query.resolved_basis,
        from_on=query.from_on,
        to_on=query.to_on,
        rule=_tell_rule(query),
        as_of=as_of,
        valid_at=query.moment.valid_at,
        conversion=converted.conversion if converted else None,
        groups=make_groups(session, query, folded, converted.originals if converted else {}),
    )


def _sum_measure(session: Session, query: SpendQuery) -> Iterator[SourceSum]:
    match query.measure:
        case SpendMeasure.REPORTED:
            stated = statements_at(query.moment)
            yield from sum_amounts(session, list_statements(session, stated, query))
        case SpendMeasure.DISCLOSED:
            for filed in disclosures_at(session, query.moment):
                yield from sum_amounts(session, list_filed_rows(filed, query))
        case SpendMeasure.ADS:
            for ads in ads_at(session, query.moment):
                yield from _sum_ads(session, ads, query)


def _sum_ads(session: Session, ads: type[PublicAd], query: SpendQuery) -> Iterator[SourceSum]:
    listed = list_ad_amounts(session, ads, query)
    if query.resolved_basis is SpendBasis.LIFETIME:
        yield from sum_amounts(session, listed)
        return
    yield from sum_ad_windows(session, ads, query)
    yield from sum_amounts(session, listed.where(ad_is_undated(ads)))


def _tell_rule(query: SpendQuery) -> str:
    basis = query.resolved_basis
    measure = query.measure
    if measure is SpendMeasure.DISCLOSED:
        basis = SpendBasis.LIFETIME
    elif measure is SpendMeasure.REPORTED:
        is_weekly = query.has_period or query.by is SpendBy.WEEK
        basis = SpendBasis.BOUNDS if is_weekly else SpendBasis.LIFETIME
    rule = IN_REGIONS if query.by is SpendBy.REGION else RULES[measure, basis]
    if measure is SpendMeasure.ADS and query.has_period and basis is SpendBasis.LIFETIME:
        rule += PERIOD_OF_LIVES
    if measure is SpendMeasure.ADS and query.include is not None:
        rule += WITH_UNLABELLED
    if measure is SpendMeasure.REPORTED and query.has_period:
        rule += CUT_WEEKS
    if query.country is not None and query.by is not SpendBy.REGION:
        rule += SEVERAL_COUNTRIES
    return rule + WITHOUT_DATES if query.has_period else rule
