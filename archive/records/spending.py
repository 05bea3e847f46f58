"""What sources state about money: per advertiser, and in filings with authorities."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, false
from sqlmodel import Field

from archive.records.base import MAX_MINOR, Record


class Grain(StrEnum):
    """What one reported amount covers; amounts of different grains are never added."""

    DAY = "day"
    WEEK = "week"
    WINDOW = "window"
    """Days up to one, given anew each day: neighbours overlap, so nothing ever adds them up."""
    LIFETIME = "lifetime"
    REGION = "region"
    """A whole life, inside one region: `countries` holds the country, then the region's code."""


class AdvertiserSpendRecord(Record):
    """What a source states that one advertiser spent in one period; never a sum over ads."""

    needs_no_reason: ClassVar[frozenset[str]] = Record.needs_no_reason | {
        "spend_conversions",
        "is_rounded",
        "rounded_to_minor",
    }

    dataset: str = Field(min_length=1, description="The source's file or table the row stands in.")
    platform: str = Field(min_length=1, description="Who sells the space.")
    grain: Grain = Field(description="Span of time the amount covers; grains are never added.")
    period_start_on: date | None = Field(
        default=None, description="First day covered, by the source's day (`day_zone`)."
    )
    period_end_on: date | None = Field(
        default=None, description="Last day covered, inclusive, by the source's day (`day_zone`)."
    )
    day_zone: str | None = Field(
        default=None, description="Time zone in which the source's days begin (IANA name)."
    )
    advertiser_ref: str | None = Field(
        default=None, description="The source's id of who runs the ads."
    )
    advertiser_name: str | None = Field(default=None, description="Who runs the ads.")
    payer_name: str | None = Field(
        default=None,
        description="Who pays, as the source names it beside the amount: what one advertiser spent for "
        "several payers stands in as many statements.",
    )
    registration_refs: list[str] = Field(
        default_factory=list,
        sa_type=JSON,
        description="Registration numbers the source gives (EIN, FEC id …).",
    )
    countries: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Regions covered, in the source's codes."
    )
    election_name: str | None = Field(default=None, description="Election cycle the source names.")
    ads_count: int | None = Field(
        default=None, ge=0, description="Ads of this advertiser in the source, as it states."
    )
    currency: str | None = Field(default=None, description="Currency of the amount (ISO 4217).")
    spend_lower_minor: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Least spent, in minor units.",
    )
    spend_upper_minor: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Most spent, inclusive; empty: open.",
    )
    spend_conversions: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="The same amount in the source's other currency columns, in minor units.",
    )
    is_rounded: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="The source rounds such amounts: the bounds are as printed, the truth lies around "
        "them.",
    )
    rounded_to_minor: int | None = Field(
        default=None,
        ge=1,
        sa_type=BigInteger,
        description="Step it rounds them to, in minor units; empty: it does not, or nobody states it.",
    )


class DisclosureRecord(Record):
    """One expenditure in one filing with a public authority."""

    ref: str = Field(min_length=1, description="The authority's id of the row.")
    filing_ref: str | None = Field(default=None, description="Filing the row stands in.")
    filing_kind: str | None = Field(default=None, description="Form of the filing.")
    transaction_ref: str | None = Field(default=None, description="The filer's id of the payment.")
    parent_transaction_ref: str | None = Field(
        default=None, description="Payment this row breaks down (back reference)."
    )
    committee_ref: str = Field(min_length=1, description="The authority's id of the filer.")
    payer_name: str | None = Field(default=None, description="Name of the filer who pays.")
    payee_name: str | None = Field(default=None, description="Who was paid.")
    payee_kind: str | None = Field(
        default=None, description="Kind of payee in the authority's codes (ORG, IND …)."
    )
    payee_place: str | None = Field(default=None, description="City and state of the payee.")
    purpose: str | None = Field(default=None, description="What it was paid for, as filed.")
    category: str | None = Field(default=None, description="The authority's category, if any.")
    spent_on: date | None = Field(default=None, description="Day of the payment as filed.")
    election_name: str | None = Field(default=None, description="Election the filer names.")
    report_year: int | None = Field(default=None, description="Year of the report.")
    report_kind: str | None = Field(default=None, description="Period code of the report.")
    amendment: str | None = Field(
        default=None, description="The authority's amendment code (N new, A amended, T terminated)."
    )
    currency: str = Field(description="Currency of the amount (ISO 4217).")
    amount_minor: int = Field(
        ge=-MAX_MINOR,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Amount in minor units; may be negative or zero.",
    )
    is_memo: bool = Field(
        description="A memo row informs about another row and is not counted again in totals."
    )
    is_notice: bool = Field(description="A 24- or 48-hour notice that a later report repeats.")
    is_correction: bool = Field(
        description="The amount is negative: a refund, void or correction, counted as such."
    )


class CommitteeRecord(Record):
    """One organisation registered with an authority."""

    ref: str = Field(min_length=1, description="The authority's id of the organisation.")
    name: str | None = Field(default=None, description="Registered name.")
    party: str | None = Field(default=None, description="Party affiliation code.")
    kind: str | None = Field(default=None, description="The authority's type code.")
    designation: str | None = Field(default=None, description="The authority's designation code.")
    place: str | None = Field(default=None, description="City and state of registration.")
    parent_name: str | None = Field(default=None, description="Connected organisation.")
    candidate_ref: str | None = Field(default=None, description="Candidate it stands for.")
