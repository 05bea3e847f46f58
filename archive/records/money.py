"""Amounts of money as integer minor units; the exponents of ISO 4217 and what cannot be held exactly.

Spiders call it to read, pages and the terminal to show. It never converts between currencies.
"""

from decimal import Decimal, InvalidOperation

# ISO 4217 list one, 2024: minor-unit exponents of the currencies that political ad sources use.
_TWO_DECIMALS = (
    "AED AFN ALL AMD AOA ARS AUD AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB "
    "SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
    "USD UYU UZS VES WST XCD YER ZAR ZMW"
)
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"

EXPONENTS: dict[str, int] = (
    dict.fromkeys(_TWO_DECIMALS.split(), 2)
    | dict.fromkeys(_NO_DECIMALS.split(), 0)
    | dict.fromkeys(_THREE_DECIMALS.split(), 3)
)


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


def format_bounds(lower: int | None, upper: int | None, currency: str | None) -> str:
    """A spend range in words: 'exactly 1,020 EUR', '300 to 399 EUR', 'at least 900 EUR', 'unknown'."""
    if lower is None:
        return "unknown"
    unit = currency or "(currency not given)"
    least = format_units(lower, currency)
    if upper is None:
        return f"at least {least} {unit}"
    if lower == upper:
        return f"exactly {least} {unit}"
    return f"{least} to {format_units(upper, currency)} {unit}"
