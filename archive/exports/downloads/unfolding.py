"""One row a cell: who saw an ad, and whom it was aimed at, out of the lists an ad carries.

`archive.exports.downloads.select` unfolds each ad's list here; nothing that the source said is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Field, SQLModel

from archive.models import PublicAd
from archive.reading.descriptions import view_of

REST = "rest"


@view_of(PublicAd, "public_id as ad_id, source, platform")
class CellRow(SQLModel):
    """What every unfolded row begins with."""


class DeliveryRow(CellRow):
    """One group of people who saw an ad, as the source states it."""

    by: str | None = Field(description="What the source splits by: age_gender, region, country …")
    age: str | None = Field(description="Age group, in the source's words.")
    gender: str | None = Field(description="Gender, in the source's words.")
    region: str | None = Field(description="Region, in the source's words.")
    country: str | None = Field(description="Country (ISO 3166-1 alpha-2).")
    share: float | None = Field(description="Share of impressions or reach in this group, 0 to 1.")
    count: int | None = Field(description="People or accounts reached in this group.")
    rest: dict[str, Any] = Field(description="What else the source says of this group.")


class TargetingRow(CellRow):
    """One criterion by which an ad was aimed, or kept away, as the source states it."""

    dimension: str | None = Field(description="What was chosen by: age, gender, location …")
    mode: str | None = Field(description="`include`, or `exclude` for an audience kept out.")
    text: str | None = Field(description="The choice, in the source's words.")
    rest: dict[str, Any] = Field(description="What else the source says of this criterion.")


def list_labels(row: type[CellRow]) -> dict[str, type]:
    """The columns that an unfolded row takes out of a cell, each with the kind of its values."""
    kinds = {"share": float, "count": int}
    names = (name for name in row.model_fields if name not in CellRow.model_fields)
    return {name: kinds.get(name, str) for name in names if name != REST}


def unfold(cell: object, labels: Mapping[str, type]) -> Iterator[object]:
    """The values of a cell in the order of its labels, then all the rest of it.

    A value of another kind than its column's stays in the rest, word for word.
    """
    left = dict(cell) if isinstance(cell, Mapping) else {REST: cell}
    for name, kind in labels.items():
        yield left.pop(name) if _fits(left.get(name), kind) else None
    yield left


def _fits(value: object, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str)
    if kind is int:
        return type(value) is int and abs(value) < 2**63
    return type(value) in (int, float)
