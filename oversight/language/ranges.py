"""Ranges: `ad.spend.at_least("500.00 CAD")` written out in plain CEL over bounds and currency.

The parser writes it out before the compiler reads it, so that every engine compares ranges alike. The fact
itself never has a value: it stands where its bounds do not decide. A range that straddles the figure, an
open end on that side, another currency: unknown.
"""

import re

from archive.records.money import EXPONENTS, to_minor
from oversight.language.values import FactType, Schema

COMPARED = {"at_least": ("", ">=", "<"), "over": ("", ">", "<=")}
COMPARED |= {"under": ("!", ">=", "<"), "at_most": ("!", ">", "<=")}
RANGES = frozenset({FactType.AMOUNT, FactType.COUNT})
AMOUNT = re.compile(r"""(["'])(?P<units>\d+(?:\.\d+)?)\s(?P<currency>[A-Z]{3})\1""", re.ASCII)
PARAMETER = r"p\.[a-z][a-z0-9_]*"
PARAMETER_IN = re.compile(rf"""(?P<name>{PARAMETER})\s*,\s*(["'])(?P<currency>[A-Z]{{3}})\2""")
COUNT = re.compile(rf"\d{{1,18}}|{PARAMETER}", re.ASCII)


def list_bounds(name: str, kind: FactType) -> tuple[str, str]:
    """The facts that hold the least and the most of a range."""
    end = "_minor" if kind is FactType.AMOUNT else ""
    return f"{name}_lower{end}", f"{name}_upper{end}"


def write_comparison(name: str, how: str, written: str, schema: Schema) -> str:
    """A range held against what is written in the brackets, in plain CEL.

    Raises:
        ValueError: with what to write instead.
    """
    kind = schema.get(name)
    if kind not in RANGES:
        ranges = ", ".join(n for n, k in schema.items() if k in RANGES)
        raise ValueError(f"{how}() is for {ranges or 'ranges, and there are none here'}")
    is_amount = kind is FactType.AMOUNT
    currency, figure = "", ""
    if is_amount:
        currency, figure = _read_amount(how, written, schema)
    else:
        figure = _read_count(how, written)
    lower, upper = list_bounds(name, FactType(kind))
    negated, holds, fails = COMPARED[how]
    test = f"(has({lower}) && {lower} {holds} {figure} || !({upper} {fails} {figure}) && {name})"
    if not is_amount:
        return f"{negated}{test}"
    group = name.partition(".")[0]
    return f"({group}.currency == {currency} ? {negated}{test} : {name})"


def _read_amount(how: str, written: str, schema: Schema) -> tuple[str, str]:
    """Currency and minor units, as CEL."""
    if f"{written}_minor" in schema:
        return f"{written}_currency", f"{written}_minor"
    if found := PARAMETER_IN.fullmatch(written):
        return f'"{_check_code(found["currency"])}"', found["name"]
    if found := AMOUNT.fullmatch(written):
        currency = _check_code(found["currency"])
        return f'"{currency}"', str(to_minor(found["units"], currency))
    if re.fullmatch(PARAMETER, written):
        raise ValueError(
            f"an amount has its currency: params names no money of which {written} is the name; write "
            "params: [limit] for a parameter of type money, and p.limit here"
        )
    wanted = f'{how}("500.00 CAD"), or {how}(p.limit) for a parameter that is money'
    raise ValueError(
        "an amount has its currency, and no other sign than a point before its decimals, in plain "
        f"quotation marks: write {wanted}"
    )


def _check_code(currency: str) -> str:
    if currency not in EXPONENTS:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code")
    return currency


def _read_count(how: str, written: str) -> str:
    if COUNT.fullmatch(written):
        return written
    raise ValueError(f"a count has no currency: write {how}(10000), or {how}(p.threshold)")
