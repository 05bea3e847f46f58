"""Two texts held against each other: copy, family or neither, and by what; it knows no tables.

Alike are texts that share half of their word pairs (Jaccard), numbers masked, names too where they are few.
"""

from dataclasses import dataclass
from enum import StrEnum

from archive.duplicates.texts import ComparedText

LEAST_SHARED = 0.5
_LEAST_WITH_NAMES = 0.2
"""Where fewer pairs are shared, names cannot be why."""


class Relation(StrEnum):
    """What one ad is to another."""

    COPY = "copy"
    FAMILY = "family"
    PICTURE = "picture"


@dataclass(frozen=True)
class Likeness:
    """How two texts are alike."""

    relation: Relation
    only_one: tuple[str, ...] = ()
    """Words of the one that the other has not, in its order."""
    only_other: tuple[str, ...] = ()
    shared: float = 1.0
    """Share of word pairs that both have."""
    names_differ: bool = False
    """Whether a word that differs is a name or holds a digit."""


def compare_texts(one: ComparedText, other: ComparedText) -> Likeness | None:
    """What two texts are to each other by their pairs; `None`: nothing."""
    if one.words == other.words:
        return Likeness(Relation.COPY)
    shared = share_pairs(one.pairs, other.pairs)
    if LEAST_SHARED > shared > _LEAST_WITH_NAMES:
        shared = share_pairs(one.frame_pairs, other.frame_pairs)
    return tell_difference(one, other, shared) if shared >= LEAST_SHARED else None


def share_pairs(one: frozenset[int], other: frozenset[int]) -> float:
    """Share of word pairs that both have among those that either has."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def tell_difference(one: ComparedText, other: ComparedText, shared: float) -> Likeness:
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
    return Likeness(relation, only_one, only_other, shared, any(named))
