"""What readers get to see of coverage, and its sentences for people."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from config.counts import write_count


class CrawledDays(SQLModel):
    """How much of the time in question this archive crawled one source."""

    source: str = Field(description="Source.")
    days: int = Field(description="Days in question: the period, or first to last run.")
    days_crawled: int = Field(description="Days of these with a run that ended well.")
    days_partial: int = Field(default=0, description="Other days with a run that got only a part.")
    days_failed: int = Field(default=0, description="Other days on which every run failed.")
    last_crawled_at: datetime | None = Field(description="When the source last answered a run.")
    sentence: str = Field(description="The same as a sentence to print.")


class WeekGap(SQLModel):
    """Days of a week on which no run of some partitions ended well."""

    partitions: list[str] = Field(description="Partitions of the source, in alphabetical order.")
    start_on: date = Field(description="First day of the gap (UTC).")
    end_on: date = Field(description="Last day of the gap, inclusive.")
    outcome: str = Field(
        description="How the last run of these days ended: partial, failed, deferred or blocked; "
        "not_crawled: none began."
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

    `missing + seen == source_total` wherever `beyond_source_total` is 0.
    """

    source: str = Field(description="Source.")
    country: str = Field(
        description="ISO 3166-1 alpha-2; `*`: all countries, each ad once; empty: ads of which "
        "none is known."
    )
    platforms: list[str] = Field(
        description="Platforms of the source, whose ads these are together; more than one: it does not "
        "split them."
    )
    watch_list: str = Field(description="Only what this watch list asked for; empty: everything.")
    week_on: date = Field(description="Monday of the week; its days are reckoned in UTC.")
    days: int = Field(description="Days of the week so far: 7 but in the current week.")
    days_crawled: int = Field(description="Days of these with a run that ended well.")
    runs: int = Field(
        description="Runs of the partitions that show ads in the country, however they ended."
    )
    outcomes: dict[str, int] = Field(
        description="How many of them ended as done, attention, partial, failed, deferred or blocked, "
        "or still run."
    )
    seen: int | None = Field(
        description="Distinct ads in the newest run of each partition that ended well, added up over "
        "partitions; empty: no run of this week tells."
    )
    source_total: int | None = Field(
        description="Ads that the source itself says it holds, as it last stated by the end of the week; "
        "empty: it states nothing, does not split its total by country, or nobody crawled."
    )
    source_total_from: str = Field(
        description="The source's file or table in which the total stands, added up over what it "
        "counts (advertisers, pages); empty: no total."
    )
    missing: int | None = Field(description="Ads stated and not seen; empty: not known.")
    missing_share: float | None = Field(
        description="Missing of the total, 0 to 1; empty: not known."
    )
    beyond_source_total: int | None = Field(
        description="Ads seen beyond what the source states; empty: not known."
    )
    vanished: int | None = Field(
        description="Ads that complete runs of this week no longer found; empty: no complete run."
    )
    gaps: list[WeekGap] = Field(description="Days that lack a run that ended well, oldest first.")
    sentence: str = Field(description="Runs and completeness as a sentence to print.")


def tell_crawled_days(
    days: int,
    days_crawled: int,
    last_crawled_at: datetime | None,
    days_partial: int = 0,
    days_failed: int = 0,
) -> str:
    """`crawled on 26 of 28 days (1 partly, 1 failed), last on 23 Nov 2026`: for people, days in UTC."""
    if not days:
        if last_crawled_at is None:
            return "never crawled"
        return f"not crawled in those days, last on {last_crawled_at.day} {last_crawled_at:%b %Y}"
    others = {"partly": days_partial, "failed": days_failed}
    told = ", ".join(f"{number:,} {how}" for how, number in others.items() if number)
    crawled = f"crawled on {days_crawled:,} of {write_count(days, 'day')}"
    crawled += f" ({told})" if told else ""
    if last_crawled_at is None:
        return f"{crawled}; no run has ended well yet"
    return f"{crawled}, last on {last_crawled_at.day} {last_crawled_at:%b %Y}"


def say_complete(seen: int | None, source_total: int | None) -> str:
    """What was seen of what the source states, for people: `saw 95 of 100 ads stated: 5 missing (5 %)`."""
    if seen is None:
        return "what there was to see is unknown"
    ads = write_count(seen, "ad")
    if source_total is None:
        return f"saw {ads}; the source states no total to hold against it"
    if seen > source_total:
        return (
            f"saw {ads}, {seen - source_total:,} more than the {source_total:,} the source states"
        )
    if seen == source_total:
        return f"saw {ads}, all that the source states"
    missing = source_total - seen
    share = say_share(missing, source_total)
    return (
        f"saw {seen:,} of {write_count(source_total, 'ad')} stated: {missing:,} missing ({share})"
    )


def say_share(part: int, whole: int) -> str:
    """A percentage with no more decimals than it needs, at most two, never rounded to 0 or 100."""
    percent = round(100 * part / whole, 2)
    if not 0 < percent < 100 and part != whole:
        return "under 0.01 %" if percent <= 0 else "over 99.99 %"
    return f"{percent:g} %"
