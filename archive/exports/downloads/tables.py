"""What can be streamed: for each kind of rows its columns, and the tables they are read from.

`archive.exports.downloads.select` reads by these plans; the API lists their columns. Nothing here asks the
database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, case, select
from sqlmodel import Field, col

from archive.exports.downloads.columns import CURSOR, Column, describe_columns
from archive.exports.downloads.unfolding import CellRow, DeliveryRow, TargetingRow, list_labels
from archive.exports.rows import leave_text
from archive.models import AdMetric, AdVersion, AdvertiserSpend, Committee, Disclosure, PublicAd
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past_money import is_newest
from archive.reading.descriptions import quote_field
from archive.reading.disclosures import may_be_one_payment
from archive.reading.views import AdItem, DisclosureView, MetricView, VersionView
from archive.reading.visible import is_visible_by_default
from archive.records import AdvertiserSpendRecord

AD_ID = Column("ad_id", str, quote_field(PublicAd, "public_id"))


class What(StrEnum):
    """The kinds of rows that can be streamed."""

    ADS = "ads"
    VERSIONS = "versions"
    METRICS = "metrics"
    DELIVERY = "delivery"
    TARGETING = "targeting"
    ADVERTISER_SPEND = "advertiser_spend"
    DISCLOSURES = "disclosures"


class AdvertiserSpendRow(AdvertiserSpendRecord):
    """One observation of what a source states for an advertiser."""

    source: str = Field(description=quote_field(AdvertiserSpend, "source"))
    advertiser_id: str | None = Field(description=quote_field(AdvertiserSpend, "advertiser_id"))
    is_current: bool = Field(description=quote_field(AdvertiserSpend, "is_current"))
    is_withdrawn: bool = Field(description=quote_field(AdvertiserSpend, "is_withdrawn"))
    observed_at: datetime = Field(description=quote_field(AdvertiserSpend, "observed_at"))
    recorded_at: datetime = Field(description=quote_field(AdvertiserSpend, "recorded_at"))
    capture_id: int | None = Field(description=quote_field(AdvertiserSpend, "capture_id"))


@dataclass(frozen=True)
class ReadPlan:
    """How one kind of rows is read."""

    columns: list[Column]
    table: Any
    """Where the rows come from; they stand in the order of its `id`."""
    select_from: Callable[[Any, Moment, Any], Select[Any]]
    """The query over `table`, or over an entity that stands for it at a moment: its id, then the columns.

    Last comes what ads are told from, the public view or what stands for it.

    What is kept as JSON comes as its text, to be spelled or loaded by `exported_rows`. A column that is
    unfolded from a list is not in it; the list stands last.
    """
    by_ad: bool = False
    """The filter speaks of the ad, as it is now, that a row belongs to."""
    labels: Mapping[str, type] | None = None
    """For rows unfolded from a list: the labels of one cell, see `unfolding.unfold`."""


def list_columns(what: What) -> list[Column]:
    """The columns of a stream in their order, the cursor last."""
    return [*PLANS[what].columns, CURSOR]


def list_ad_columns() -> list[Column]:
    """The columns of ads, without a cursor."""
    return PLANS[What.ADS].columns


def select_ads(ads: Any, moment: Moment) -> Select[Any]:  # noqa: ANN401 (the public view or what stands for it)
    """Our id of each ad and its columns, at a moment."""
    return PLANS[What.ADS].select_from(ads, moment, ads)


def _plan_ads() -> ReadPlan:
    columns = describe_columns(AdItem)

    def select_from(ads: Any, moment: Moment, _: Any) -> Select[Any]:  # noqa: ANN401 (the table or what stands for it)
        return _select(
            columns, ads, id=ads.public_id, is_visible_by_default=is_visible_by_default(ads, moment)
        )

    return ReadPlan(columns, PublicAd, select_from)


def _plan_versions() -> ReadPlan:
    # What a version changed is told by the one before it; a stream holds both. What is withheld has
    # its reason in the content.
    beside = frozenset({"changes", "redactions"})
    is_whole = col(AdVersion.withheld).is_(None)
    shown = case((is_whole, col(AdVersion.content_sha256)))
    columns = describe_columns(VersionView, without=beside)
    return _plan_by_ad(AdVersion, columns, content_sha256=shown)


def _plan_by_ad(table: Any, own: list[Column], **named: Any) -> ReadPlan:  # noqa: ANN401 (a table with `ad_id`)
    columns = [AD_ID, *own]

    def select_from(_: Any, __: Moment, ads: Any) -> Select[Any]:  # noqa: ANN401 (the view or what stands for it)
        query = _select(columns, table, ad_id=ads.public_id, **named)
        return query.join_from(table, ads, ads.id == table.ad_id)

    return ReadPlan(columns, table, select_from, by_ad=True)


def _plan_cells(row: type[CellRow], name: str) -> ReadPlan:
    labels = list_labels(row)
    columns = describe_columns(row)
    selected = [column for column in columns if column.name not in labels]
    return ReadPlan(
        columns,
        PublicAd,
        lambda ads, _, __: _select(selected, ads, ad_id=ads.public_id, rest=getattr(ads, name)),
        labels=labels,
    )


def _plan_advertiser_spend() -> ReadPlan:
    columns = describe_columns(AdvertiserSpendRow)

    def select_from(spend: Any, moment: Moment, _: Any) -> Select[Any]:  # noqa: ANN401 (the table)
        # The column tells of now.
        named = {} if moment.is_now else {"is_current": is_newest(moment)}
        return _select(columns, spend, **named)

    return ReadPlan(columns, AdvertiserSpend, select_from)


def _plan_disclosures() -> ReadPlan:
    columns = describe_columns(DisclosureView)

    def select_from(filed: Any, moment: Moment, _: Any) -> Select[Any]:  # noqa: ANN401 (the table or what stands for it)
        is_filer = and_(
            col(Committee.source) == filed.source, col(Committee.ref) == filed.committee_ref
        )
        named = {
            "id": filed.source + ":" + filed.ref,
            "committee_name": Committee.name,
            "may_be_one_payment": may_be_one_payment(filed, moment),
        }
        return _select(columns, filed, **named).join_from(filed, Committee, is_filer, isouter=True)

    return ReadPlan(columns, Disclosure, select_from)


def _select(columns: Sequence[Column], table: Any, **named: Any) -> Select[Any]:  # noqa: ANN401 (mapped columns)
    """The id and the columns of a table; `named` says where those come from that it has not."""
    values = (named[c.name] if c.name in named else getattr(table, c.name) for c in columns)
    return select(table.id, *map(leave_text, values))


PLANS: Mapping[What, ReadPlan] = {
    What.ADS: _plan_ads(),
    What.VERSIONS: _plan_versions(),
    What.METRICS: _plan_by_ad(AdMetric, describe_columns(MetricView)),
    What.DELIVERY: _plan_cells(DeliveryRow, "delivery"),
    What.TARGETING: _plan_cells(TargetingRow, "targeting"),
    What.ADVERTISER_SPEND: _plan_advertiser_spend(),
    What.DISCLOSURES: _plan_disclosures(),
}
