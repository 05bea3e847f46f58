"""What a source says, one class a kind: a spider yields it, a table inherits it, the API shows it.

Each field's meaning stands in its `Field(description=…)` and nowhere else; the data dictionary,
OpenAPI and CSV headers follow from it. Records validate as they are made; tables do not, so a
table row is only ever built from a record.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import AwareDatetime, ConfigDict, model_validator
from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel, UTCDateTime

from archive.money import check_currency

MAX_MINOR = 2**53
"""Largest amount kept, in minor units: every JSON reader holds it exactly (RFC 8259 section 6)."""


class MissingReason(StrEnum):
    """Why a value is unknown; a rule reads `not_disclosed` as known to be empty, all others as unknown."""

    NOT_PROVIDED = "not_provided"
    NOT_DISCLOSED = "not_disclosed"
    NOT_LOOKED = "not_looked"
    UNREADABLE = "unreadable"
    REDACTED = "redacted"


MISSING_IN_WORDS = {
    MissingReason.NOT_PROVIDED: "this source does not give it",
    MissingReason.NOT_DISCLOSED: "the source has this field and left it blank",
    MissingReason.NOT_LOOKED: "we did not look",
    MissingReason.UNREADABLE: "what the source gave could not be read",
    MissingReason.REDACTED: "withheld here, by a logged decision",
}

Row = dict[str, Any]
"""One JSON object as a source wrote it; its shape is checked where it is read."""


class Record(SQLModel):
    """A statement by a source. A field that has no value has a reason instead.

    A field that is not passed is `not_provided` (this source or shape has no such field); one passed
    empty is `not_disclosed` (the source has it and left it blank); `missing` overrides either.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)  # type: ignore[assignment]

    needs_no_reason: ClassVar[frozenset[str]] = frozenset({"missing", "source_fields"})

    missing: dict[str, MissingReason] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="For each field without a value, the reason why it is missing.",
    )
    source_fields: dict[str, str] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="What else the source said, under the source's own names, word for word.",
    )

    @model_validator(mode="before")
    @classmethod
    def name_missing(cls, values: Any) -> Any:
        """Give every field without a value its reason."""
        if not isinstance(values, Mapping):
            return values
        given = {name: value for name, value in values.items() if not _is_empty(value)}
        reasons = {
            name: MissingReason.NOT_DISCLOSED if name in values else MissingReason.NOT_PROVIDED
            for name, field in cls.model_fields.items()
            if name not in given and name not in cls.needs_no_reason and not field.is_required()
        }
        return given | {"missing": reasons | cls.reasons_given(values)}

    @classmethod
    def reasons_given(cls, values: Mapping[str, Any]) -> dict[str, MissingReason]:
        """The explicit reasons, for fields that have no value."""
        given = values.get("missing") or {}
        return {k: MissingReason(v) for k, v in given.items() if _is_empty(values.get(k))}


def _is_empty(value: object) -> bool:
    return value is None or value == "" or value == [] or value == {}


class AdContent(SQLModel):
    """What an ad is and says: a change here is a new version of the ad."""

    ref: str = Field(min_length=1, max_length=300, description="The source's own id of the ad.")
    platform: str = Field(
        min_length=1, description="Who sells the space: `meta`, `google`, `snap` …"
    )
    url: str | None = Field(default=None, description="Page of the ad at the source.")
    surfaces: list[str] = Field(
        default_factory=list,
        sa_type=JSON,
        description="Where on the platform it was shown (Instagram, Messenger …).",
    )
    advertiser_ref: str | None = Field(
        default=None, description="The source's id of who runs the ad (page, account)."
    )
    advertiser_name: str | None = Field(
        default=None, description="Who runs the ad, as the source names them."
    )
    payer_name: str | None = Field(
        default=None, description="Who pays for the ad, as declared to the source ('paid for by')."
    )
    sponsor_name: str | None = Field(
        default=None, description="Who stands behind the ad, where declared apart from the payer."
    )
    registration_refs: list[str] = Field(
        default_factory=list,
        sa_type=JSON,
        description="Registration numbers the source gives for advertiser or payer (EIN, FEC id …).",
    )
    countries: list[str] = Field(
        default_factory=list,
        sa_type=JSON,
        description="Countries the ad was shown in (ISO 3166-1 alpha-2).",
    )
    languages: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Languages of the ad (ISO 639-1)."
    )
    titles: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Headlines shown, one per variant."
    )
    bodies: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Main texts shown, one per variant."
    )
    descriptions: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Smaller texts shown beside the link."
    )
    landing_urls: list[str] = Field(
        default_factory=list,
        sa_type=JSON,
        description="Addresses or domains the ad leads to, as the source gives them.",
    )
    media_type: str | None = Field(
        default=None, description="Kind of creative as the source names it: image, video, text …"
    )
    media_urls: list[str] = Field(
        default_factory=list, sa_type=JSON, description="Addresses of the creative at the source."
    )
    election_name: str | None = Field(
        default=None, description="Election, candidate or ballot the source ties the ad to."
    )
    declared_political: bool | None = Field(
        default=None, description="Whether platform or advertiser declared the ad political."
    )
    started_at: AwareDatetime | None = Field(
        default=None,
        sa_type=UTCDateTime,
        description="Instant the ad started, if the source gives one (UTC).",
    )
    ended_at: AwareDatetime | None = Field(
        default=None,
        sa_type=UTCDateTime,
        description="Instant the ad ended or will end, if the source gives one (UTC).",
    )
    started_on: date | None = Field(
        default=None, description="First day of the ad, by the source's day (`day_zone`)."
    )
    ended_on: date | None = Field(
        default=None, description="Last day of the ad, inclusive, by the source's day (`day_zone`)."
    )
    day_zone: str = Field(
        default="UTC", description="Time zone in which the source's days begin (IANA name)."
    )
    targeting: list[Row] = Field(
        default_factory=list,
        sa_type=JSON,
        description="Whom the advertiser aimed at: objects of `dimension`, `mode` (include or "
        "exclude) and `text`, the source's own words.",
    )


class AdNumbers(SQLModel):
    """What an ad cost and how far it went: a change here is a metric row, not a version."""

    currency: str | None = Field(default=None, description="Currency of the spend (ISO 4217).")
    spend_lower_minor: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Least spent over the ad's whole life so far, in minor units of `currency` (hundredths where no currency is given).",
    )
    spend_upper_minor: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Most spent, inclusive, in minor units; empty while the lower bound is known: open.",
    )
    spend_conversions: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSON,
        description="The same amount as the source converts it: currency -> [lower, upper] in minor "
        "units. Never added to the spend.",
    )
    impressions_lower: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Least number of times shown.",
    )
    impressions_upper: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Most times shown, inclusive; empty: open.",
    )
    reach_lower: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Least number of people or accounts reached.",
    )
    reach_upper: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Most people reached, inclusive; empty: open.",
    )
    audience_lower: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Least size of the audience aimed at, as the platform estimates it.",
    )
    audience_upper: int | None = Field(
        default=None,
        ge=0,
        le=MAX_MINOR,
        sa_type=BigInteger,
        description="Greatest audience size; empty: open.",
    )
    delivery: list[Row] = Field(
        default_factory=list,
        sa_type=JSON,
        description="Who saw it: objects of `by` (age_gender, region, country …), the source's "
        "labels, and `share` (0–1, of impressions or reach) or `count`.",
    )


BOUNDS = ("spend", "impressions", "reach", "audience")


class AdRecord(AdContent, AdNumbers, Record):
    """One ad as one source described it at one time."""

    needs_no_reason: ClassVar[frozenset[str]] = Record.needs_no_reason | {
        "spend_conversions",
        "day_zone",
    }

    @model_validator(mode="after")
    def check_numbers(self) -> Self:
        """Refuse bounds the wrong way round and unknown currencies; an open end needs no reason.

        Raises:
            ValueError: if a lower bound is above its upper, an end is before its start, or the
                currency is not an ISO 4217 code.
        """
        for name in BOUNDS:
            suffix = "_minor" if name == "spend" else ""
            self._check_bounds(f"{name}_lower{suffix}", f"{name}_upper{suffix}")
        if self.currency is not None:
            check_currency(self.currency)
        if self.started_at and self.ended_at and self.ended_at < self.started_at:
            raise ValueError(f"ended_at {self.ended_at} is before started_at {self.started_at}")
        if self.started_on and self.ended_on and self.ended_on < self.started_on:
            raise ValueError(f"ended_on {self.ended_on} is before started_on {self.started_on}")
        return self

    def _check_bounds(self, lower_name: str, upper_name: str) -> None:
        lower, upper = getattr(self, lower_name), getattr(self, upper_name)
        if lower is not None and upper is None:
            self.missing.pop(upper_name, None)
        if lower is not None and upper is not None and lower > upper:
            raise ValueError(f"{lower_name} {lower} is above {upper_name} {upper}")


class Grain(StrEnum):
    """The stretch of time one reported amount covers."""

    DAY = "day"
    WEEK = "week"
    LIFETIME = "lifetime"


class AdvertiserSpendRecord(Record):
    """What a source states that one advertiser spent in one period; never a sum over ads."""

    needs_no_reason: ClassVar[frozenset[str]] = Record.needs_no_reason | {"spend_conversions"}

    dataset: str = Field(min_length=1, description="The source's file or table the row stands in.")
    platform: str = Field(min_length=1, description="Who sells the space.")
    grain: Grain = Field(description="Stretch of time the amount covers; grains are never added.")
    period_start_on: date | None = Field(
        default=None, description="First day covered, by the source's day."
    )
    period_end_on: date | None = Field(default=None, description="Last day covered, inclusive.")
    advertiser_ref: str | None = Field(
        default=None, description="The source's id of who runs the ads."
    )
    advertiser_name: str | None = Field(default=None, description="Who runs the ads.")
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
    is_notice: bool = Field(
        default=False, description="A 24- or 48-hour notice that a later report repeats."
    )
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


class SourceKind(StrEnum):
    """What a source mainly gives."""

    ADS = "ads"
    DISCLOSURES = "disclosures"


class SourceInfo(SQLModel):
    """What one source is, and what it allows: the head of each spider."""

    id: str = Field(primary_key=True, description="Our id of the source; also its spider's name.")
    title: str = Field(description="Name of the source as its publisher gives it.")
    publisher: str = Field(description="Who publishes it.")
    kind: SourceKind = Field(description="Whether it gives ads or disclosures.")
    homepage: str = Field(description="Address of the source for people.")
    documentation: str = Field(description="Address of the publisher's own description.")
    licence: str = Field(description="Terms of reuse; 'not stated' where the publisher is silent.")
    access: str = Field(description="robots: obey, or the terms of an API.")
    needs: str = Field(default="", description="What an operator must have: a token, an account.")
    partition_unit: str = Field(description="What one partition covers: a year's file, a country.")
    seconds_between_requests: float = Field(
        ge=0, description="Fastest pace we allow ourselves here, in seconds."
    )
    lacks: str = Field(default="", description="What this source is known not to tell.")


class Unreadable(SQLModel):
    """A piece of a source that could not be read: kept with its bytes, never guessed."""

    file: str = Field(description="Name of the file or page it stands in.")
    line: int | None = Field(default=None, description="First line of the piece, from 1.")
    field: str | None = Field(default=None, description="Field that could not be read.")
    reason: str = Field(description="What is wrong, in plain words.")
    raw: bytes = Field(description="The piece itself, byte for byte.")


AnyRecord = AdRecord | AdvertiserSpendRecord | DisclosureRecord | CommitteeRecord
