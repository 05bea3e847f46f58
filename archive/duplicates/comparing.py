"""Two texts held against each other: copy, family or neither, and by what; it knows no tables.

Alike are texts that share half of their word pairs, numbers masked (Jaccard). They are looked for among those
that share one of 16 bands, each two of the 32 least word pairs by XOR with 32 fixed numbers (MinHash).
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import pairwise
from zlib import crc32

from archive.duplicates.texts import FEWEST_WORDS, ComparedText, mask_numbers

LEAST_SHARED = 0.5

_BITS = 32
_ROWS = 2
_MIXER = 0x9E3779B1
_ALL = (1 << _BITS) - 1


def _make_mask(number: int) -> int:
    # The first five bits go through all there are: masks that begin alike would find the same pair.
    return number << _BITS - 5 | int.from_bytes(blake2b(bytes([number])).digest()[:4]) >> 5


_MASKS = sorted(map(_make_mask, range(32)), key=lambda mask: mask & 0xFFFF)


class Relation(StrEnum):
    """What one ad is to another."""

    COPY = "copy"
    FAMILY = "family"
    PICTURE = "picture"


@dataclass(frozen=True)
class Comparison:
    """How two texts are alike."""

    relation: Relation
    only_one: tuple[str, ...] = ()
    """Words of the one that the other has not, in its order."""
    only_other: tuple[str, ...] = ()
    shared: float = 1.0
    """Share of word pairs that both have."""
    names_differ: bool = False
    """Whether a word that differs is a name or holds a digit."""


def hash_pairs(text: ComparedText) -> frozenset[int]:
    """A number for each two neighbouring words, rows of numbers as one sign; none of a short text."""
    if len(text.words) < FEWEST_WORDS:
        return frozenset()
    pairs = (f"{one} {other}" for one, other in pairwise(mask_numbers(text)))
    return frozenset(crc32(pair.encode()) * _MIXER & _ALL for pair in pairs)


def list_bands(pairs: frozenset[int]) -> list[int]:
    """The 16 keys under which a text with these pairs is found; none without pairs."""
    if not pairs:
        return []
    least = [min(map(mask.__xor__, pairs)) ^ mask for mask in _MASKS]
    return [_make_key(place, *least[place : place + _ROWS]) for place in range(0, 32, _ROWS)]


def _make_key(place: int, one: int, other: int) -> int:
    mixed = (one * 0x9E3779B97F4A7C15 + other * 0xC2B2AE3D27D4EB4F + place) & (1 << 64) - 1
    return (mixed ^ mixed >> 31) >> 1


def compare_texts(
    one: ComparedText,
    other: ComparedText,
    one_pairs: frozenset[int],
    other_pairs: frozenset[int],
) -> Comparison | None:
    """What two texts are to each other by their pairs; `None`: nothing."""
    if one.words == other.words:
        return Comparison(Relation.COPY)
    shared = share_pairs(one_pairs, other_pairs)
    return tell_difference(one, other, shared) if shared >= LEAST_SHARED else None


def share_pairs(one: frozenset[int], other: frozenset[int]) -> float:
    """Share of word pairs that both have among those that either has."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def tell_difference(one: ComparedText, other: ComparedText, shared: float) -> Comparison:
    """What texts that are alike are to each other, by the words that differ."""
    here, there = set(one.words), set(other.words)
    only_one = tuple(word for word in dict.fromkeys(one.words) if word not in there)
    only_other = tuple(word for word in dict.fromkeys(other.words) if word not in here)
    names = one.names | other.names
    named = [word in names for word in (*only_one, *only_other)]
    if not named:
        # The same words in another order: their names may be all that moved.
        plain = ([word for word in text.words if word not in names] for text in (one, other))
        named = [True] if len({*map(tuple, plain)}) == 1 else [False]
    relation = Relation.FAMILY if all(named) else Relation.COPY
    return Comparison(relation, only_one, only_other, shared, any(named))
