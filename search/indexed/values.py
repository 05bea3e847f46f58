"""The values an ad has of each filter: what every engine is given, and what search as of a time counts."""

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
    held = map(clean_text, value if isinstance(value, list) else [spell_value(value)])
    if name in NAME_FILTERS:
        held = map(fold_name, held)
    return list(dict.fromkeys(cut_value(each) for each in held if each.strip()))


def spell_value(value: object) -> str:
    """A value as filters and facets have it: `true` and `false` in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
