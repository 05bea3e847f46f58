"""Money that sources state for advertisers, and money disclosed to authorities."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID, MAYBE_JSON, WITHHELD
from archive.records import AdvertiserSpendRecord, CommitteeRecord, DisclosureRecord


class AdvertiserSpend(AdvertiserSpendRecord, table=True):
    """One observation of what a source states for an advertiser and period; rows are only added."""

    __tablename__ = "advertiser_spend"
    __table_args__ = (
        Index("advertiser_spend_by_series", "source", "series"),
        Index("advertiser_spend_by_advertiser", "advertiser_id"),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    source: str = Field(description="Source.")
    series: str = Field(
        description="Data set, advertiser, grain, period and payer named: what is observed again."
    )
    is_current: bool = Field(index=True, description="The newest observation of its series.")
    is_withdrawn: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="The source no longer states anything for this series.",
    )
    advertiser_id: str | None = Field(default=None, description="Our id of the advertiser.")
    row_sha256: str = Field(description="Hash of the statement.")
    withheld: dict[str, Any] | None = Field(default=None, sa_type=MAYBE_JSON, description=WITHHELD)
    observed_at: datetime = Field(description="When the source said it.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    run_id: int = Field(sa_type=BIG_ID, description="Run that brought it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )


class Disclosure(DisclosureRecord, table=True):
    """One expenditure as last disclosed."""

    __tablename__ = "disclosure"
    __table_args__ = (
        UniqueConstraint("source", "ref", name="disclosure_source_ref"),
        Index(
            "disclosure_by_report",
            *("source", "committee_ref", "report_year", "report_kind", "filing_ref"),
        ),
        Index("disclosure_by_transaction", "source", "transaction_ref", "committee_ref"),
    )

    id: int = Field(sa_type=BIG_ID, primary_key=True, description="Our id.")
    source: str = Field(description="Source.")
    row_sha256: str = Field(description="Hash of the statement.")
    withheld: dict[str, Any] | None = Field(default=None, sa_type=MAYBE_JSON, description=WITHHELD)
    versions: int = Field(description="Versions the archive holds.")
    is_superseded: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="A later filing of the same report (filer, year, period) stands in its place.",
    )
    is_withdrawn: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="The newest complete file of its source no longer has the row.",
    )
    observed_at: datetime = Field(description="When the source said it.")
    recorded_at: datetime = Field(description="When this archive learned the current state.")


class DisclosureVersion(SQLModel, table=True):
    """One state of a disclosed expenditure; rows are only ever added."""

    __tablename__ = "disclosure_version"
    __table_args__ = (UniqueConstraint("disclosure_id", "seq", name="disclosure_version_seq"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    disclosure_id: int = Field(
        foreign_key="disclosure.id", sa_type=BIG_ID, description="The expenditure."
    )
    seq: int = Field(description="Number of the version, from 1.")
    observed_at: datetime = Field(description="When the source said it.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    row_sha256: str = Field(description="Hash of the statement.")
    withheld: dict[str, Any] | None = Field(default=None, sa_type=MAYBE_JSON, description=WITHHELD)
    content: dict[str, Any] = Field(sa_type=JSON, description="The statement, field by field.")
    is_superseded: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="A later filing of the same report stood in its place.",
    )
    is_withdrawn: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="The source's complete file no longer had the row.",
    )
    run_id: int = Field(sa_type=BIG_ID, description="Run that brought it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )


class Committee(CommitteeRecord, table=True):
    """An organisation registered with an authority, as last described."""

    __tablename__ = "committee"
    __table_args__ = (UniqueConstraint("source", "ref", name="committee_source_ref"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    source: str = Field(description="Source.")
    row_sha256: str = Field(description="Hash of the statement.")
    withheld: dict[str, Any] | None = Field(default=None, sa_type=MAYBE_JSON, description=WITHHELD)
    versions: int = Field(description="How often the statement was new or changed.")
    observed_at: datetime = Field(description="When the source said it.")
    recorded_at: datetime = Field(description="When this archive learned the current state.")
