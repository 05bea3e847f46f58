"""What moves of an ad all the time, while its words stay: its figures and its creative."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from archive.duplicates.creatives import find_creatives
from archive.models import PublicAd
from archive.store.batches import cut_batches
from search.indexed.documents import count_microseconds, encode_key


@dataclass(frozen=True, slots=True)
class MovedAd:
    """An ad that an engine has, of which it is sent only what moves; the fields are those of documents."""

    ad_id: int
    id: str
    key: str
    spend_lower_minor: int | None
    spend_upper_minor: int | None
    impressions_lower: int | None
    impressions_upper: int | None
    recorded_at: int
    creative: str | None


MOVING = tuple(name for name in MovedAd.__slots__ if name not in ("ad_id", "id", "key"))
"""The fields that move."""


def read_moved(session: Session, ad_ids: Sequence[int]) -> list[MovedAd]:
    """Ads as they are now, by rising id; one that the archive does not show is left out."""
    columns = (
        *(PublicAd.id, PublicAd.public_id, PublicAd.spend_lower_minor, PublicAd.spend_upper_minor),
        *(PublicAd.impressions_lower, PublicAd.impressions_upper, PublicAd.recorded_at),
    )
    moved: list[MovedAd] = []
    for some in cut_batches(sorted(ad_ids)):
        creatives = find_creatives(session, some)
        query = select(*map(col, columns)).where(col(PublicAd.id).in_(some))
        rows = session.connection().execute(query.order_by(col(PublicAd.id)))
        moved += [_make(row, creatives.get(row.id)) for row in rows]
    return moved


def _make(row: Any, creative: str | None) -> MovedAd:  # noqa: ANN401 (a row of these columns)
    return MovedAd(
        row.id,
        row.public_id,
        encode_key(row.public_id),
        row.spend_lower_minor,
        row.spend_upper_minor,
        row.impressions_lower,
        row.impressions_upper,
        count_microseconds(row.recorded_at),
        creative,
    )
