"""What of a source is here: years and partitions, what could not be read, what its amounts are.

It stands beside every sum that rests on the source, and in its coverage.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

from babel.dates import get_month_names
from sqlalchemy import Engine, func, select
from sqlmodel import Field, Session, SQLModel, col

from archive.models import QuarantinedBatch, QuarantinedPiece, Source
from archive.models.corrections import SpendMeasure
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import ads_at
from archive.reading.as_of.past_money import disclosures_at, statements_at
from archive.reading.coverage.runs import list_past_runs
from archive.reading.coverage.waiting import count_waiting, tell_waiting
from archive.reading.descriptions import quote_field
from archive.records import AmountBasis, SourceInfo, TaxBasis
from archive.store.changes import last_change_seq

YEAR = re.compile("[0-9]{4}")
MONTHS = get_month_names("wide", locale="en")
BASIS_IN_WORDS = {
    AmountBasis.BILLED: "its amounts are billed or paid",
    AmountBasis.ESTIMATED: "its amounts are estimates",
    AmountBasis.BILLED_OR_ESTIMATED: "its amounts are billed, some perhaps estimated",
    AmountBasis.UNKNOWN: "whether its amounts are billed or estimated is unknown",
}
TAX_IN_WORDS = {
    TaxBasis.IN: "tax is in them",
    TaxBasis.OUT: "tax is not in them",
    TaxBasis.UNKNOWN: "whether tax is in them is unknown",
}


class ContentYear(SQLModel):
    """What of a source is about one year: by the first day of ads and statements, or the day of payment."""

    year: int = Field(description="The year.")
    items: int = Field(description="Ads that began, or statements or payments, in it.")
    first_month: int = Field(description="First month with any, 1 to 12.")
    last_month: int = Field(description="Last month with any.")
    is_whole: bool = Field(
        default=False,
        description="A complete run has covered the partition of this year since it ended.",
    )
    is_of_partition: bool = Field(
        default=True,
        description="A partition that was read is of this year; no: these are strays in the file of another.",
    )


class ReadPartition(SQLModel):
    """A partition of which a run ended well."""

    name: str = Field(description="Name of the partition; `import`: files that name none.")
    last_whole_at: datetime | None = Field(
        description="When the source said what the last run read that covered the whole of it; empty: none "
        "did, or of no file that did is the day known."
    )


class SourceContents(SQLModel):
    """What of a source is here, and what its figures are."""

    source: str = Field(description="Source.")
    title: str = Field(description=quote_field(Source, "title"))
    years: list[ContentYear] = Field(description="Years of what is here, in order.")
    partitions: list[ReadPartition] = Field(description="Partitions read, by name.")
    partitions_known: int | None = Field(
        description="How many there are by the years that have one; empty: nobody can tell."
    )
    quarantined: int = Field(description="Pieces that could not be read and are counted nowhere.")
    quarantined_batches: int = Field(
        description="Batches that were implausible and wait for a person."
    )
    amounts: AmountBasis = Field(description=quote_field(Source, "amounts"))
    amounts_tax: TaxBasis = Field(description=quote_field(Source, "amounts_tax"))
    amounts_because: str = Field(description=quote_field(Source, "amounts_because"))
    quarantined_in_words: str = Field(
        description="What is in quarantine, to print; empty: nothing."
    )
    sentence: str = Field(description="All this as a sentence to print.")


def read_contents(
    session: Session, source: str, measure: SpendMeasure, as_of: datetime, moment: Moment = NOW
) -> SourceContents:
    """What of a source an answer rests on that was given at `as_of`."""
    info = session.get(Source, source) or SourceInfo.model_construct(
        id=source, title=source, partition_unit="a part"
    )
    partitions = _list_partitions(session, source, moment)
    years = _mark_years(_count_years(session, source, measure, moment), info, partitions)
    others = sum(year.items for year in years if not year.is_of_partition)
    pieces = count_waiting(session, QuarantinedPiece, source, moment)
    batches = count_waiting(session, QuarantinedBatch, source, moment)
    told = tell_waiting(session, info, measure, pieces, batches, moment)
    known = _count_known(info, as_of)
    basis, tax = AmountBasis(info.amounts), TaxBasis(info.amounts_tax)
    because = f" ({info.amounts_because})" if info.amounts_because else ""
    parts = [
        f"covers {tell_years(years)}" if years else "",
        f"{others:,} more are of years whose file is not in" if others else "",
        _tell_partitions(partitions, known, info.partition_unit) if partitions else "",
        told,
        f"{BASIS_IN_WORDS[basis]}, {TAX_IN_WORDS[tax]}{because}",
    ]
    return SourceContents(
        source=source,
        title=info.title,
        years=years,
        partitions=partitions,
        partitions_known=known,
        quarantined=pieces,
        quarantined_batches=batches,
        amounts=basis,
        amounts_tax=tax,
        amounts_because=info.amounts_because,
        quarantined_in_words=told,
        sentence="; ".join(part for part in parts if part),
    )


def tell_years(years: Sequence[ContentYear]) -> str:
    """`all of 2018 and January to May 2023`: years that touch are one, those without a file not named."""
    spans: list[tuple[ContentYear, ContentYear]] = []
    for year in (year for year in years if year.is_of_partition):
        before = spans[-1][1] if spans else None
        if before and _touches(before, year):
            spans[-1] = spans[-1][0], year
        else:
            spans.append((year, year))
    told = [_tell_span(*span) for span in spans]
    return " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def _touches(before: ContentYear, year: ContentYear) -> bool:
    is_next = before.year + 1 == year.year and before.is_whole == year.is_whole
    return is_next and (year.is_whole or (before.last_month == 12 and year.first_month == 1))


def _tell_span(first: ContentYear, last: ContentYear) -> str:
    if first.is_whole or (first.first_month == 1 and last.last_month == 12):
        years = str(first.year) if first is last else f"{first.year} to {last.year}"
        return f"all of {years}" if first.is_whole else years
    begin, end = MONTHS[first.first_month], f"{MONTHS[last.last_month]} {last.year}"
    if first is not last:
        return f"{begin} {first.year} to {end}"
    return end if first.first_month == last.last_month else f"{begin} to {end}"


_kept: WeakKeyDictionary[Engine, tuple[int, dict[tuple[str, str], list[ContentYear]]]] = (
    WeakKeyDictionary()
)
"""Years by source and measure, as they stand at a number of the change sequence: nothing else moves them."""


def _count_years(
    session: Session, source: str, measure: SpendMeasure, moment: Moment
) -> list[ContentYear]:
    if not moment.is_now:
        return _read_years(session, source, measure, moment)
    engine, seq = session.get_bind().engine, last_change_seq(session)
    if (kept := _kept.get(engine)) is None or kept[0] != seq:
        kept = _kept[engine] = seq, {}
    if (source, measure) not in kept[1]:
        kept[1][source, measure] = _read_years(session, source, measure, moment)
    return [year.model_copy() for year in kept[1][source, measure]]


def _read_years(
    session: Session, source: str, measure: SpendMeasure, moment: Moment
) -> list[ContentYear]:
    counted: dict[int, ContentYear] = {}
    for table, day in _list_days(session, measure, moment):
        # By day, not by year: an index holds the days, and no part of a date need be cut out of each row.
        query = select(day, func.count()).where(col(table.source) == source, day.is_not(None))
        for day_on, items in session.connection().execute(query.group_by(day)):
            one = counted.setdefault(
                day_on.year,
                ContentYear(year=day_on.year, items=0, first_month=12, last_month=1),
            )
            one.items += items
            one.first_month = min(one.first_month, day_on.month)
            one.last_month = max(one.last_month, day_on.month)
    return [counted[number] for number in sorted(counted)]


def _list_days(
    session: Session, measure: SpendMeasure, moment: Moment
) -> Iterator[tuple[Any, Any]]:
    """The tables that hold the items of a measure at a moment, and the day that gives their year."""
    match measure:
        case SpendMeasure.ADS:
            yield from ((ads, col(ads.started_on)) for ads in ads_at(session, moment))
        case SpendMeasure.REPORTED:
            stated = statements_at(moment)
            yield stated, col(stated.period_start_on)
        case SpendMeasure.DISCLOSED:
            yield from ((filed, col(filed.spent_on)) for filed in disclosures_at(session, moment))


def _list_partitions(session: Session, source: str, moment: Moment) -> list[ReadPartition]:
    runs = [run for run in list_past_runs(session, source, moment=moment) if run.ended_well]
    runs.sort(key=lambda run: run.partition)
    return [
        ReadPartition(
            name=name,
            last_whole_at=max(
                (run.observed_at for run in of_one if run.complete and run.is_dated), default=None
            ),
        )
        for name, of_one in groupby(runs, key=lambda run: run.partition)
    ]


def _mark_years(
    years: list[ContentYear], info: SourceInfo, partitions: Sequence[ReadPartition]
) -> list[ContentYear]:
    """The years, with what was read of the partition of each; files that name none may be of any year."""
    covered: dict[int, datetime | None] = {}
    if info.first_partition_year is not None:
        for one in partitions:
            if YEAR.fullmatch(one.name):
                covered |= {
                    int(one.name) - n: one.last_whole_at for n in range(info.years_per_partition)
                }
    is_any = not covered.keys() & {year.year for year in years}
    is_any = is_any or any(not YEAR.fullmatch(one.name) for one in partitions)
    for year in years:
        whole_at = covered.get(year.year)
        year.is_whole = whole_at is not None and whole_at.year > year.year
        year.is_of_partition = is_any or year.year in covered
    return years


def _count_known(info: SourceInfo, as_of: datetime) -> int | None:
    if info.first_partition_year is None:
        return None
    return max(-(-(as_of.year - info.first_partition_year) // info.years_per_partition) + 1, 0)


def _tell_partitions(partitions: Sequence[ReadPartition], known: int | None, unit: str) -> str:
    whole = [one.name for one in partitions if one.last_whole_at]
    of = f"{len(whole):,} of {known:,}" if known else f"{len(whole):,}"
    told = f"{of} of its parts ({unit}) read to the end"
    names = f": {', '.join(whole)}" if 0 < len(whole) <= 12 else ""
    others = len(partitions) - len(whole)
    return told + names + (f", {others:,} in part or of unknown day" if others else "")
