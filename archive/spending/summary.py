"""The answer of a spend summary, and how rows of sums become its groups."""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from archive.models.corrections import SpendMeasure
from archive.reading.coverage import CrawledDays, SourceContents
from archive.reading.views import VALID_AT
from archive.records import Grain, MissingReason, Rounding
from archive.records.money import format_units
from archive.spending.conversion import SpendConversion
from archive.spending.query import PERIODS, SpendBasis, SpendBy


class OriginalSum(SQLModel):
    """What a converted group holds in one currency, as it was before."""

    currency: str = Field(description="Currency of the amounts (ISO 4217).")
    lower_minor: int | None = Field(
        description="Least spent in it, in its own minor units; empty: no amount is known."
    )
    upper_minor: int | None = Field(description="Most spent in it, inclusive; empty: open.")
    ads: int = Field(description="Items whose amounts are in it.")
    unknown_count: int = Field(description="Those of them whose amount the source does not give.")
    rounding: Rounding = Field(default=Rounding.NONE, description="As of the group.")


class SpendGroup(SQLModel):
    """The money of one group in one currency."""

    key: str = Field(
        description="What the group is about: an id, a name, a code, a first day; "
        "`unknown:<reason>` when the source does not say, `several` when it does not split."
    )
    label: str = Field(description="The key in words.")
    currency: str | None = Field(
        description="Currency of the amounts (ISO 4217); empty: not given, never assumed."
    )
    lower_minor: int | None = Field(
        description="Least spent, in minor units (hundredths where no currency is given); empty: no "
        "amount is known."
    )
    upper_minor: int | None = Field(
        description="Most spent, inclusive; empty: open, so 'at least' the lower bound."
    )
    mean_lower_minor: int | None = Field(
        default=None,
        description="Of a converted sum: the least spent at the mean of the daily rates of its days; no "
        "bound, those are `lower_minor` at the lowest and `upper_minor` at the highest rate.",
    )
    mean_upper_minor: int | None = Field(
        default=None, description="The most spent at that mean; empty: open, or nothing converted."
    )
    estimate_minor: int | None = Field(
        default=None, description="Midpoint spread evenly over run days; only with basis estimate."
    )
    open_count: int = Field(description="Items whose upper bound is open.")
    ads: int = Field(
        description="Items summed: ads, or statements or filed rows for the other measures."
    )
    undated: int = Field(
        description="Items without dates: part of a lifetime sum, left out of a period's."
    )
    unknown_count: int = Field(
        description="Items whose amount the source does not give; not part of the bounds."
    )
    revised_count: int = Field(
        default=0,
        description="Ads whose source lowered its figures; only the newest one is counted.",
    )
    settled_late_count: int = Field(
        default=0,
        description="Ads whose source raised its figures after their end; the newest one counts.",
    )
    rounding: Rounding = Field(
        default=Rounding.NONE,
        description="known: half a step is added each way to what sources round; unknown: some part is "
        "rounded by a step that nobody states, its ends are as printed; none: nothing is rounded.",
    )
    unknown_step_count: int = Field(
        default=0, description="Items rounded by a step that nobody states."
    )
    grain: Grain | None = Field(
        default=None,
        description="Of what sources state: what one statement covers; those of different grains are "
        "never added. Empty: the sum is of ads or filings.",
    )
    days_missing: int = Field(
        default=0,
        description="Days of the period of which the source states nothing, of the item with most.",
    )
    not_in_newest: int = Field(
        default=0,
        description="Statements of whole lives, and filed payments, that are counted and that the newest "
        "file of their data set does not have. A complete file withdraws them.",
    )
    rank_best: int | None = Field(
        default=None,
        description="Best place its range allows among the named groups of its currency; empty: it "
        "cannot be ranked. Where nobody states the step of rounding, its range here is from half of what "
        "is printed to half of it more for each such item, since no step is greater than what it makes.",
    )
    rank_worst: int | None = Field(default=None, description="Worst such place.")
    unknown_reason: MissingReason | None = Field(
        default=None, description="Why the key is unknown; empty: it is known."
    )
    converted_from: list[str] = Field(
        default_factory=list,
        description="Other currencies whose amounts were converted into this sum; empty: none.",
    )
    originals: list[OriginalSum] = Field(
        default_factory=list,
        description="The sums of a converted group in each currency before conversion, its own too; "
        "empty: nothing was converted.",
    )
    coverage: list[CrawledDays] = Field(description="How well the group's sources were crawled.")


def tell_mean(group: SpendGroup) -> str:
    """What a converted group is at the mean rates, in words; empty: nothing was converted."""
    if group.mean_lower_minor is None or group.mean_upper_minor is None:
        open_ended = group.mean_lower_minor
        return "" if open_ended is None else f"at least about {_tell_units(group, open_ended)}"
    if group.mean_lower_minor == group.mean_upper_minor:
        return f"about {_tell_units(group, group.mean_lower_minor)}"
    least = format_units(group.mean_lower_minor, group.currency)
    return f"about {least} to {_tell_units(group, group.mean_upper_minor)}"


def _tell_units(group: SpendGroup, minor: int) -> str:
    return f"{format_units(minor, group.currency)} {group.currency}"


class SpendRoute(StrEnum):
    """Who adds amounts up."""

    ARCHIVE = "archive"
    MIRROR = "mirror"


def tell_route(route: SpendRoute) -> str:
    """Who added it up, in a sentence to print."""
    if route is SpendRoute.MIRROR:
        return "Added up over the mirror (Parquet), which stood at the archive's newest change."
    return "Added up in the archive's database."


NOT_SPLIT_BY = {
    Grain.DAY: {SpendBy.REGION},
    Grain.WEEK: {SpendBy.REGION, SpendBy.DAY},
    Grain.WINDOW: {SpendBy.REGION, SpendBy.DAY, SpendBy.WEEK},
    Grain.LIFETIME: {SpendBy.REGION, *PERIODS},
}
"""What statements of a grain cannot be split by."""


class StatedDays(SQLModel):
    """Which statements of a source could be asked for."""

    source: str = Field(description="Source.")
    grain: Grain = Field(description="What one statement covers.")
    statements: int = Field(description="How many there are.")
    first_on: date | None = Field(description="First day any of them covers; empty: whole lives.")
    last_on: date | None = Field(description="Last such day.")

    def choose_by(self, by: SpendBy | None) -> SpendBy:
        """What to split by so that these statements answer: what was asked, if they can be split by it."""
        if self.grain is Grain.REGION:
            return SpendBy.REGION
        if by is SpendBy.DAY and self.grain is Grain.WEEK:
            return SpendBy.WEEK
        is_too_fine = by is not None and by in NOT_SPLIT_BY[self.grain]
        return SpendBy.ADVERTISER if by is None or is_too_fine else by


class SpendSummary(SQLModel):
    """Sums of money by group and currency, with what was counted and how."""

    measure: SpendMeasure = Field(
        description="Whose figure: ads (sum over ads), reported (stated by the source for an "
        "advertiser), disclosed (filed with an authority)."
    )
    by: SpendBy | None = Field(description="What the sums are split by; empty: not split.")
    basis: SpendBasis = Field(
        description="lifetime (whole ranges), bounds (what the snapshots prove for the period) or "
        "estimate."
    )
    from_on: date | None = Field(description="First day of the period; empty: no period.")
    to_on: date | None = Field(description="Last day of the period, inclusive.")
    rule: str = Field(description="What was counted and how, in a sentence to print.")
    route: SpendRoute = Field(
        description="Who added it up: archive, or mirror (DuckDB over the Parquet copy, while that copy "
        "lacks nothing); the sums are the same."
    )
    as_of: datetime | None = Field(
        description="The time whose knowledge this is; now: when this archive last learned anything."
    )
    valid_at: datetime | None = Field(default=None, description=VALID_AT)
    conversion: SpendConversion | None = Field(
        default=None, description="How other currencies were converted; empty: they were not."
    )
    rests_on: list[SourceContents] = Field(
        default_factory=list, description="What of each source it rests on is here, by source."
    )
    stated: list[StatedDays] = Field(
        default_factory=list,
        description="Where no statement answers: those that there are, by source and grain.",
    )
    groups: list[SpendGroup] = Field(
        description="One row per key and currency; currencies are never added up unless "
        "`conversion` says how."
    )

    @property
    def looked_at(self) -> list[CrawledDays]:
        """How well each source that the answer rests on was crawled."""
        runs = {lease.source: lease for group in self.groups for lease in group.coverage}
        return [runs[source] for source in sorted(runs)]
