"""What a reader gets to see: the shapes that read functions answer with.

Routes turn them into JSON and CSV, pages into HTML. They carry no internal number but the version's.
"""

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel

from archive.models import (
    AdMetric,
    AdVersion,
    Advertiser,
    AdvertiserName,
    Capture,
    Disclosure,
    PublicAd,
    Redaction,
    Run,
    Source,
    VanishedPeriod,
)
from archive.reading.descriptions import view_of
from archive.reading.labels import LabelView
from archive.records import (
    AdContent,
    AdNumbers,
    DisclosureRecord,
    MissingReason,
    PartInfo,
    SourceInfo,
)
from config.site_root import SitePath

AS_OF = "The answer is what this archive knew at this time; empty: what it knows now."
REDACTIONS = "Fields of the ad withheld by a logged decision, whenever it was taken."
VALID_AT = "Only what sources had said by this time counts; empty: all they said."
DATA_AS_OF = "When this archive last learned anything or last crawled, as of the answer's time."


VISIBLE_BY_DEFAULT = (
    "Whether lists and sums show the ad by default; no: its source showed it without a political label, and "
    "nobody has called it political."
)


@view_of(Redaction, "field, basis, decided_by, rule, recorded_at")
class RedactionView(SQLModel):
    """A field withheld from every answer about an ad, whatever time it is about."""


@view_of(
    PublicAd,
    "public_id as id, source, advertiser_id, text, payer_address_given, dates_contradict, countries_from, "
    "landing_domains, missing, source_fields, state, versions, content_sha256, first_seen_at, "
    "last_changed_at, vanished_at, recorded_at",
)
class AdItem(AdContent, AdNumbers):
    """An ad as lists show it: content, numbers, and what the archive knows about it."""

    id: str
    source: str
    countries_from: str | None
    missing: dict[str, MissingReason]
    is_visible_by_default: bool = Field(description=VISIBLE_BY_DEFAULT)


class AdView(AdItem):
    """One ad, now or as it was at a moment."""

    path: SitePath = Field(description="Permanent link of the ad within the site.")
    labels: list[LabelView] = Field(
        description="Who has called it political or not, since when and why: the source's words, then "
        "people's, each oldest first."
    )
    redactions: list[RedactionView] = Field(description=REDACTIONS)
    as_of: datetime | None = Field(description=AS_OF)
    valid_at: datetime | None = Field(description=VALID_AT)
    data_as_of: datetime | None = Field(description=DATA_AS_OF)


class FieldChange(SQLModel):
    """One field that differs from the version before."""

    field: str = Field(description="Name of the field.")
    before: Any = Field(default=None, description="Its value before; empty: none.")
    after: Any = Field(default=None, description="Its value in this version; empty: none.")


@view_of(AdVersion, "seq, observed_at, recorded_at, content_sha256, capture_id, content")
class VersionView(SQLModel):
    """One state of an ad's content, and what it changed."""

    content_sha256: str | None
    capture_id: int | None
    content: dict[str, Any]
    changes: list[FieldChange] = Field(
        description="Fields that differ from the version observed before it; empty for the first."
    )
    redactions: list[RedactionView] = Field(description=REDACTIONS)


@view_of(AdMetric, "seq, observed_at, recorded_at, missing, capture_id")
class MetricView(AdNumbers):
    """The numbers of an ad at one time."""

    missing: dict[str, MissingReason]
    capture_id: int | None


@view_of(VanishedPeriod)
class VanishedPeriodView(SQLModel):
    """A period in which complete runs did not find an ad."""

    last_seen_at: datetime | None
    missed_at: datetime
    recorded_at: datetime
    returned_at: datetime | None


@view_of(Capture, "id, source, partition, url, status, media_type, fetched_at, sha256, bytes")
class EvidenceView(SQLModel):
    """Where a statement of a source is kept: enough to check it, without the bytes themselves."""

    id: int


@view_of(AdvertiserName, "name, observed_at")
class NameView(SQLModel):
    """A name an advertiser went by."""


@view_of(Advertiser, "id, source, ref, name, is_weak, recorded_at")
class AdvertiserItem(SQLModel):
    """Who runs ads at one source."""

    id: str
    source: str
    name: str
    ads: int = Field(description="Ads of this advertiser that lists show.")
    unlabelled: int = Field(description="Its other ads: sources gave them no political label.")


class AdvertiserView(AdvertiserItem):
    """One advertiser with every name it went by and who paid for its ads."""

    names: list[NameView] = Field(description="Names, oldest first.")
    former_ids: list[str] = Field(
        description="Ids the source gave it before, the latest to change first; each still leads here."
    )
    payers: list[str] = Field(description="Payers declared on its ads, most ads first, at most 20.")
    as_of: datetime | None = Field(description=AS_OF)
    valid_at: datetime | None = Field(description=VALID_AT)
    data_as_of: datetime | None = Field(description=DATA_AS_OF)


@view_of(Disclosure)
class DisclosureView(DisclosureRecord):
    """One expenditure as last disclosed."""

    needs_no_reason = DisclosureRecord.needs_no_reason | {"committee_name"}

    id: str = Field(description="Permanent id, `<source>:<ref>`.")
    source: str
    committee_name: str | None = Field(
        default=None, description="Registered name of the filer, if known."
    )
    versions: int
    is_superseded: bool
    is_withdrawn: bool
    may_be_one_payment: bool = Field(
        description="Another report of the filer has a payment of the same id: it may be the same one."
    )
    observed_at: datetime
    recorded_at: datetime


@view_of(
    Run,
    "id, source, partition, kind, started_at, ended_at, outcome, reason, observed_at, "
    "observed_how, complete, seen, new, changed, unchanged, vanished, withdrawn, quarantined, "
    "not_before_at",
)
class RunView(SQLModel):
    """One run of one partition of a source, and how it ended."""

    id: int
    outcome: str
    reason: str
    not_read: int = Field(description="Files of the source that we do not read yet.")


@view_of(Run, "id, source, partition, outcome, reason, not_read")
class RunDetail(SQLModel):
    """What is kept of how a run ended, in words that may quote its source: for operators."""

    id: int
    worker: str = Field(description="Machine and process that ran; empty: it was not noted.")


@view_of(Source)
class SourceView(SourceInfo):
    """A source, how much of it the archive holds, and the last run at it."""

    id: str
    ads: int = Field(description="Ads of it that lists show.")
    unlabelled: int = Field(description="Its other ads: it gave them no political label.")
    ad_versions: int = Field(description="Versions of these ads.")
    advertiser_spend: int = Field(description="Statements of what advertisers spent.")
    disclosures: int = Field(description="Disclosed expenditures.")
    captures: int = Field(description="Captures kept as evidence.")
    quarantined: int = Field(description="Pieces quarantined because they could not be read.")
    last_run: RunView | None = Field(description="The newest run that has ended; empty: none yet.")
    parts: dict[str, PartInfo] = Field(
        description="Feeds of it with terms of their own, by the word their ads' refs begin with."
    )


class DayCover(SQLModel):
    """How one day at a source was covered."""

    day_on: date = Field(description="The day (UTC).")
    state: str = Field(
        description="crawled, partial (the run did not reach the end), failed, or not_crawled."
    )


class Gap(SQLModel):
    """A range of days without a run that ended well."""

    start_on: date = Field(description="First day of the gap (UTC).")
    end_on: date = Field(description="Last day of the gap, inclusive.")
    reason: str = Field(description="Why, when a run was tried; empty: nobody crawled.")


class SourceCoverage(SQLModel):
    """Where and when this archive crawled one source."""

    source: str = Field(description="Source.")
    start_on: date | None = Field(description="First day reckoned; empty: never crawled.")
    end_on: date | None = Field(description="Last day reckoned, inclusive.")
    days: int = Field(description="Days from the first to the last.")
    days_crawled: int = Field(description="Days with a run that ended well.")
    days_partial: int = Field(description="Other days with a run that got only a part.")
    days_failed: int = Field(description="Other days on which every run failed.")
    runs: int = Field(description="Runs, however they ended.")
    last_crawled_at: datetime | None = Field(description="When the source last answered a run.")
    gaps: list[Gap] = Field(description="Periods without a run that ended well, oldest first.")


class DataGap(SQLModel):
    """One kind of thing that is not here, counted."""

    what: str = Field(description="What is lacking, as a name for programs.")
    source: str = Field(description="Source it is missing from.")
    reason: str = Field(description="Why, in plain words.")
    count: int = Field(description="How many.")
    since_at: datetime | None = Field(description="Since when; empty: not known.")


class MissingReport(SQLModel):
    """Everything this archive knows that it does not have."""

    data_as_of: datetime | None = Field(description=DATA_AS_OF)
    data_gaps: list[DataGap] = Field(description="What is lacking, by source and reason.")
    runs_not_done: list[RunView] = Field(
        description="Runs that did not end as done, newest first, at most 100."
    )
