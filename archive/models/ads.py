"""Ads: what each one is now, every version of it, its numbers over time, and who runs it.

Versions, metrics and the public view name their ad without a foreign key: only ingest writes them, in
one transaction with the ad, and checking each row costs more than writing it (docs/decisions/0004).
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID, MAYBE_JSON, WITHHELD, JsonText
from archive.records import AdContent, AdNumbers


class Ad(SQLModel, table=True):
    """The identity rows of an ad: its keys and the hashes that tell whether a source said anything new."""

    __tablename__ = "ad"
    __table_args__ = (
        UniqueConstraint("source", "ref", name="ad_source_ref"),
        Index("ad_by_partition", "source", "partition"),
    )

    id: int = Field(sa_type=BIG_ID, primary_key=True, description="Our id.")
    source: str = Field(description="Source that described it first.")
    ref: str = Field(description="The source's id.")
    partition: str = Field(description="Partition it was last seen in.")
    content_sha256: str = Field(description="Hash of the current content.")
    numbers_sha256: str = Field(description="Hash of the current numbers.")
    versions: int = Field(description="How many versions the archive holds.")
    content_observed_at: datetime = Field(
        description="When the current content was first observed."
    )
    numbers_observed_at: datetime = Field(
        description="When the current numbers were first observed."
    )
    first_observed_at: datetime = Field(description="When a source was first seen to show it.")
    recorded_at: datetime = Field(description="When this archive learned of it.")
    vanished_at: datetime | None = Field(
        default=None, description="First complete run that no longer found it."
    )
    row_hash: bytes | None = Field(
        default=None,
        description="Keyed hash of the raw row that content and numbers were read from; in no backup. "
        "Empty: they came otherwise, or the ad stood in several rows.",
    )


class AdVersion(SQLModel, table=True):
    """One state of an ad's content; rows are only ever added."""

    __tablename__ = "ad_version"
    __table_args__ = (UniqueConstraint("ad_id", "seq", name="ad_version_seq"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    ad_id: int = Field(sa_type=BIG_ID, description="The ad (`ad.id`).")
    seq: int = Field(description="Number of the version, in the order we learned of them, from 1.")
    observed_at: datetime = Field(description="When the source said it.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    content_sha256: str = Field(description="Hash of the content.")
    content: dict[str, Any] = Field(
        sa_type=JsonText, description="The content, field by field, as everybody may see it."
    )
    withheld: dict[str, Any] | None = Field(default=None, sa_type=MAYBE_JSON, description=WITHHELD)
    run_id: int = Field(sa_type=BIG_ID, description="Run that brought it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )

    @property
    def shown_sha256(self) -> str | None:
        """The hash as everybody may see it: none while something of the content is not shown."""
        return None if self.withheld else self.content_sha256


class AdMetric(AdNumbers, table=True):
    """The numbers of an ad at one time; a row is added only when they moved."""

    __tablename__ = "ad_metric"
    __table_args__ = (UniqueConstraint("ad_id", "seq", name="ad_metric_seq"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    ad_id: int = Field(sa_type=BIG_ID, description="The ad (`ad.id`).")
    seq: int = Field(description="Number of the row, in the order we learned of them, from 1.")
    observed_at: datetime = Field(description="When the source said it.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    numbers_sha256: str = Field(description="Hash of the numbers.")
    missing: dict[str, str] = Field(
        default_factory=dict, sa_type=JSON, description="Reasons for the numbers without a value."
    )
    run_id: int = Field(sa_type=BIG_ID, description="Run that brought it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )


class VanishedPeriod(SQLModel, table=True):
    """A period in which complete runs did not find an ad."""

    __tablename__ = "vanished_period"

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    ad_id: int = Field(foreign_key="ad.id", sa_type=BIG_ID, index=True, description="The ad.")
    last_seen_at: datetime | None = Field(description="Last run that found it.")
    missed_at: datetime = Field(description="First complete run that did not.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    returned_at: datetime | None = Field(default=None, description="First run that found it again.")
    returned_recorded_at: datetime | None = Field(
        default=None, description="When this archive learned of the return."
    )


class AskedCountry(SQLModel, table=True):
    """That a run which asked its source for one country was given an ad; rows are only added.

    Of an ad and a country there is the first such run, and any that was taken in later and observed before.
    """

    __tablename__ = "asked_country"
    __table_args__ = (UniqueConstraint("ad_id", "country", "observed_at", name="asked_country_ad"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    ad_id: int = Field(sa_type=BIG_ID, description="The ad (`ad.id`).")
    country: str = Field(description="The country asked for (ISO 3166-1 alpha-2).")
    observed_at: datetime = Field(description="When the source gave it.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    run_id: int = Field(sa_type=BIG_ID, description="Run that asked.")


class Advertiser(SQLModel, table=True):
    """Who runs ads at one source, by the source's id or, weakly, by name alone."""

    __tablename__ = "advertiser"

    id: str = Field(primary_key=True, description="`<source>:<ref>`, or `<source>:name:<hash>`.")
    source: str = Field(index=True, description="Source.")
    ref: str | None = Field(default=None, description="The source's id; empty when it gives none.")
    name: str = Field(description="Latest name.")
    is_weak: bool = Field(description="Known by name only, so never linked automatically.")
    recorded_at: datetime = Field(description="When this archive learned of it.")


class AdvertiserAlias(SQLModel, table=True):
    """An id under which a source knew an advertiser before it gave it another one."""

    __tablename__ = "advertiser_alias"

    old_id: str = Field(primary_key=True, description="The former id, `<source>:<ref>`.")
    new_id: str = Field(index=True, description="The id the source gave it then.")
    observed_at: datetime = Field(description="When the source said so.")
    recorded_at: datetime = Field(description="When this archive learned it.")
    run_id: int = Field(sa_type=BIG_ID, description="Run that brought it.")
    capture_id: int | None = Field(
        default=None, sa_type=BIG_ID, description="Evidence it stands in."
    )


class AdvertiserName(SQLModel, table=True):
    """A name an advertiser went by, from a time on."""

    __tablename__ = "advertiser_name"
    __table_args__ = (
        Index("advertiser_name_by_advertiser", "advertiser_id"),
        Index("advertiser_name_by_name", "name"),
    )

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    advertiser_id: str = Field(foreign_key="advertiser.id", description="The advertiser.")
    name: str = Field(description="The name.")
    observed_at: datetime = Field(description="When a source first used it.")
    recorded_at: datetime = Field(description="When this archive learned it.")


class PublicAd(AdContent, AdNumbers, table=True):
    """The public view of an ad as it is now: what search, rules, lists and exports read."""

    __tablename__ = "public_ad"
    __table_args__ = (
        Index("public_ad_by_advertiser", "advertiser_id"),
        Index("public_ad_by_payer", "payer_name"),
        # The years of a source (`archive.reading.coverage.contents`) are counted from it alone. The day is
        # first, so that lists of one source still walk by id.
        Index("public_ad_by_start", "started_on", "source"),
        # Few ads are in it, and every total leaves some of them out (`archive.reading.visible`).
        Index(
            "public_ad_not_declared",
            "source",
            sqlite_where=text("declared_political IS NOT 1"),
            postgresql_where=text("declared_political IS NOT true"),
        ),
    )

    id: int = Field(sa_type=BIG_ID, primary_key=True, description="Our id of the ad (`ad.id`).")
    public_id: str = Field(description="Permanent id, `<source>:<ref>`.")
    source: str = Field(description="Source that describes it.")
    advertiser_id: str | None = Field(default=None, description="Our id of who runs it.")
    text: str = Field(description="All shown texts, one a line.")
    payer_address_given: bool | None = Field(
        default=None,
        description="Whether the payer's name came with a postal address, which is not shown; empty: nobody "
        "can tell.",
    )
    dates_contradict: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="It ends before it starts: both dates stand as stated, and its end counts as unknown.",
    )
    countries_from: str | None = Field(
        default=None,
        description="How the countries are known: `stated` by the source, or only `asked`: it was asked for "
        "each of them, gave the ad and says nothing of countries. Rules read stated ones alone. Empty: none "
        "is known.",
    )
    landing_domains: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Host names the ad leads to."
    )
    missing: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="For each field without a value, the reason why it is missing.",
    )
    source_fields: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="What else the source said, under the source's own names.",
    )
    state: str = Field(description="`seen` when last looked for, or `vanished`.")
    versions: int = Field(description="Versions the archive holds.")
    version_id: int = Field(sa_type=BIG_ID, description="The current version.")
    content_sha256: str | None = Field(
        description="Hash of the current content; empty while a field of it is not shown, since a guess "
        "could be checked against it."
    )
    first_seen_at: datetime = Field(description="When a source was first seen to show it.")
    last_changed_at: datetime = Field(description="When content or numbers last changed.")
    vanished_at: datetime | None = Field(
        default=None, description="First complete run that no longer found it."
    )
    recorded_at: datetime = Field(description="When this archive learned the current state.")
