"""What readers get to see of coverage, and its sentences for people."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel


class LookedAt(SQLModel):
    """How much of the time in question this archive looked at one source."""

    source: str = Field(description="Source.")
    days: int = Field(description="Days in question: the period, or first to last look.")
    days_looked_at: int = Field(description="Days of these with a look that ended well.")
    last_look_at: datetime | None = Field(description="When the source last answered a look.")
    sentence: str = Field(description="The same as a sentence to print.")


class WeekGap(SQLModel):
    """Days of a week on which no look at some partitions ended well."""

    partitions: list[str] = Field(description="Partitions of the source, in alphabetical order.")
    start_on: date = Field(description="First day of the gap (UTC).")
    end_on: date = Field(description="Last day of the gap, inclusive.")
    outcome: str = Field(
        description="How the last look of these days ended: partial, failed, deferred or blocked; "
        "not_looked: none began."
    )
    reason: str = Field(description="Why, in plain words.")
    titles: dict[str, str] = Field(
        default_factory=dict, description="Titles of those partitions that are watch lists."
    )

    @property
    def names(self) -> list[str]:
        """The partitions as people read them."""
        titles = self.titles
        return [f"{each} ({titles[each]})" if each in titles else each for each in self.partitions]


class WeekCoverage(SQLModel):
    """One week of one source, for one country or for all together.

    `missing + seen == claimed` wherever `beyond_claimed` is 0.
    """

    source: str = Field(description="Source.")
    country: str = Field(
        description="ISO 3166-1 alpha-2; `*`: all countries, each ad once; empty: ads for which the "
        "source names none."
    )
    week_on: date = Field(description="Monday of the week; its days are reckoned in UTC.")
    days: int = Field(description="Days of the week so far: 7 but in the current week.")
    days_looked_at: int = Field(description="Days of these with a look that ended well.")
    looks: int = Field(
        description="Looks at the partitions that show ads in the country, however they ended."
    )
    outcomes: dict[str, int] = Field(
        description="How many of them ended as done, attention, partial, failed, deferred or blocked, "
        "or still run."
    )
    seen: int | None = Field(
        description="Distinct ads in the newest look of each partition that ended well, added up over "
        "partitions; empty: no look of this week tells."
    )
    claimed: int | None = Field(
        description="Ads the source itself claims to hold, as it last stated by the end of the week; "
        "empty: it claims nothing, does not split its claim by country, or nobody looked."
    )
    claimed_from: str = Field(
        description="The source's file or table in which the claim stands, added up over what it "
        "counts (advertisers, pages); empty: no claim."
    )
    missing: int | None = Field(description="Ads claimed and not seen; empty: not known.")
    missing_share: float | None = Field(description="Missing of claimed, 0 to 1; empty: not known.")
    beyond_claimed: int | None = Field(
        description="Ads seen beyond what the source claims; empty: not known."
    )
    vanished: int | None = Field(
        description="Ads that complete looks of this week no longer found; empty: no complete look."
    )
    gaps: list[WeekGap] = Field(description="Days that lack a look that ended well, oldest first.")
    sentence: str = Field(description="Looks and completeness as a sentence to print.")


def say_looked(days: int, days_looked_at: int, last_look_at: datetime | None) -> str:
    """`looked on 26 of 28 days, last on 23 Nov 2026`: for people, days in UTC."""
    if not days:
        return "never looked"
    looked = f"looked on {days_looked_at:,} of {days:,} day{'' if days == 1 else 's'}"
    if last_look_at is None:
        return f"{looked}; no look has ended well yet"
    return f"{looked}, last on {last_look_at.day} {last_look_at:%b %Y}"


def say_complete(seen: int | None, claimed: int | None) -> str:
    """What was seen of what the source claims, for people: `saw 95 of 100 ads claimed: 5 missing (5 %)`."""
    if seen is None:
        return "what there was to see is unknown"
    ads = f"{seen:,} ad{'' if seen == 1 else 's'}"
    if claimed is None:
        return f"saw {ads}; the source claims no total to hold against it"
    if seen > claimed:
        return f"saw {ads}, {seen - claimed:,} more than the {claimed:,} the source claims"
    if seen == claimed:
        return f"saw {ads}, all that the source claims"
    missing = claimed - seen
    return f"saw {seen:,} of {claimed:,} ads claimed: {missing:,} missing ({_say_share(missing, claimed)})"


def _say_share(part: int, whole: int) -> str:
    """A percentage with no more decimals than it needs, at most two, never rounded to 0 or 100."""
    percent = round(100 * part / whole, 2)
    if not 0 < percent < 100 and part != whole:
        return "under 0.01 %" if percent <= 0 else "over 99.99 %"
    return f"{percent:g} %"
