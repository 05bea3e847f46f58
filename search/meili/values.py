"""Values as Meilisearch is given them: it takes values that differ by case or accents for one.

Folded names and codes of one case stay as they are; of others, each character that could be taken for
another is written out.
"""

import re

CODED = frozenset({"advertiser_id", "surface", "election", "landing_domain", "media_type"})
"""Filters whose values come from sources letter for letter."""

_CHANGED = re.compile(r"[^a-z0-9._:/-]")
_CODED_BYTES = re.compile(r"(?:~[0-9a-f]{2})+")
MOST_CODED = 400
"""Bytes; a value is cut at 468."""


def encode_value(name: str, value: str) -> str:
    """A value of a filter in characters that stay apart; `~` and two hexadecimal digits for a byte."""
    if name not in CODED:
        return value
    return _CHANGED.sub(lambda m: "".join(f"~{byte:02x}" for byte in m[0].encode()), value)


def decode_value(name: str, value: str) -> str:
    """The value again."""
    if name not in CODED:
        return value
    return _CODED_BYTES.sub(lambda m: bytes.fromhex(m[0].replace("~", "")).decode(), value)
