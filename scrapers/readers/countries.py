"""Country names as platforms write them -> ISO 3166-1 alpha-2 codes.

English names come from the Unicode CLDR (through Babel); the rest are spellings met in the sources.
"""

from functools import cache

from babel import Locale

# Spellings of Snap's and Meta's files that differ from the CLDR's English names.
SPELLINGS = {
    "bosnia and herzegovina": "BA",
    "brunei darussalam": "BN",
    "cape verde": "CV",
    "czech republic": "CZ",
    "hong kong": "HK",
    "ivory coast": "CI",
    "macau": "MO",
    "macedonia": "MK",
    "myanmar": "MM",
    "palestine": "PS",
    "republic of korea": "KR",
    "russian federation": "RU",
    "swaziland": "SZ",
    "trinidad and tobago": "TT",
    "turkey": "TR",
    "viet nam": "VN",
}


@cache
def list_codes_by_name() -> dict[str, str]:
    """Case-folded name -> code; the CLDR is read when the first country is."""
    territories = Locale("en").territories
    return {
        name.casefold(): code
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha()
    } | SPELLINGS
