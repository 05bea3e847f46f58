"""Values as Meilisearch is given them: it takes values that differ by case or accents alone for one.

So that they stay apart, each has a checksum of itself behind it. Filters and facets of the other engines have
the values alone.
"""

import zlib
from collections.abc import Mapping

CHECKSUM_LENGTH = 9
"""Characters: `~` and eight hexadecimal digits."""


def encode_value(value: str) -> str:
    """A value with its checksum."""
    return f"{value}~{zlib.crc32(value.encode()):08x}"


def decode_values(counts: Mapping[str, int]) -> dict[str, int]:
    """Counted values without their checksums."""
    return {value[:-CHECKSUM_LENGTH]: number for value, number in counts.items()}
