"""Watch lists: what a source is asked about, by whom and why; and what people say of ads.

`archive.curation.watch_lists` and `archive.curation.labels` own the rows. All of it is public, and nothing is
ever deleted: an entry or a label that no longer holds says since when, by whom and why.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index, true
from sqlmodel import Field, SQLModel

from archive.models.columns import BIG_ID


class EntryKind(StrEnum):
    """What a watch list asks by."""

    PAGE = "page"
    ADVERTISER = "advertiser"
    TERM = "term"
    LANGUAGE = "language"


class WatchList(SQLModel, table=True):
    """A list of what one source is asked about; the ads it brings need not be declared political."""

    __tablename__ = "watch_list"

    id: str = Field(
        primary_key=True, description="Short name in small letters, digits and hyphens."
    )
    source: str = Field(index=True, description="Source it is put to.")
    title: str = Field(description="What is watched, for readers.")
    countries: list[str] = Field(
        sa_type=JSON, description="Countries the ads were shown in (ISO 3166-1 alpha-2)."
    )
    election: str | None = Field(default=None, description="Election it is kept for, if any.")
    added_by: str = Field(description="Who made it.")
    reason: str = Field(description="Why it is kept.")
    recorded_at: datetime = Field(description="Since when it is kept.")


class WatchListEntryView(SQLModel):
    """One thing a watch list asks by, from one time to another: what is kept of it and what is shown."""

    list_id: str = Field(foreign_key="watch_list.id", description="The list.")
    kind: str = Field(description="page, advertiser, term or language.")
    value: str = Field(
        description="The source's id of the page, our id of the advertiser, the words, or the language "
        "(ISO 639-1)."
    )
    added_by: str = Field(description="Who added it.")
    reason: str = Field(description="Why.")
    recorded_at: datetime = Field(description="Since when it is asked for.")
    removed_by: str | None = Field(default=None, description="Who took it off.")
    removal_reason: str | None = Field(default=None, description="Why.")
    removed_at: datetime | None = Field(
        default=None, description="Since when it is no longer asked for."
    )


class WatchListEntry(WatchListEntryView, table=True):
    """The same as it is kept."""

    __tablename__ = "watch_list_entry"
    __table_args__ = (Index("watch_list_entry_by_list", "list_id", "id"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")


class LabelTerm(StrEnum):
    """What a label says of an ad, yes or no."""

    POLITICAL = "political"
    EXPRESS_ADVOCACY = "express_advocacy"
    NAMES_CANDIDATE = "names_candidate"
    ASKS_FOR_MONEY = "asks_for_money"
    OPINION_POLL = "opinion_poll"
    OFFICIAL_INFORMATION = "official_information"
    SYNTHETIC = "synthetic"


class AdLabel(SQLModel, table=True):
    """Somebody's word on an ad beside what its source says, such as that it is political."""

    __tablename__ = "ad_label"
    __table_args__ = (Index("ad_label_by_ad", "ad_id"),)

    id: int | None = Field(default=None, sa_type=BIG_ID, primary_key=True, description="Our id.")
    ad_id: int = Field(foreign_key="ad.id", sa_type=BIG_ID, description="The ad.")
    term: str = Field(
        default=LabelTerm.POLITICAL,
        sa_column_kwargs={"server_default": LabelTerm.POLITICAL},
        description="What it speaks of: political, express_advocacy, names_candidate, asks_for_money, "
        "opinion_poll, official_information or synthetic.",
    )
    says: bool = Field(
        default=True,
        sa_column_kwargs={"server_default": true()},
        description="Whether the ad is that.",
    )
    method: str | None = Field(
        default=None, description="The program that says so, with its version; empty: a person."
    )
    labelled_by: str = Field(description="Who says so, or ran the program that does.")
    rule_id: str | None = Field(
        default=None, description="The rule that pointed the person to it, if one did."
    )
    reason: str = Field(description="Why.")
    recorded_at: datetime = Field(description="Since when it holds.")
    withdrawn_by: str | None = Field(default=None, description="Who withdrew it.")
    withdrawal_reason: str | None = Field(default=None, description="Why.")
    withdrawn_at: datetime | None = Field(
        default=None, description="Since when it no longer holds."
    )
