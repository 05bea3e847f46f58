"""Which spellings of a name count as the same name: `ACME, Inc.`, `Acme Inc` and `Acmé inc.` do."""

import unicodedata
from functools import lru_cache

from archive.text.words import join_terms


@lru_cache(maxsize=50_000)
def fold_name(name: str) -> str:
    """The key of a name: its folded words with single spaces; of one without words its signs.

    Empty only for white space.
    """
    return join_terms(name) or " ".join(unicodedata.normalize("NFKC", name).casefold().split())
