"""What the sidecar of a result set says of the question, so that it can be put again."""

from collections.abc import Iterable
from typing import Any

from search.result_sets.rows import Sample

ORDER = "newest first day first, ads without one last, then in the order in which they became known"
SAMPLE_ORDER = "by SHA-256 of the seed, a colon and the id; the first of these are the sample"

EXCEPTED = (
    "Asked again as of the same time, the rows are the same byte for byte, but for what was withheld by a "
    "decision since: that is taken out of earlier answers too."
)


def describe_question(
    text: str,
    filters: Iterable[tuple[str, str]],
    include: str | None,
    sample: Sample | None,
    licence: str,
) -> dict[str, Any]:
    """The question as it was asked, how the rows are ordered, and on which terms they may be used."""
    grouped: dict[str, list[str]] = {}
    for name, value in filters:
        grouped.setdefault(name, []).append(value)
    asked: dict[str, Any] = {"q": text, **grouped}
    asked |= {"include": include} if include else {}
    asked |= {"sample": sample.size, "seed": sample.seed} if sample else {}
    return {
        "question": asked,
        "order": SAMPLE_ORDER if sample else ORDER,
        "licence": f"{licence} for what this archive adds; what sources publish stays under their terms",
        "excepted": EXCEPTED,
    }
