"""The facts rules may name, and how those of one ad are read from the public projection.

Only columns of `public_ad` and what follows from them become `ad.` facts, so that a stranger can
reckon everything again from a release; what the host computes (window, election, parameters) enters
beside them. Values are never guessed: what has no value has the reason the projection gives.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Column, select
from sqlmodel import Session

from archive.models import PublicAd
from archive.records import MISSING_IN_WORDS, MissingReason
from archive.records.money import EXPONENTS, format_units
from archive.store.bulk import table_of
from oversight.language import Facts, FactType, FactValue
from oversight.language.ranges import list_bounds
from oversight.reference.labels import LABEL_FACTS
from oversight.reference.periods import begin_day
from oversight.rules.made_facts import MADE, MADE_FROM, AdRow

WHITE_SPACE = re.compile(r"\s+")

RANGES = {"spend": FactType.AMOUNT} | dict.fromkeys(
    ("impressions", "reach", "audience"), FactType.COUNT
)
BOUNDS = {name: list_bounds(name, kind) for name, kind in RANGES.items()}
"""The columns of the least and the most of each range."""

TEXTS = (
    *("source", "ref", "platform", "advertiser_name", "advertiser_ref", "payer_name"),
    *("sponsor_name", "text", "text_folded", "text_words", "currency", "media_type"),
    *("election_name", "state", "declared_by", "countries_from"),
)
LISTS = (
    *("countries", "delivery_regions", "targeting_dimensions", "registration_refs", "titles"),
    *("languages", "surfaces", "landing_urls", "landing_domains"),
)
TIMES = ("started_at", "ended_at", "first_seen_at", "last_changed_at")
AD_FACTS: dict[str, FactType] = {
    **dict.fromkeys(TEXTS, FactType.STRING),
    **dict.fromkeys(LISTS, FactType.STRINGS),
    **dict.fromkeys(("declared_political", "payer_address_given"), FactType.BOOL),
    **RANGES,
    **dict.fromkeys((bound for bounds in BOUNDS.values() for bound in bounds), FactType.INT),
    "versions": FactType.INT,
    **dict.fromkeys(TIMES, FactType.TIMESTAMP),
    **dict.fromkeys(("started_on", "ended_on"), FactType.DATE),
}
"""What rules may name after `ad.`: columns of `public_ad`, its text folded, ranges of two columns each."""

MADE_WORDS = {
    "text_folded": "The shown texts, folded",
    "text_words": "The words of the shown texts, folded",
    "spend": "Spend over the ad's whole life so far",
    "spend_lower_minor": "Least spent over the ad's whole life so far",
    "spend_upper_minor": "Most spent over the ad's whole life so far",
    "platform": "Who sells the space",
    "state": "Whether it was there when last looked for, or had vanished",
    "declared_by": "Who says whether it is political",
    "started_on": "First day of the ad, by the source's day",
    "ended_on": "Last day of the ad, inclusive, by the source's day",
    "payer_address_given": "Whether the payer's name came with a postal address, which is not shown",
    "impressions_upper": "Most times shown",
    "reach_upper": "Most people or accounts reached",
    "audience_upper": "Greatest size of the audience aimed at, as the platform estimates it",
    "impressions": "Times shown",
    "reach": "People or accounts reached",
    "audience": "Size of the audience aimed at, as the platform estimates it",
    "countries_from": "Whether the source states the countries, or they follow from regions of delivery",
    "delivery_regions": "Regions people saw it in, as the source names them",
    "targeting_dimensions": "By what people were aimed at",
}

HOST_FACTS: dict[str, FactType] = {
    "window.overlaps": FactType.BOOL,
    "window.inside": FactType.BOOL,
    "window.starts_inside": FactType.BOOL,
    "election.id": FactType.STRING,
    "election.country": FactType.STRING,
    "election.kind": FactType.STRING,
}
"""Facts the host computes for each election a rule with a window looks at."""

HOST_WORDS = {
    "window.overlaps": "The ad ran within the rule's window",
    "window.inside": "The ad ran only within the rule's window",
    "window.starts_inside": "The ad started within the rule's window",
    "election.id": "Election",
    "election.country": "Country of the election",
    "election.kind": "Kind of election",
    "sum.is_over": "What is added up is over the figure",
}

HOST_UNKNOWN = {
    "window": "nobody can tell from what is known of when and where the ad ran",
    "election": "no election is crawled",
    "sum": "sums are not reckoned yet",
    "p": "no value is known for the day the ad started",
    "register": "it is not loaded for the days the ad may have started on",
    "label": "nobody says so of it, or those who do disagree",
}
"""Why the host could not compute a fact, by group."""

FACT_TYPES = {f"ad.{n}": kind for n, kind in AD_FACTS.items()} | LABEL_FACTS | HOST_FACTS
"""Every fact but parameters and registers."""

MAX_SHOWN = 120
"""Characters of a value that a sentence shows; the trace has all of it."""


REASONS = {reason.value: reason for reason in MissingReason}

SHARED = ("platform", "declared_political", "countries")
"""Facts, without `ad.`, of which many ads have the same."""

NEEDED_COLUMNS = {
    *("id", "public_id", "source", "version_id", "versions", "missing", "dates_contradict"),
    *("started_at", "ended_at", "started_on", "ended_on", "day_zone", "countries_from", *SHARED),
}
"""What every ad is read with, whatever rules ask."""


def list_columns(names: Iterable[str]) -> list[Column[Any]]:
    """The columns of the public view that facts, given without `ad.`, are read from."""
    made_of: dict[str, tuple[str, ...]] = {name: (MADE_FROM[name],) for name in MADE}
    made_of |= {"text_folded": ("text",), "text_words": ("text",), **BOUNDS}
    wanted = NEEDED_COLUMNS.union(*(made_of.get(name, (name,)) for name in names))
    return [column for column in table_of(PublicAd).columns if column.name in wanted]


def read_ads(session: Session, ids: Sequence[int], names: Iterable[str]) -> list[AdRow]:
    """Ads of the public view, with the columns that facts, given without `ad.`, are read from."""
    columns = list_columns(names)
    rows = session.connection().execute(select(*columns).where(table_of(PublicAd).c.id.in_(ids)))
    keys = [column.name for column in columns]
    # A row of the database looks names up, and each is asked some twenty of them.
    return [SimpleNamespace(**dict(zip(keys, row, strict=True))) for row in rows]


def read_facts(ad: AdRow, names: Iterable[str] = AD_FACTS) -> dict[str, FactValue]:
    """The facts of an ad as it is now: all of them, or those named without `ad.`."""
    return {full: read(ad) for full, read in map(READERS.__getitem__, names)}


def _make_reader(name: str, kind: FactType) -> Callable[[AdRow], FactValue]:
    """How a fact is read, made once; it is read from every ad."""
    if name in BOUNDS:
        least = _make_reader(BOUNDS[name][0], FactType.INT)
        return lambda ad: _tell_range(least(ad))
    take, made_from = MADE.get(name) or attrgetter(name), MADE_FROM.get(name, name)
    tell = TELLING.get(name) or TELLING.get(kind)
    # What is made from something known, and is unknown, could not be read from it.
    reason = MissingReason.NOT_PROVIDED if made_from == name else MissingReason.UNREADABLE
    otherwise, may_contradict = reason.value, name in {"ended_at", "ended_on"}

    def read(ad: AdRow) -> FactValue:
        if may_contradict and ad.dates_contradict:
            return MissingReason.UNREADABLE
        value = take(ad)
        if not value and value != 0:
            return REASONS[ad.missing.get(made_from, otherwise)]
        if tell and value.__class__ is not MissingReason:
            value = tell(value, ad)
        told: FactValue = value
        return told

    return read


def _tell_range(least: FactValue) -> MissingReason:
    """Why a range by itself has no value: where its source gives one, it does not disclose where within."""
    return least if isinstance(least, MissingReason) else MissingReason.NOT_DISCLOSED


def _begin_day(day: date, zone: str) -> FactValue:
    try:
        return begin_day(day, zone)
    except OverflowError:
        return MissingReason.UNREADABLE


TELLING: dict[str, Callable[[Any, AdRow], FactValue]] = {
    "text": lambda text, _ad: WHITE_SPACE.sub(" ", text).strip(),
    FactType.STRINGS: lambda listed, _ad: tuple(listed),
    FactType.DATE: lambda day, ad: _begin_day(day, ad.day_zone),
    FactType.TIMESTAMP: lambda at, _ad: as_instant(at),
}
"""What values of columns become as facts, by name or type."""

READERS = {name: (f"ad.{name}", _make_reader(name, kind)) for name, kind in AD_FACTS.items()}


def as_instant(value: date | datetime) -> datetime:
    """A time in UTC; a day as the midnight that begins it in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.combine(value, time(), UTC)


def describe_fact(name: str, facts: Facts) -> str:
    """A sentence on what is known of a fact, or why nothing is."""
    subject = name_fact(name)
    group, _, column = name.partition(".")
    value = facts.get(name, MissingReason.NOT_PROVIDED)
    if column in BOUNDS and (told := _describe_range(column, facts)):
        return f"{subject}: {told}."
    if column.endswith("_minor") and isinstance(value, int) and group == "ad":
        return f"{subject}: {_write_amount(value, _read_currency(facts))}."
    if not isinstance(value, MissingReason):
        return f"{subject}: {_write_value(value)}."
    if group != "ad":
        return f"{subject}: {HOST_UNKNOWN[group]}."
    if value is MissingReason.NOT_DISCLOSED:
        return f"{subject}: {MISSING_IN_WORDS[value]}."
    return f"{subject}: unknown, because {MISSING_IN_WORDS[value]}."


def _describe_range(column: str, facts: Facts) -> str:
    lower, upper = (facts.get(f"ad.{name}") for name in BOUNDS[column])
    if not isinstance(lower, int):
        return ""
    known = [lower, upper] if isinstance(upper, int) else [lower]
    unit = _read_currency(facts) if AD_FACTS[column] is FactType.AMOUNT else ""
    told = [_write_amount(n, unit) if unit else f"{n:,}" for n in known]
    return " to ".join(dict.fromkeys(told)) if len(known) > 1 else f"at least {told[0]}"


def _write_amount(minor: int, currency: str) -> str:
    known = currency if currency in EXPONENTS else None
    return f"{format_units(minor, known)} {currency}"


def _read_currency(facts: Facts) -> str:
    currency = facts.get("ad.currency")
    return currency if isinstance(currency, str) and currency else "(currency not given)"


@cache
def name_fact(name: str) -> str:
    """What a fact is, in plain words."""
    group, _, column = name.partition(".")
    if group == "p":
        return "The law says"
    if group == "register":
        register, _, who = column.rpartition("_lists_")
        return f"Whether the register {register} lists the {who}"
    if group == "label":
        return f"Label “{column.replace('_', ' ')}”"
    if group != "ad":
        return HOST_WORDS[name]
    if column in MADE_WORDS:
        return MADE_WORDS[column]
    return (PublicAd.model_fields[column].description or column).rstrip(".")


def _write_value(value: FactValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return _shorten(", ".join(value)) if value else "none"
    if isinstance(value, datetime):
        return f"{value:%-d %b %Y, %H:%M} UTC"
    return f"{value:,}" if isinstance(value, int) else f"“{_shorten(value)}”"


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
