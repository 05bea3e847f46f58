"""Numbers that follow from a seed: whoever asks for the same thing again gets the same numbers.

Every invented value is rolled here. No generator state is shared, so that any one ad of a million can
be made without the others.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

# Below this the rest of a hash no longer holds enough chance for a roll of a thousand sides.
FEWEST_LEFT = 1 << 64
MILLION = 1_000_000


class Dice:
    """Rolls for one thing, named by `names`; the order of the rolls is part of what they give."""

    def __init__(self, *names: object) -> None:
        self._name = "\n".join(map(str, names))
        self._hashes = 0
        self._left = 0

    def roll(self, sides: int) -> int:
        """A number from 0 up to, not including, `sides`."""
        if self._left < FEWEST_LEFT:
            self._hashes += 1
            text = f"{self._name}\n{self._hashes}"
            self._left = int.from_bytes(hashlib.blake2b(text.encode()).digest())
        self._left, number = divmod(self._left, sides)
        return number

    def pick(self, choices: Sequence[T]) -> T:
        """One of these."""
        return choices[self.roll(len(choices))]

    def hits(self, share: float) -> bool:
        """Whether something that happens to this share of all happens here."""
        return self.roll(MILLION) < share * MILLION
