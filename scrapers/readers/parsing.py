"""Values as sources write them -> typed values: money, counts, shares, ids, countries.

Spiders hand these to `scrapers.readers.fields.Fields`, which names the field that could not be read. Nothing
is guessed and nothing rounded; a value that is not understood raises. Days and instants are read by
`scrapers.readers.moments`.
"""

import ast
import json
import re
from collections.abc import Callable, Collection
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from archive.bounds import LIST_ITEMS, TEXT
from archive.records.money import check_currency, exponent_of, to_minor
from scrapers.readers.countries import list_codes_by_name

# Hashes of digits and an `e` are no numbers: those have few digits before the point and in the exponent.
RUINED_ID = re.compile(r"\d{1,3}(?:[.,]\d+)?[eE]\+?\d{1,3}|\d+[.,]0+", re.ASCII)
PLAIN_NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)", re.ASCII)

# Not a single ad nor a filed payment for an ad comes near these; what does is a unit error, a
# spreadsheet accident or a troll filing (fictitious FEC filings ran to 9.9 bn USD).
ABSURD_UNITS = 200_000_000
# The largest advertisers passed 300 m USD on one platform over the years (Google, US, 2020 and 2024).
ABSURD_TOTAL_UNITS = 20_000_000_000
SMALL_UNIT_FACTOR = 1_000
SMALL_UNITS = frozenset(
    {"ARS", "CLP", "COP", "HUF", "IDR", "IRR", "JPY", "KRW", "LBP", "NGN", "PYG", "UGX", "VND"}
)
Range = tuple[int | None, int | None]
"""Lower and upper bound, inclusive; without an upper bound it is open."""
UNKNOWN_RANGE: Range = (None, None)

BUCKET = re.compile(r"≤ *(?P<most>\S+)|> *(?P<least>\S+)|(?P<lower>[^-–]+)[-–] *(?P<upper>\S+)")
BUCKET_EDGE = re.compile(r"(\d+)([kM]?)")
BUCKET_FACTORS = {"": 1, "k": 1_000, "M": 1_000_000}

FEW_DIGITS = 15
LONGEST_ID = 300

LIST_OPENS = frozenset("\"'[{]")
"""What follows the bracket of a list; other words in brackets are a text that begins so."""

BRACKET = re.compile(r"[\[\]]")

ABSURD_COUNT = 100_000_000_000


def read_text(value: object) -> str:
    """Text without surrounding white space.

    Raises:
        TypeError: if it is no text.
        ValueError: if it holds a NUL, or is longer than any text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is not text")
    if "\0" in value:
        raise ValueError("holds a NUL byte")
    if len(value) > TEXT.most:
        raise ValueError(TEXT.tell())
    return value.strip()


def read_ref(value: object) -> str:
    """A source's id.

    Raises:
        ValueError: if it is no text or whole number, or a spreadsheet has rounded it.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{str(value)[:40]!r} is not an id")  # noqa: TRY004 (as every refused id)
    text = str(value).strip()
    if not text or len(text) > LONGEST_ID:
        raise ValueError("is longer than any id" if text else "is blank")
    if RUINED_ID.fullmatch(text):
        raise ValueError(f"{text} is an id that a spreadsheet has rounded; its digits are lost")
    return text


def read_list(separator: str) -> Callable[[object], list[str]]:
    """A reader of lists joined by `separator`, each item trimmed, blanks left out."""

    def read_items(value: object) -> list[str]:
        return [item.strip() for item in read_text(value).split(separator) if item.strip()]

    return read_items


def read_choice(*choices: str) -> Callable[[object], str]:
    """A reader of codes that are one of these."""

    def read(value: object) -> str:
        text = read_text(value)
        if text not in choices:
            raise ValueError(f"{text[:40]!r} is none of {', '.join(choices)}")
        return text

    return read


def read_texts(value: object) -> list[str]:
    """A list of texts, or one text alone; blanks left out.

    Raises:
        TypeError: if an item is no text.
        ValueError: if a list written out as text is damaged.
    """
    items = read_sequence(value)
    if isinstance(value, str) and all(isinstance(item, int | float) for item in items):
        items = [value]
    return [text for item in items if (text := read_text(item))]


def read_sequence(value: object) -> list[Any]:
    """A list; also one that a table holds written out as JSON or as Python prints it.

    A text that is no such list is its only item. Nothing in the text is ever run.

    Raises:
        TypeError: if it is neither list nor text.
        ValueError: if a list written out is damaged or too long.
    """
    if isinstance(value, list):
        return value
    text = read_text(value)
    return _read_written_list(text) if text[:1] == "[" and text[-1:] == "]" else [text]


def read_parts(value: object, known: Collection[str]) -> list[dict[str, Any]]:
    """The objects of a list that have these keys and no other.

    Raises:
        TypeError: if an item is no object.
        ValueError: if one has a key we do not know: it could change what the others mean.
    """
    return [read_part(part, known) for part in read_sequence(value)]


def read_part(value: object, known: Collection[str] | None = None) -> dict[str, Any]:
    """A JSON object; where keys are named, one that has these and no other.

    Raises:
        TypeError: if it is none.
        ValueError: if it has a key we do not know.
    """
    if not isinstance(value, dict):
        raise TypeError(f"{str(value)[:40]!r} is not an object")
    if known is not None and (unknown := value.keys() - known):
        raise ValueError(f"has {min(map(str, unknown))[:40]!r}, which we do not know")
    return value


def _read_written_list(text: str) -> list[Any]:
    if text.count(",") > LIST_ITEMS.most:
        raise ValueError(LIST_ITEMS.tell())
    try:
        items: list[Any] = json.loads(text)
    except (ValueError, RecursionError):
        try:
            items = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            if text[1:].lstrip()[:1] not in LIST_OPENS:
                return [text]
            raise ValueError(
                f"{text[:40]!r} begins like a list and cannot be read as one"
            ) from None
    return items


def read_count(value: object) -> int:
    """A whole number that is not negative.

    Raises:
        ValueError: if it is anything else, or too large to be true.
    """
    text = str(value).strip()
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{text[:40]!r} is not a whole number")
    if int(text) > ABSURD_COUNT:
        raise ValueError(f"{text[:40]} is too large to be true")
    return int(text)


def read_bucket_edge(text: str) -> int:
    """A count that ends a bucket: `500`, `10k`, `10M`.

    Raises:
        ValueError: if it is written otherwise.
    """
    match = BUCKET_EDGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:40]!r} is not an edge of a bucket")
    return read_count(match[1]) * BUCKET_FACTORS[match[2]]


def read_bucket(value: object, read_edge: Callable[[str], int] = read_bucket_edge) -> Range:
    """A bucket written as `10k-100k`, `≤ 10k` or `> 10M`, with its edges as published.

    Raises:
        ValueError: if it is written otherwise.
    """
    text = read_text(value)
    match = BUCKET.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a bucket such as 10k-100k")
    if match["most"]:
        return 0, read_edge(match["most"])
    if match["least"]:
        return read_edge(match["least"]), None
    return read_edge(match["lower"]), read_edge(match["upper"])


def read_currency(value: object) -> str:
    """An ISO 4217 code.

    Raises:
        ValueError: if it is none.
    """
    return check_currency(read_text(value))


def read_amount(value: object, currency: str | None, most: int = ABSURD_UNITS) -> int:
    """An amount that is not negative, in minor units; `most` is the largest accepted, in units.

    Raises:
        ValueError: if it is no plain number, negative, finer than the currency, or absurdly large.
    """
    minor = read_signed_amount(value, currency, most)
    if minor < 0:
        raise ValueError(f"{value} is negative")
    return minor


def read_signed_amount(value: object, currency: str | None, most: int = ABSURD_UNITS) -> int:
    """An amount in minor units; may be negative.

    Raises:
        ValueError: if it is no plain number, finer than the currency, or absurdly large.
    """
    text = str(value).strip()
    limit = most * SMALL_UNIT_FACTOR if currency in SMALL_UNITS else most
    # Most amounts are a few digits and nothing else; the rest takes ten times as long.
    if len(text) <= FEW_DIGITS and text.isascii() and text.isdigit() and int(text) <= limit:
        factor: int = 10 ** exponent_of(currency)
        return int(text) * factor
    if not PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a plain amount")
    if len(text) > LONGEST_ID or abs(Decimal(text)) > limit:
        raise ValueError(f"{text[:40]} is too large to be true")
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


def read_country(value: object) -> str:
    """The ISO 3166-1 alpha-2 code of a country named in English or given as its code.

    Raises:
        ValueError: if the country is not known.
    """
    text = read_text(value)
    if len(text) == 2 and text.isalpha() and text.isupper():
        return text
    code = list_codes_by_name().get(text.casefold())
    if code is None:
        raise ValueError(f"{text!r} is not a country we know")
    return code


def read_address(value: object) -> str:
    """A web address, or a domain alone, as data: it is never fetched from here.

    Raises:
        ValueError: if it is neither.
    """
    text = read_text(value)
    # Of such a text `urlsplit` could only find fault with a host in brackets or beyond ASCII.
    if text.startswith(("https://", "http://")) and text.isascii() and not BRACKET.search(text):
        return text
    parts = urlsplit(text)
    if parts.scheme and parts.scheme not in ("http", "https") and "//" in text:
        raise ValueError(f"{text[:80]!r} is not a web address")
    return text
