"""Under which keys a text is found among texts like it (MinHash).

Of its word pairs the least by XOR with each of 32 fixed numbers; each two of these are a band. Of texts that
share half of their pairs 99 in a hundred share a band.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from operator import eq
from zlib import crc32

_BITS = 32
_REST = 27
_ROWS = 2
_FEWEST_SAME = 6
_MIXER = 0x9E3779B1
_ALL = (1 << _BITS) - 1


def _make_mask(number: int) -> int:
    # The first five bits go through all there are: masks that begin alike would find the same pair.
    return number << _REST | int.from_bytes(blake2b(bytes([number])).digest()[:4]) >> 5


_MASKS = sorted(map(_make_mask, range(32)), key=lambda mask: mask & 0xFFFF)


def hash_pairs(words: Sequence[str]) -> frozenset[int]:
    """A number for each two neighbouring words."""
    pairs = map(" ".join, pairwise(words))
    return frozenset([crc32(pair.encode()) * _MIXER & _ALL for pair in pairs])


def find_least(pairs: frozenset[int]) -> list[int]:
    """The least of the pairs by each of the fixed numbers; none without pairs."""
    if not pairs:
        return []
    by_start: defaultdict[int, list[int]] = defaultdict(list)
    for pair in pairs:
        by_start[pair >> _REST].append(pair)
    return [_find_nearest(by_start, mask) for mask in _MASKS]


def _find_nearest(by_start: Mapping[int, list[int]], mask: int) -> int:
    """The least pair by one number: among those that begin most like it."""
    start = mask >> _REST
    for other in range(1 << _BITS - _REST):
        if near := by_start.get(start ^ other):
            return near[0] if len(near) == 1 else min(near, key=mask.__xor__)
    raise ValueError("no pairs are given")


def list_bands(least: Sequence[int]) -> list[int]:
    """The keys of a text with these least pairs."""
    return [
        _make_key(place, *least[place : place + _ROWS]) for place in range(0, len(least), _ROWS)
    ]


def make_sketch(least: Sequence[int]) -> bytes:
    """A byte of each of the least pairs."""
    return bytes(pair & 0xFF for pair in least)


def may_be_alike(one: bytes, other: bytes) -> bool:
    """Whether texts with these sketches may share half of their pairs, and so about half of the bytes."""
    return [*map(eq, one, other)].count(True) >= _FEWEST_SAME


def _make_key(place: int, one: int, other: int) -> int:
    mixed = (one * 0x9E3779B97F4A7C15 + other * 0xC2B2AE3D27D4EB4F + place) & (1 << 64) - 1
    return (mixed ^ mixed >> 31) >> 1
