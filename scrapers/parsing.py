"""Values as sources write them -> typed values: money, counts, dates, shares, ids, countries.

Spiders call these through `Fields`, which names the field that could not be read. Nothing is guessed
and nothing rounded; a value that is not understood raises.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from archive.money import to_minor
from scrapers.countries import CODES_BY_NAME

Value = TypeVar("Value")

RUINED_ID = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

# Not a single ad nor a filed payment for an ad comes near these; what does is a unit error, a
# spreadsheet accident or a troll filing (fictitious FEC filings ran to 9.9 bn USD).
ABSURD_UNITS = Decimal(200_000_000)
ABSURD_UNITS_SMALL = Decimal(200_000_000_000)
SMALL_UNITS = frozenset(
    {"CLP", "COP", "HUF", "IDR", "IRR", "JPY", "KRW", "LBP", "NGN", "PYG", "UGX", "VND"}
)
ABSURD_COUNT = 100_000_000_000


class FieldError(ValueError):
    """A field of a record could not be read."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Fields:
    """The cells of one row or keys of one object, taken out one by one; what is left is looked at."""

    def __init__(self, cells: Mapping[str, Any]) -> None:
        self._cells = dict(cells)

    def __contains__(self, name: str) -> bool:
        return name in self._cells

    def take(self, name: str, parse: Callable[[Any], Value]) -> Value | None:
        """The field's value, `None` where it is blank or absent.

        Raises:
            FieldError: if the value cannot be read.
        """
        value = self._cells.pop(name, None)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            return parse(value)
        except FieldError:
            raise
        except (ValueError, TypeError) as error:
            raise FieldError(name, str(error)) from None

    def require(self, name: str, parse: Callable[[Any], Value]) -> Value:
        """The field's value.

        Raises:
            FieldError: if it is blank, absent or cannot be read.
        """
        value = self.take(name, parse)
        if value is None:
            raise FieldError(name, "is blank")
        return value

    def take_present(
        self, mapping: Mapping[str, tuple[str, Callable[[Any], Any]]]
    ) -> dict[str, Any]:
        """Our names and values for those of the source's fields that this row has at all.

        A field that is there but blank comes out as `None`, so that a record marks it not disclosed;
        one that is not there does not come out, so that a record marks it not provided.
        """
        return {
            ours: self.take(theirs, parse)
            for ours, (theirs, parse) in mapping.items()
            if theirs in self
        }

    def keep(self, names: Iterable[str]) -> dict[str, str]:
        """Those of the named fields that are not blank, word for word."""
        kept = {name: str(self._cells.pop(name, "") or "") for name in names}
        return {name: text for name, text in kept.items() if text}

    def rest(self) -> dict[str, str]:
        """What no one has taken and is not blank."""
        return {name: str(value) for name, value in self._cells.items() if value not in ("", None)}


def explain_refusal(error: ValidationError) -> FieldError:
    """A record's refusal as the first field it names, in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "record"
    return FieldError(field, first["msg"].removeprefix("Value error, "))


def read_text(value: object) -> str:
    """Text without surrounding white space.

    Raises:
        TypeError: if it is no text.
        ValueError: if it holds a NUL.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    if "\0" in value:
        raise ValueError("holds a NUL byte")
    return value.strip()


def read_ref(value: object) -> str:
    """A source's id.

    Raises:
        ValueError: if a spreadsheet has turned it into a rounded number.
    """
    text = str(value).strip()
    if RUINED_ID.fullmatch(text):
        raise ValueError(f"{text} is an id that a spreadsheet has rounded; its digits are lost")
    if not text:
        raise ValueError("is blank")
    return text


def read_list(separator: str) -> Callable[[object], list[str]]:
    """A reader of lists joined by `separator`, each item trimmed, blanks left out."""

    def read_items(value: object) -> list[str]:
        return [item.strip() for item in read_text(value).split(separator) if item.strip()]

    return read_items


def read_count(value: object) -> int:
    """A whole number that is not negative.

    Raises:
        ValueError: if it is anything else, or too large to be true.
    """
    text = str(value).strip()
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text[:40]!r} is not a whole number")
    if int(text) > ABSURD_COUNT:
        raise ValueError(f"{text} is too large to be true")
    return int(text)


def read_amount(value: object, currency: str | None) -> int:
    """An amount that is not negative, in minor units.

    Raises:
        ValueError: if it is no plain number, negative, finer than the currency, or absurdly large.
    """
    minor = read_signed_amount(value, currency)
    if minor < 0:
        raise ValueError(f"{value} is negative")
    return minor


def read_signed_amount(value: object, currency: str | None) -> int:
    """An amount in minor units; may be negative.

    Raises:
        ValueError: if it is no plain number, finer than the currency, or absurdly large.
    """
    text = str(value).strip()
    if not PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a plain amount")
    limit = ABSURD_UNITS_SMALL if currency in SMALL_UNITS else ABSURD_UNITS
    if abs(Decimal(text)) > limit:
        raise ValueError(f"{text} is too large to be true")
    return to_minor(text, currency)


def read_share(value: object) -> float:
    """A share between 0 and 1; scientific notation is read, as Meta writes `5.6E-5`.

    Raises:
        ValueError: if it is outside 0–1 or no number.
    """
    try:
        share = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a share") from None
    if not share.is_finite() or not 0 <= share <= 1:
        raise ValueError(f"{value} is not between 0 and 1")
    return float(share)


def read_day(value: object) -> date:
    """A day written YYYY-MM-DD.

    Raises:
        ValueError: if it is written otherwise or does not exist.
    """
    return date.fromisoformat(read_text(value))


def read_instant(*formats: str) -> Callable[[object], datetime]:
    """A reader of instants written in one of these forms; a form without a zone is UTC."""

    def read(value: object) -> datetime:
        text = read_text(value)
        for form in formats:
            try:
                read_at = datetime.strptime(text, form)  # noqa: DTZ007 (the zone is set below)
            except ValueError:
                continue
            return (
                read_at.replace(tzinfo=UTC) if read_at.tzinfo is None else read_at.astimezone(UTC)
            )
        raise ValueError(f"{text!r} is not a time as this source writes it")

    return read


def read_country(value: object) -> str:
    """The ISO 3166-1 alpha-2 code of a country named in English or given as its code.

    Raises:
        ValueError: if the country is not known.
    """
    text = read_text(value)
    if len(text) == 2 and text.isalpha() and text.isupper():
        return text
    code = CODES_BY_NAME.get(text.casefold())
    if code is None:
        raise ValueError(f"{text!r} is not a country we know")
    return code


def read_address(value: object) -> str:
    """A web address, or a domain alone, as data: it is never fetched from here.

    Raises:
        ValueError: if it is neither.
    """
    text = read_text(value)
    parts = urlsplit(text)
    if parts.scheme and parts.scheme not in ("http", "https") and "//" in text:
        raise ValueError(f"{text[:80]!r} is not a web address")
    return text
