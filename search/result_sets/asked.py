"""What the sidecar of a result set says of the question, so that it can be put again."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

ORDER = "newest first day first, ads without one last, then in the order in which they became known"
SAMPLE_ORDER = "by SHA-256 of the seed, a colon and the id; the first of these are the sample"

EXCEPTED = (
    "Asked again as of the same time, the rows are the same byte for byte, but for what was withheld by a "
    "decision since: that is taken out of earlier answers too."
)


@dataclass(frozen=True)
class Sample:
    """So many ads drawn from a set, the same whoever draws: those of the least hashes, in their order."""

    size: int
    seed: str
    """The hash of an ad is SHA-256 of the seed, a colon and its permanent id."""

    def hash_id(self, public_id: str) -> str:
        """By which ads are drawn."""
        return sha256(f"{self.seed}:{public_id}".encode()).hexdigest()


@dataclass(frozen=True)
class AskedSet:
    """A question for a whole result set, as it was typed."""

    text: str
    filters: Sequence[tuple[str, str]]
    include: str | None
    sample: Sample | None
    licence: str
    """Of what this archive adds (SPDX)."""

    def describe(self) -> dict[str, Any]:
        """The question, how the rows are ordered, and on which terms they may be used."""
        grouped: dict[str, list[str]] = {}
        for name, value in self.filters:
            grouped.setdefault(name, []).append(value)
        asked: dict[str, Any] = {"q": self.text, **grouped}
        asked |= {"include": self.include} if self.include else {}
        asked |= {"sample": self.sample.size, "seed": self.sample.seed} if self.sample else {}
        return {
            "question": asked,
            "order": SAMPLE_ORDER if self.sample else ORDER,
            "licence": f"{self.licence} for what this archive adds; what sources publish stays under "
            "their terms",
            "excepted": EXCEPTED,
        }
