"""The question a spend summary answers, and which questions have no honest answer."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from archive.errors import QuestionError
from archive.models.corrections import SpendMeasure
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.visible import Include
from archive.records import Grain
from archive.spending.exchange_rates import ExchangeRates


class SpendBy(StrEnum):
    """What the sums are split by."""

    ADVERTISER = "advertiser"
    PAYER = "payer"
    PAYEE = "payee"
    PURPOSE = "purpose"
    PLATFORM = "platform"
    COUNTRY = "country"
    REGION = "region"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ELECTION = "election"


class SpendBasis(StrEnum):
    """How a sum relates to the period asked for."""

    LIFETIME = "lifetime"
    BOUNDS = "bounds"
    ESTIMATE = "estimate"


FILED_ONLY = frozenset({SpendBy.PAYEE, SpendBy.PURPOSE})
"""What only filings name."""

PERIODS = frozenset({SpendBy.DAY, SpendBy.WEEK, SpendBy.MONTH})

MOST_YEARS = 100
"""Longest period: whoever asks for more has mistyped a year, and would be told of days nobody crawled."""

MOST_DAYS_SPLIT = 1100
"""Three years day by day; longer questions are asked by week or month."""


EARLIEST = date(1970, 1, 1)
"""No archive of online ads, and no filing that an authority offers as data, reaches back further."""


class SpendQueryError(QuestionError):
    """A question about money that has no honest answer here; says why and what to ask instead."""


@dataclass(frozen=True)
class SpendQuery:
    """A question about money; every filter given must hold."""

    by: SpendBy | None = None
    """`None`: one sum over everything, a row per currency."""
    measure: SpendMeasure = SpendMeasure.ADS
    basis: SpendBasis | None = None
    """`None`: lifetime without a period, bounds with one."""
    from_on: date | None = None
    to_on: date | None = None
    """Both days included."""
    source: str | None = None
    platform: str | None = None
    country: str | None = None
    currency: str | None = None
    advertiser_id: str | None = None
    payer: tuple[str, ...] | None = None
    """Any of these spellings of a name."""
    convert_to: str | None = None
    grain: Grain | None = None
    """Of what sources state for advertisers: only statements that cover this; `None`: automatic."""
    include: Include | None = None
    """Whether ads without a political label count as well."""
    moment: Moment = NOW
    """Only what this archive had learned, and sources had said, by then."""

    @property
    def has_period(self) -> bool:
        """Whether the question is about a range of days."""
        return self.from_on is not None

    @property
    def resolved_basis(self) -> SpendBasis:
        """The basis asked for, or the automatic one."""
        if self.basis is not None:
            return self.basis
        return SpendBasis.BOUNDS if self.has_period else SpendBasis.LIFETIME


def end_period(
    from_on: date | None, to_on: date | None, today: date
) -> tuple[date | None, date | None]:
    """The period asked for, up to today at the latest.

    Raises:
        SpendQueryError: if it begins before anything can be known, or has not begun.
    """
    if from_on is not None and from_on < EARLIEST:
        raise SpendQueryError(
            "from", f"nothing here is older than {EARLIEST}; give a later first day"
        )
    if from_on is not None and from_on > today:
        raise SpendQueryError("from", f"{from_on} has not come yet; today is {today} (UTC)")
    return from_on, None if to_on is None else min(to_on, today)


def check_query(query: SpendQuery, rates: ExchangeRates | None) -> None:
    """Refuse what cannot be answered honestly; `rates` are needed to convert.

    Raises:
        SpendQueryError: naming the part of the question and what to ask instead.
    """
    if query.convert_to is not None:
        _check_target(query.convert_to, rates)
    _check_period(query)
    if query.by is SpendBy.REGION:
        _check_regions(query)
    if query.by in FILED_ONLY and query.measure is not SpendMeasure.DISCLOSED:
        raise SpendQueryError(
            "by", f"only filings name the {query.by}; ask for what was filed (measure disclosed)"
        )
    match query.measure:
        case SpendMeasure.ADS:
            _refuse_grain(query)
            _check_ads(query)
        case SpendMeasure.REPORTED:
            _check_reported(query)
        case SpendMeasure.DISCLOSED:
            _refuse_grain(query)
            _check_disclosed(query)


def _check_regions(query: SpendQuery) -> None:
    if query.measure is not SpendMeasure.REPORTED:
        raise SpendQueryError(
            "by",
            "no source splits what an ad or a filing cost by region (some state shares of impressions, "
            "which are no money); ask by country, or for what sources state for advertisers "
            "(measure reported)",
        )
    if query.has_period:
        raise SpendQueryError(
            "from",
            "sources state spend in a region for the whole time they cover; leave the period out",
        )


def _check_target(currency: str, rates: ExchangeRates | None) -> None:
    if rates is None:
        raise SpendQueryError("convert_to", "no exchange rates are at hand here")
    if not rates.knows(currency):
        raise SpendQueryError(
            "convert_to",
            f"there is no exchange rate of {currency[:10]!r}; ask for EUR, USD or another currency of "
            "the European Central Bank's, or add its rates to config/fx",
        )


def _check_period(query: SpendQuery) -> None:
    if (query.from_on is None) != (query.to_on is None):
        raise SpendQueryError("from", "a period has a first and a last day; give both")
    if query.from_on and query.to_on and query.to_on < query.from_on:
        raise SpendQueryError("to", f"the period ends on {query.to_on}, before {query.from_on}")
    if query.from_on and query.to_on and query.to_on.year - query.from_on.year > MOST_YEARS:
        raise SpendQueryError("from", f"a period spans at most {MOST_YEARS} years")


def _check_ads(query: SpendQuery) -> None:
    basis = query.resolved_basis
    if basis is not SpendBasis.LIFETIME and not query.has_period:
        raise SpendQueryError(
            "basis", f"the basis {basis} needs a period; give a first and a last day"
        )
    if query.by not in PERIODS:
        return
    if query.from_on is None or query.to_on is None:
        raise SpendQueryError(
            "by", f"ads are split by {query.by} within a period; give a first and a last day"
        )
    if basis is SpendBasis.LIFETIME:
        raise SpendQueryError(
            "basis",
            f"the spend of an ad's whole life cannot be split by {query.by}; "
            "take the basis bounds or estimate",
        )
    if (query.to_on - query.from_on).days >= MOST_DAYS_SPLIT and query.by is SpendBy.DAY:
        raise SpendQueryError(
            "by", f"at most {MOST_DAYS_SPLIT:,} days are split by day; ask by week or month"
        )


def _check_reported(query: SpendQuery) -> None:
    if query.by is SpendBy.MONTH and not query.has_period:
        raise SpendQueryError(
            "by", "months are summed within a period; give a first and a last day"
        )
    _check_grain(query)
    _refuse_estimate(query)


def _check_grain(query: SpendQuery) -> None:
    grain = query.grain
    if grain is None:
        return
    if (grain is Grain.REGION) != (query.by is SpendBy.REGION):
        raise SpendQueryError("grain", "the grain region is asked by region, and only it")
    if grain is Grain.LIFETIME and (query.has_period or query.by in PERIODS):
        raise SpendQueryError("grain", "a whole life has no days; leave the period out")
    if grain is Grain.WINDOW and (not query.has_period or query.by in (SpendBy.DAY, SpendBy.WEEK)):
        raise SpendQueryError(
            "grain", "windows overlap, so they answer for one period; give a first and a last day"
        )
    if query.by is SpendBy.DAY and grain is not Grain.DAY:
        raise SpendQueryError("grain", f"a {grain} is more than a day; ask for the grain day")


def _check_disclosed(query: SpendQuery) -> None:
    if query.by in (SpendBy.ADVERTISER, SpendBy.PLATFORM, SpendBy.COUNTRY):
        raise SpendQueryError(
            "by",
            f"filings name who paid and who was paid, not the {query.by}; "
            "ask by payer, payee, purpose, day, week, month or election",
        )
    for name in ("platform", "country", "advertiser_id"):
        if getattr(query, name) is not None:
            raise SpendQueryError(name, f"filings do not name the {name.removesuffix('_id')}")
    _refuse_estimate(query)


def _refuse_grain(query: SpendQuery) -> None:
    if query.grain is not None:
        raise SpendQueryError("grain", f"{query.measure} amounts have no grain; leave it out")


def _refuse_estimate(query: SpendQuery) -> None:
    if query.basis is SpendBasis.ESTIMATE:
        raise SpendQueryError(
            "basis", f"nothing is estimated about {query.measure} amounts; leave the basis out"
        )
