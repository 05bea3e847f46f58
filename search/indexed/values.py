"""The values an ad has of each filter: what every engine is given, and what search as of a time counts."""

from functools import lru_cache

from archive.models import PublicAd
from archive.text.names import fold_name
from search.hits import clean_text
from search.indexed.beside import Beside
from search.question.filters import COLUMNS, MEDIA, NAME_FILTERS, cut_value


def list_columns(name: str) -> tuple[str, ...]:
    """The columns of `public_ad` that tell a filter's values."""
    return (COLUMNS[name],) if name in COLUMNS else ()


def list_values(ad: PublicAd, name: str, beside: Beside) -> list[str]:
    """The values an ad has of a filter, each once; none: unknown."""
    if name == MEDIA:
        return ["kept" if ad.id in beside.kept else "none"]
    value = getattr(ad, COLUMNS[name])
    if value is None:
        return []
    is_name = name in NAME_FILTERS
    if not isinstance(value, list):
        written = _write_value(value, is_name=is_name)
        return [written] if written else []
    held = (_write_value(each, is_name=is_name) for each in value)
    return list(dict.fromkeys(filter(None, held)))


@lru_cache(maxsize=50_000, typed=True)
def _write_value(value: object, *, is_name: bool) -> str:
    """A value as filters and facets have it; empty: there is no character in it."""
    text = clean_text(spell_value(value))
    text = fold_name(text) if is_name else text
    return cut_value(text) if text.strip() else ""


def spell_value(value: object) -> str:
    """A value as filters and facets have it: `true` and `false` in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
