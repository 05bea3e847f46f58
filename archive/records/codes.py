"""Codes that a question names: capitals do not matter, and one that no list has is refused."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache

from babel import Locale

from archive.errors import cut_echo
from archive.records.money import EXPONENTS
from config.faults import name_nearest


def read_country(code: str) -> str:
    """A country's code (ISO 3166-1 alpha-2) as the archive writes it.

    Raises:
        ValueError: if there is none such; says what to write.
    """
    return _find(code.strip().upper(), _list_countries(), "a country (ISO 3166-1 alpha-2)", "NO")


def read_language(code: str) -> str:
    """A language's code (ISO 639) as the archive writes it.

    Raises:
        ValueError: if there is none such; says what to write.
    """
    return _find(code.strip().lower(), _list_languages(), "a language (ISO 639)", "nb")


def read_currency(code: str) -> str:
    """A currency's code (ISO 4217) as the archive writes it.

    Raises:
        ValueError: if there is none such; says what to write.
    """
    return _find(code.strip().upper(), EXPONENTS, "a currency (ISO 4217)", "EUR")


CODES: Mapping[str, Callable[[str], str]] = {
    "country": read_country,
    "language": read_language,
    "currency": read_currency,
    "convert_to": read_currency,
}
"""What reads the codes that a parameter takes."""

RESERVED_COUNTRIES = frozenset({"EL", "UK"})
"""Kept free in the standard for Greece and the United Kingdom, which the European Union names so."""

OTHER_LANGUAGES = frozenset({"cmn", "in", "iw", "mo"})
"""Codes that platforms give: Mandarin, and former ones of the standard."""

NO_COUNTRIES = frozenset({"QO", "XA", "XB", "ZZ"})
"""Codes that Unicode adds for tests and for what is unknown."""


def _find(code: str, known: Collection[str], what: str, such_as: str) -> str:
    if code not in known:
        near = name_nearest(code[:10], known)
        raise ValueError(
            f"{cut_echo(code)!r} is no code of {what}: write one such as {such_as}{near}"
        )
    return code


@cache
def _list_countries() -> frozenset[str]:
    named = {code for code in _list_names("territories") if len(code) == 2}
    return frozenset(named - NO_COUNTRIES | RESERVED_COUNTRIES)


@cache
def _list_languages() -> frozenset[str]:
    named = {code for code in _list_names("languages") if code.isalpha()}
    return frozenset(named | OTHER_LANGUAGES)


def _list_names(kind: str) -> Iterable[str]:
    named: Mapping[str, str] = getattr(Locale("en"), kind)
    return named
