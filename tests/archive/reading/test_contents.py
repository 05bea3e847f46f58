"""What of a source is here: its years and files, what waits in quarantine, whom its ads name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.models import QuarantinedPiece
from archive.models.corrections import SpendMeasure
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage import read_contents, report_source, tell_years
from archive.reading.coverage.contents import ContentYear
from archive.records import AdvertiserSpendRecord, SourceInfo
from archive.runs.quarantine import settle
from archive.spending import SpendBy, SpendQuery, summarise_spending
from archive.store.database import read, write
from archive.store.setup import write_sources

TODAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def yearly(engine):
    """A source with a file a year since 2018, whose amounts nobody explains."""
    info = SourceInfo(
        id="example",
        title="Example",
        publisher="Example (invented)",
        kind="ads",
        homepage="https://example.org",
        documentation="https://example.org/about",
        licence="not stated",
        access="robots: obey",
        partition_unit="one year's file",
        first_partition_year=2018,
        seconds_between_requests=1,
    )
    with write(engine) as session:
        write_sources(session, [info])


@pytest.fixture
def began(make_ad):
    return lambda ref, *days: [make_ad(f"{ref}{d}", started_on=d, ended_on=None) for d in days]


def contents(engine, measure=SpendMeasure.ADS, moment=NOW):
    with read(engine) as session:
        return read_contents(session, "example", measure, TODAY, moment)


def quarantine(engine, at, line=7, **values):
    with write(engine) as session:
        piece = QuarantinedPiece(
            source="example",
            file="ads.csv",
            line=line,
            reason="no day",
            quarantined_at=at,
            **values,
        )
        session.add(piece)
        session.flush()
        return str(piece.id)


def test_the_years_and_months_of_the_files_that_are_in_are_said(engine, yearly, record_run, began):
    in_2018 = began("a", date(2018, 6, 3), date(2018, 12, 1))
    record_run(in_2018, datetime(2019, 3, 1, tzinfo=UTC), partition="2018")
    stray = began("b", date(2022, 12, 30))
    in_2023 = began("c", date(2023, 1, 5), date(2023, 5, 2))
    record_run([*stray, *in_2023], datetime(2023, 5, 20, tzinfo=UTC), partition="2023")
    told = contents(engine)
    assert tell_years(told.years) == "all of 2018 and January to May 2023"
    assert [(year.year, year.items, year.is_whole) for year in told.years] == [
        *((2018, 2, True), (2022, 1, False)),
        (2023, 2, False),
    ]
    assert told.partitions_known == 9
    assert "1 more are of years whose file is not in" in told.sentence
    assert "2 of 9 of its parts (one year's file) read to the end: 2018, 2023" in told.sentence


@pytest.mark.parametrize("kind", ["cut", "undated", "too early"])
def test_a_year_is_whole_only_after_a_complete_run_since_it_ended(
    engine, yearly, record_run, began, kind
):
    at = datetime(2023 if kind == "too early" else 2024, 6, 1, tzinfo=UTC)
    record_run(
        began("a", date(2023, 1, 5), date(2023, 12, 2)),
        at,
        partition="2023",
        kind=RunKind.IMPORT if kind == "undated" else RunKind.CRAWL,
        outcome=Outcome.PARTIAL if kind == "cut" else Outcome.DONE,
    )
    assert tell_years(contents(engine).years) == "2023"
    record_run(began("a", date(2023, 1, 5)), datetime(2024, 6, 2, tzinfo=UTC), partition="2023")
    assert tell_years(contents(engine).years) == "all of 2023"


def test_what_was_in_at_an_earlier_time_stays_what_it_was(engine, yearly, record_run, began):
    record_run(began("a", date(2026, 1, 5)))
    then = contents(engine, moment=Moment(as_of=TODAY + DAY))
    record_run(began("b", date(2025, 1, 5)), TODAY + 2 * DAY, partition="2025")
    assert contents(engine, moment=Moment(as_of=TODAY + DAY)) == then
    assert len(contents(engine).years) == 2


@given(st.sets(st.integers(2000, 2030), min_size=1), st.data())
def test_every_year_that_is_in_is_named_once_or_lies_in_a_span(numbers, data):
    whole = data.draw(st.sets(st.sampled_from(sorted(numbers))))
    years = [
        ContentYear(year=n, items=1, first_month=1, last_month=12, is_whole=n in whole)
        for n in sorted(numbers)
    ]
    covered = set()
    for span in tell_years(years).replace(" and ", ", ").split(", "):
        first, _, last = span.removeprefix("all of ").partition(" to ")
        of_span = set(range(int(first), int(last or first) + 1))
        assert covered.isdisjoint(of_span)
        assert of_span <= whole if span.startswith("all of") else of_span.isdisjoint(whole)
        covered |= of_span
    assert covered == numbers


def test_what_is_in_quarantine_is_counted_beside_the_sum(engine, yearly, record_run):
    record_run(["a"])
    assert contents(engine).quarantined_in_words == ""
    name = quarantine(engine, TODAY)
    quarantine(engine, TODAY, stage="search")
    with read(engine) as session:
        (rests,) = summarise_spending(session, SpendQuery(by=SpendBy.PAYER)).rests_on
    assert (rests.quarantined, rests.quarantined_batches) == (1, 0)
    assert rests.quarantined_in_words == "1 ad of Example could not be read"
    with write(engine) as session:
        settle(session, name, "rejected", "Ada", "a test line", TODAY + 2 * DAY)
    assert contents(engine).quarantined == 0
    assert contents(engine, moment=Moment(as_of=TODAY + DAY)).quarantined == 1


def test_what_may_be_an_ad_or_a_statement_is_called_a_piece(engine, yearly, record_run):
    statement = AdvertiserSpendRecord(
        dataset="stats",
        platform="examplatform",
        grain="week",
        advertiser_ref="p1",
        currency="USD",
        spend_lower_minor=1,
        spend_upper_minor=1,
        period_start_on=date(2025, 12, 29),
        period_end_on=date(2026, 1, 4),
    )
    record_run(["a", statement])
    quarantine(engine, TODAY)
    told = contents(engine, SpendMeasure.REPORTED)
    assert told.quarantined_in_words == "1 piece of Example could not be read"
    assert tell_years(told.years) == "December 2025"


def test_payers_left_blank_are_apart_from_payers_no_field_asks_for(engine, record_run, make_ad):
    blank = make_ad("b", payer_name=None)
    record_run([make_ad("a", payer_name="Mill"), blank, make_ad("c", payer_name="Bus")])
    with read(engine) as session:
        payer, sponsor = report_source(session, "example", TODAY).disclosed
    assert (payer.ads, payer.named, sponsor.named) == (3, 2, 0)
    assert payer.missing == {blank.missing["payer_name"]: 1}
    assert sum(sponsor.missing.values()) == 3
    assert payer.sentence.startswith("of 3 ads 2 name the payer; 1 do not (33.3%): ")
