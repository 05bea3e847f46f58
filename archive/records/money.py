"""Amounts of money as integer minor units; the exponents of ISO 4217 and what cannot be held exactly.

Spiders call it to read, pages and the terminal to show. It never converts between currencies.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

# ISO 4217 list one of 2024: minor-unit exponents of the currencies that political ad sources use.
_TWO_DECIMALS = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB "
    "SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
    "USD UYU UZS VES WST XCD YER ZAR ZMW"
)
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"

# What amendments of the standard have put in the place of another code since 2018, by the first day of
# the new one. A code that went stays: sources name it for the time before.
_AMENDMENTS = (
    (date(2018, 8, 20), "VEF", "VES", 2),
    (date(2021, 10, 1), "VES", "VED", 2),
    (date(2022, 7, 1), "SLL", "SLE", 2),
    (date(2023, 1, 1), "HRK", "EUR", 2),
    (date(2024, 6, 25), "ZWL", "ZWG", 2),
    (date(2025, 3, 31), "ANG", "XCG", 2),
    (date(2026, 1, 1), "BGN", "EUR", 2),
)

EXPONENTS: dict[str, int] = (
    dict.fromkeys(_TWO_DECIMALS.split(), 2)
    | dict.fromkeys(_NO_DECIMALS.split(), 0)
    | dict.fromkeys(_THREE_DECIMALS.split(), 3)
    | {code: digits for _, old, new, digits in _AMENDMENTS for code in (old, new)}
)
"""Decimals of each code that is or was in the standard while sources of political ads name it."""


class AmountBasis(StrEnum):
    """What the amounts of a source are, by its own word."""

    BILLED = "billed"
    ESTIMATED = "estimated"
    BILLED_OR_ESTIMATED = "billed_or_estimated"
    UNKNOWN = "unknown"


class TaxBasis(StrEnum):
    """Whether tax is in the amounts of a source, by its own word."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


class Rounding(StrEnum):
    """Whether who stated an amount had rounded it, and whether anybody knows to what."""

    NONE = "none"
    KNOWN = "known"
    UNKNOWN = "unknown"


UNKNOWN_CURRENCY_EXPONENT = 2
"""Amounts without a currency are kept in hundredths of whatever unit the source meant."""


def check_currency(currency: str) -> str:
    """The code itself, if ISO 4217 knows it.

    Raises:
        ValueError: if it does not.
    """
    if currency not in EXPONENTS:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code")
    return currency


def exponent_of(currency: str | None) -> int:
    """How many decimals the currency has.

    Raises:
        ValueError: if the code is not ISO 4217.
    """
    return UNKNOWN_CURRENCY_EXPONENT if currency is None else EXPONENTS[check_currency(currency)]


def to_minor(text: str, currency: str | None) -> int:
    """An amount written as a plain decimal, in minor units of its currency.

    Raises:
        ValueError: if it is no finite number, or has more decimals than the currency (never rounded).
    """
    exponent = exponent_of(currency)
    try:
        scaled = Decimal(text).scaleb(exponent)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount") from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{text!r} has more decimals than {currency or 'an amount'} has")
    return int(scaled)


def to_units(minor: int, currency: str | None) -> Decimal:
    """An amount in whole units of its currency, exact."""
    return Decimal(minor).scaleb(-exponent_of(currency))


def format_units(minor: int, currency: str | None) -> str:
    """An amount for people: thousands separated, decimals only where there are any ('12,300')."""
    units = to_units(minor, currency)
    decimals = 0 if units == units.to_integral_value() else exponent_of(currency)
    return f"{units:,.{decimals}f}"


def format_bounds(
    lower: int | None, upper: int | None, currency: str | None, rounding: Rounding = Rounding.NONE
) -> str:
    """A spend range in words: 'exactly 1,020 EUR', '300 to 399 EUR', 'at least 900 EUR', 'unknown'.

    What its source rounded is never 'exactly'; where nobody knows to what, the words say so.
    """
    if lower is None:
        return "unknown"
    unit = currency or "(currency not given)"
    least = format_units(lower, currency)
    if upper is None:
        told = f"at least {least} {unit}"
    elif lower != upper:
        told = f"{least} to {format_units(upper, currency)} {unit}"
    elif rounding == Rounding.NONE:
        return f"exactly {least} {unit}"
    else:
        told = f"{least} {unit}, rounded" if rounding == Rounding.KNOWN else f"{least} {unit}"
    return f"{told}, rounded by a step that nobody states" if rounding == Rounding.UNKNOWN else told
