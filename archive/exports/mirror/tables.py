"""Which tables are mirrored, and which of their rows a range of the change sequence may have touched.

Sync asks here. A row too many does no harm, one too few would: what names a thing brings all its rows.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Select,
    SelectBase,
    String,
    Table,
    and_,
    case,
    or_,
    select,
)
from sqlalchemy.orm import aliased
from sqlmodel import col

from archive.exports.rows import leave_text
from archive.models import AdMetric, AdvertiserSpend, Change, Disclosure, PublicAd
from archive.models.changes import ChangeKind
from archive.reading.visible import is_visible_by_default
from archive.store.bulk import table_of

Ids = SelectBase
"""A query for ids alone."""

AD_KINDS = (ChangeKind.AD_CONTENT, ChangeKind.AD_NUMBERS, ChangeKind.AD_STATE)

MIRRORED_KINDS = (*AD_KINDS, ChangeKind.ADVERTISER_SPEND, ChangeKind.DISCLOSURE)
"""Changes of what is mirrored."""


@dataclass(frozen=True)
class ChangeRange:
    """Changes after one number up to another, and the highest id the table had at the first."""

    after_seq: int
    seq: int
    last_id: int

    def named(self, *kinds: ChangeKind) -> Ids:
        """Ids of what changed so."""
        return select(col(Change.subject_id)).where(
            col(Change.seq) > self.after_seq,
            col(Change.seq) <= self.seq,
            col(Change.kind).in_(kinds),
        )


def _find_ads(change_range: ChangeRange) -> Ids:
    return change_range.named(*AD_KINDS)


def _find_metrics(change_range: ChangeRange) -> Ids:
    """New rows, and all rows of ads of which more than the numbers changed.

    A metric row is added and never rewritten when numbers move; ids rise in the order of commits, since
    writers are one at a time (archive/store/database.py).
    """
    other = change_range.named(ChangeKind.AD_CONTENT, ChangeKind.AD_STATE)
    id_ = col(AdMetric.id)
    return (
        select(id_)
        .where(id_ > change_range.last_id)
        .union(select(id_).where(col(AdMetric.ad_id).in_(other)))
    )


def _find_statements(change_range: ChangeRange) -> Ids:
    """The whole series of each statement that changed: a new one retires the one before it."""
    named, same = aliased(AdvertiserSpend), AdvertiserSpend
    return (
        select(col(same.id))
        .join(named, and_(col(named.source) == same.source, col(named.series) == same.series))
        .where(col(named.id).in_(change_range.named(ChangeKind.ADVERTISER_SPEND)))
    )


def _find_disclosures(change_range: ChangeRange) -> Ids:
    return change_range.named(ChangeKind.DISCLOSURE)


MIRRORED: Mapping[str, tuple[Table, Callable[[ChangeRange], Ids]]] = {
    "public_ad": (table_of(PublicAd), _find_ads),
    "ad_metric": (table_of(AdMetric), _find_metrics),
    "advertiser_spend": (table_of(AdvertiserSpend), _find_statements),
    "disclosure": (table_of(Disclosure), _find_disclosures),
}
"""Each mirrored table and how its changed rows are found."""


WITHHELD = "withheld"
"""The column of what a source said and is not shown."""

VISIBLE_BY_DEFAULT: Column[bool] = Column("is_visible_by_default", Boolean(), nullable=False)
"""Beside the columns of `public_ad`: whether lists and sums show the ad. The mirror holds every ad."""


ROW_HASH: Column[str] = Column("row_sha256", String(), nullable=True)
"""In place of the table's own: empty where something of the row is not shown."""


def list_columns(name: str) -> list[Column[Any]]:
    """The columns of a mirrored table in their order; what is not shown is in none of them."""
    table, _ = MIRRORED[name]
    own = [ROW_HASH if c.name == ROW_HASH.name else c for c in table.columns if c.name != WITHHELD]
    return [*own, VISIBLE_BY_DEFAULT] if table is table_of(PublicAd) else own


def select_all(name: str) -> Select[tuple[object, ...]]:
    """Every row, by rising id; what is kept as JSON comes as its text, which need not be taken apart."""
    table, _ = MIRRORED[name]
    return select(*(_select_column(table, c) for c in list_columns(name))).order_by(table.c.id)


def select_changed(
    name: str, change_range: ChangeRange, again: Collection[int] = ()
) -> Select[tuple[object, ...]]:
    """The rows of a mirrored table that may have changed, and those asked for again, by rising id."""
    table, find = MIRRORED[name]
    is_changed = table.c.id.in_(find(change_range))
    return select_all(name).where(or_(is_changed, table.c.id.in_(again)) if again else is_changed)


def _select_column(table: Table, column: Column[Any]) -> ColumnElement[Any]:
    if column is ROW_HASH:
        is_whole = table.c[WITHHELD].is_(None)
        return case((is_whole, table.c[column.name])).label(column.name)
    if column is VISIBLE_BY_DEFAULT:
        return is_visible_by_default(PublicAd).label(column.name)
    return leave_text(column)
