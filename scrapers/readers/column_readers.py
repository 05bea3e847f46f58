"""Values as other people's tables of ads hold them -> ours, each kind of reader under a name.

Column maps name the readers; `scrapers.readers.column_maps` calls `choose_reader`. Nothing is guessed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from archive.records.money import exponent_of
from archive.runs.captures import redact_url
from scrapers.readers.delivery import (
    is_domain,
    read_delivery,
    read_digits,
    read_page_id,
    sort_delivery,
)
from scrapers.readers.moments import read_day, read_day_as
from scrapers.readers.parsing import (
    read_address,
    read_amount,
    read_count,
    read_country,
    read_currency,
    read_list,
    read_ref,
    read_text,
    read_texts,
)

Reader = Callable[[object], Any]

FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


SYMBOLS = {
    **dict.fromkeys(("€",), "EUR"),
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "₫": "VND",
    "₦": "NGN",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "R$": "BRL",
    "US$": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "$": "USD AUD CAD NZD MXN ARS CLP COP SGD HKD TWD",
    "£": "GBP EGP LBP SYP GIP FKP SHP",
    "¥": "JPY CNY",
    **dict.fromkeys(("kr", "kr."), "SEK NOK DKK ISK"),
}
"""Signs of currencies in tables, each with the currencies it may stand for (Unicode CLDR, narrow symbols)."""

PRICE = re.compile(
    r"(?P<before>[^\d\s.,-]\D*?)?\s*(?P<number>\d(?:.*\d)?)\s*(?P<after>[^\d\s]\D*)?"
)
GROUPED = re.compile(
    r"(?P<whole>\d{1,3}(?P<mark>[.,'’ \u00a0\u202f])\d{3}(?:(?P=mark)\d{3})*"
    r"|\d{1,2}(?:,\d\d)+,\d{3}|\d+)(?:(?P<point>[.,])(?P<part>\d+))?",
    re.ASCII,
)
"""With thousands apart, as in English, German, Swiss and French tables, or with lakhs, as in Indian ones."""


def read_flag(value: object) -> bool:
    """True or false, however a table spells it.

    Raises:
        ValueError: if it is neither.
    """
    flag = FLAGS.get(str(value).strip().casefold())
    if flag is None:
        raise ValueError(f"{str(value)[:40]!r} is neither true nor false")
    return flag


def read_whole(value: object) -> int:
    """A count, also as pandas writes it in a column with gaps: `2999.0`."""
    return read_count(str(value).strip().removesuffix(".0"))


def read_money(value: object, currency: str | None) -> tuple[str, int]:
    """An amount beside its currency, as `161.23 RUB` or `€ 1,200`; the currency, and its minor units.

    `currency`: what the row or the map says beside it, which tells one dollar from another.

    Raises:
        ValueError: if currency or amount could be read in two ways, or the currency is another one.
    """
    text = read_text(value)
    match = PRICE.fullmatch(text)
    words = [word for word in match.group("before", "after") if word] if match else []
    if not match or not words:
        raise ValueError(f"{text[:40]!r} is not an amount with its currency")
    meant = [set(SYMBOLS.get(word, word).split()) for word in (*words, currency or "") if word]
    codes = set.intersection(*meant)
    if len(codes) != 1:
        raise ValueError(
            f"{text[:40]!r} does not say which currency it is in, or another than its row"
        )
    code = read_currency(codes.pop())
    return code, read_amount(read_grouped(match["number"], exponent_of(code)), code)


def read_grouped(text: str, decimals: int) -> str:
    """A number with or without marks between thousands, as a plain one.

    Raises:
        ValueError: if a mark could be the decimal point too. Programs write more decimals than a currency
            has after a point (`161.230`), never after a comma.
    """
    match = GROUPED.fullmatch(text)
    if match is None or match["point"] == (match["mark"] or "no mark"):
        raise ValueError(f"{text[:40]!r} is not an amount")
    whole, part = match["whole"], match["part"] or ""
    is_one_group = match["mark"] == "." or (match["mark"] == "," and decimals == 3)
    if (not part and is_one_group and whole.count(match["mark"]) == 1) or (
        match["point"] == "," and len(part) == 3
    ):
        raise ValueError(f"{text[:40]!r} may mean thousands or decimals")
    return re.sub(r"\D", "", whole) + (f".{part}" if part else "")


def read_shown_address(value: object) -> str:
    """A web address without the tokens in its query."""
    return redact_url(read_address(value))


def read_domains(value: object) -> list[str]:
    """Those of a list of captions that are domains; advertisers write sentences there too."""
    return [text for text in read_texts(value) if is_domain(text)]


READERS: Mapping[str, Reader] = {
    "address": read_shown_address,
    "addresses": lambda value: [read_shown_address(text) for text in read_texts(value)],
    "count": read_whole,
    "countries": lambda value: [read_country(text) for text in read_texts(value)],
    "currency": read_currency,
    "digits": read_digits,
    "domains": read_domains,
    "flag": read_flag,
    "id": read_ref,
    "meta_page": read_page_id,
    "meta_regions": lambda value: sort_delivery(read_delivery("delivery_by_region")(value)),
    "text": read_text,
    "texts": read_texts,
}
"""Readers that need no more than the value; `list`, `day`, `instant`, `amount` and `money` need more."""

READER_OF_FIELD = {
    **dict.fromkeys(("ref", "advertiser_ref"), "id"),
    **dict.fromkeys(("platform", "advertiser_name", "payer_name", "sponsor_name"), "text"),
    **dict.fromkeys(("media_type", "election_name", "declared_by"), "text"),
    **dict.fromkeys(("surfaces", "registration_refs", "languages", "titles"), "texts"),
    **dict.fromkeys(("bodies", "descriptions"), "texts"),
    **dict.fromkeys(("landing_urls", "media_urls"), "addresses"),
    **dict.fromkeys(("started_on", "ended_on"), "day"),
    **dict.fromkeys(("started_at", "ended_at"), "instant"),
    **dict.fromkeys(("spend_lower_minor", "spend_upper_minor"), "amount"),
    **dict.fromkeys(("impressions_lower", "impressions_upper", "reach_lower"), "count"),
    **dict.fromkeys(("reach_upper", "audience_lower", "audience_upper"), "count"),
    "url": "address",
    "countries": "countries",
    "declared_political": "flag",
    "currency": "currency",
    "delivery": "meta_regions",
}
"""The fields a column may be mapped to, each with the reader it has unless the map names another."""

READERS_WITH_MORE = frozenset({"amount", "day", "instant", "list", "money"})

GIVEN_BY = {
    **dict.fromkeys(("id", "digits", "meta_page"), "an id"),
    **dict.fromkeys(("text", "address", "currency"), "a text"),
    **dict.fromkeys(("texts", "list", "addresses", "countries", "domains"), "a list of texts"),
    **dict.fromkeys(("amount", "money"), "an amount"),
    "count": "a whole number",
    "day": "a day",
    "instant": "an instant",
    "flag": "yes or no",
    "meta_regions": "shares by region",
}
"""What each reader makes of a cell: one that gives something else than its field holds cannot work."""

PROBE = datetime(2026, 11, 29, 13, 45, 58, tzinfo=UTC)
"""A form in which this cannot be written and read again lacks a part, such as the year or AM and PM."""


def find_misuses(field: str, rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What of a column's rule cannot work for its field: the key in the rule, and why."""
    name = rule.get("read") or READER_OF_FIELD[field]
    given, held = GIVEN_BY.get(name), GIVEN_BY[READER_OF_FIELD[field]]
    if given is None:
        return
    if given != held:
        yield "read", f"`{name}` reads {given}, and `{field}` holds {held}"
    for key, users in (("forms", ("day", "instant")), ("separator", ("list",))):
        if rule.get(key) and name not in users:
            yield (
                key,
                f"`{key}` says something to {' and '.join(users)} only, and `{name}` reads this",
            )
        elif key == "forms" and isinstance(forms := rule.get(key), list):
            wrong = [f for f in map(str, forms) if not _is_form(f, is_instant=name == "instant")]
            yield from (
                (key, f"{form!r} does not tell {given} apart from others") for form in wrong
            )


def _is_form(form: str, *, is_instant: bool) -> bool:
    if is_instant and form == "iso":
        return True
    try:
        again = datetime.strptime(PROBE.strftime(form), form)  # noqa: DTZ007 (compared without a zone)
    except ValueError:
        return False
    return again.date() == PROBE.date() and (not is_instant or again.hour == PROBE.hour)


def choose_reader(
    name: str, forms: Sequence[str], separator: str, zone: str, currency: str | None
) -> Reader:
    """The reader of this name, with what it needs to know."""
    match name:
        case "amount":
            return partial(read_amount, currency=currency)
        case "money":
            return partial(read_money, currency=currency)
        case "day":
            return read_day_as(*forms) if forms else read_day
        case "instant":
            return partial(read_local_instant, forms=tuple(forms), zone=zone)
        case "list":
            return read_list(separator)
        case _:
            return READERS[name]


def read_local_instant(value: object, forms: tuple[str, ...], zone: str) -> datetime:
    """An instant in ISO 8601 or one of the forms; without an offset of its own it is the zone's.

    Raises:
        ValueError: if it is written otherwise.
    """
    text = read_text(value)
    for form in forms or ("iso",):
        try:
            moment = (
                datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 (the zone is set below)
            )
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    raise ValueError(f"{text[:40]!r} is not a time as this map says")
