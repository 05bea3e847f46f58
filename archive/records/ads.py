"""What a source says about an ad: its content, its numbers, and the two together."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import AwareDatetime, field_validator, model_validator
from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel, UTCDateTime

from archive.records.base import MAX_MINOR, Record, Row
from archive.records.money import check_currency


class CountriesFrom(StrEnum):
    """How the countries of an ad are known; rules read those that are stated or derived."""

    STATED = "stated"
    DERIVED = "derived"
    """A rule's tables tell them from regions of delivery that the source states."""
    ASKED = "asked"
    """The source was asked for them, one at a time, and gave the ad."""


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
    declared_by: str | None = Field(
        default=None,
        description="Who says whether it is political, or says nothing: `platform`, `advertiser`, `feed`, "
        "`rule` or `person`.",
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
        description="Least spent over the ad's whole life so far, in minor units of `currency` "
        "(hundredths where no currency is given).",
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

BOUND_FIELDS = (
    ("spend_lower_minor", "spend_upper_minor"),
    *((f"{name}_lower", f"{name}_upper") for name in BOUNDS[1:]),
)


class AdRecord(AdContent, AdNumbers, Record):
    """One ad as one source described it at one time."""

    needs_no_reason: ClassVar[frozenset[str]] = Record.needs_no_reason | {
        "spend_conversions",
        "day_zone",
    }

    @field_validator("started_at", "ended_at")
    @classmethod
    def check_instant(cls, at: datetime | None) -> datetime | None:
        """Refuse an instant that UTC has no year for: no column and no other zone can hold it.

        Raises:
            ValueError: if it lies before the year 1 or after 9999 there.
        """
        try:
            if at is not None:
                at.astimezone(UTC)
        except OverflowError:
            raise ValueError("is before the year 1 or after the year 9999 in UTC") from None
        return at

    @model_validator(mode="after")
    def check_numbers(self) -> Self:
        """Refuse bounds the wrong way round and unknown currencies; an open end needs no reason.

        Raises:
            ValueError: if a lower bound is above its upper, or the currency is not an ISO 4217 code.
        """
        for lower_name, upper_name in BOUND_FIELDS:
            if self.__dict__[lower_name] is not None:
                self._check_bounds(lower_name, upper_name)
        if self.currency is not None:
            check_currency(self.currency)
        return self

    def _check_bounds(self, lower_name: str, upper_name: str) -> None:
        lower, upper = getattr(self, lower_name), getattr(self, upper_name)
        if upper is None:
            self.missing.pop(upper_name, None)
        elif lower > upper:
            raise ValueError(f"{lower_name} {lower} is above {upper_name} {upper}")


class AdvertiserMove(SQLModel):
    """A source's word that an advertiser has another id now than it had before."""

    old_ref: str = Field(min_length=1, max_length=300, description="The source's former id.")
    new_ref: str = Field(min_length=1, max_length=300, description="The id it gives now.")
