"""Codes of countries, ISO 3166-1 as CLDR lists them: another one never matches what an ad says."""

from functools import cache

from babel import Locale

OTHER_CODES = {"UK": "GB", "EL": "GR"}
"""What the EU's style guide and everyday use write for ISO's codes."""


def check_country(word: str) -> str | None:
    """`None` if it is a country's code, else what to write instead."""
    names = _list_territories()
    if word in names or (len(word) == 2 and word.isascii() and word.isupper() and word[0] == "X"):
        return None  # XA to XZ are for whoever needs one: ISO 3166-1, 8.1.3
    by_name = {name.casefold(): code for code, name in names.items()}
    code = OTHER_CODES.get(word.upper()) or by_name.get(word.casefold())
    near = code or (word.upper() if word.upper() in names else "")
    return f"write {near}" if near else "write a code of ISO 3166-1 such as GR"


@cache
def _list_territories() -> dict[str, str]:
    listed, no_country = Locale("en").territories, {"EU", "EZ", "UN", "ZZ"}
    return {
        code: name for code, name in listed.items() if len(code) == 2 and code not in no_country
    }
