"""Sums of money: ranges stay ranges, currencies stay apart, what is unknown is counted beside."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.records import AdvertiserSpendRecord, CommitteeRecord, DisclosureRecord
from archive.spending import (
    SpendBasis,
    SpendBy,
    SpendMeasure,
    SpendQuery,
    summarise_spending,
)
from archive.store.database import read
from tests.examples import few_or_many

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SHARED = Path(__file__).parents[4] / "shared" / "data"
JANUARY = {"from_on": date(2026, 1, 1), "to_on": date(2026, 1, 31)}
RUN = {"started_on": date(2026, 1, 1), "ended_on": date(2026, 1, 31)}


def summarise(engine, **asked):
    with read(engine) as session:
        return summarise_spending(session, SpendQuery(**asked))


def rows(engine, **asked):
    groups = summarise(engine, **asked).groups
    return [(g.key, g.currency, g.lower_minor, g.upper_minor, g.ads) for g in groups]


def test_ranges_add_up_within_one_currency_only(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2"), make_ad("a3", currency="USD")])

    assert rows(engine, by=SpendBy.PLATFORM) == [
        ("examplatform", "EUR", 200_00, 398_00, 2),
        ("examplatform", "USD", 100_00, 199_00, 1),
    ]


def test_an_amount_without_a_currency_is_a_group_of_its_own(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2", currency=None)])

    assert [row[1] for row in rows(engine)] == ["EUR", None]


def test_one_open_end_opens_the_whole_sum(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2", spend_upper_minor=None)])

    [group] = summarise(engine).groups
    assert (group.lower_minor, group.upper_minor, group.open_count) == (200_00, None, 1)


def test_an_ad_without_an_amount_is_counted_and_is_not_nothing(engine, ingest_run, make_ad):
    unknown = {"spend_lower_minor": None, "spend_upper_minor": None}
    ingest_run([make_ad("a1", **unknown), make_ad("a2", currency="USD"), make_ad("a3", **unknown)])

    by_currency = {group.currency: group for group in summarise(engine).groups}
    assert by_currency["EUR"].lower_minor is None
    assert by_currency["EUR"].upper_minor is None
    assert (by_currency["EUR"].ads, by_currency["EUR"].unknown_count) == (2, 2)


def test_an_ad_in_several_countries_is_not_split(engine, ingest_run, make_ad):
    ingest_run(
        [
            make_ad("a1", countries=["GR"]),
            make_ad("a2", countries=["GR", "CY"]),
            make_ad("a3", countries=[]),
        ]
    )
    groups = {g.key: g for g in summarise(engine, by=SpendBy.COUNTRY).groups}

    assert set(groups) == {"GR", "several", "unknown:not_disclosed"}
    assert groups["several"].label == "several countries (not split by the source)"
    assert groups["GR"].label == "Greece"
    assert groups["unknown:not_disclosed"].unknown_reason == "not_disclosed"


def test_unknown_payers_stand_apart_by_reason(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", payer_name=None), make_ad("a2"), make_ad("a3", payer_name="Friends")])

    keys = {row[0] for row in rows(engine, by=SpendBy.PAYER)}
    assert keys == {"Friends", "unknown:not_disclosed", "unknown:not_provided"}


def test_advertisers_carry_their_newest_name(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    ingest_run([make_ad("a1", advertiser_name="Harbour Alliance")], NOON + DAY)

    [group] = summarise(engine, by=SpendBy.ADVERTISER).groups
    assert (group.key, group.label) == ("example:page-1", "Harbour Alliance")


def test_a_filter_leaves_the_rest_out(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2", countries=["GR", "CY"], payer_name="Friends")])

    for asked in ({"country": "CY"}, {"payer": ("Friends",)}):
        assert [row[4] for row in rows(engine, **asked)] == [1]


def test_with_a_period_the_basis_is_bounds_from_snapshots(engine, ingest_run, make_ad):
    spent = [("2026-01-11", 100_00, 199_00), ("2026-01-16", 500_00, 599_00)]
    for day, lower, upper in spent:
        ad = make_ad("a1", spend_lower_minor=lower, spend_upper_minor=upper, **RUN)
        ingest_run([ad], datetime.fromisoformat(f"{day}T12:00:00+00:00"))

    first = summarise(engine, from_on=date(2026, 1, 1), to_on=date(2026, 1, 10))
    middle = summarise(engine, from_on=date(2026, 1, 11), to_on=date(2026, 1, 15))
    assert first.basis is SpendBasis.BOUNDS
    assert (first.groups[0].lower_minor, first.groups[0].upper_minor) == (0, 199_00)
    assert (middle.groups[0].lower_minor, middle.groups[0].upper_minor) == (0, 599_00)
    assert middle.groups[0].open_count == 0


def test_bounds_of_a_life_seen_after_its_end_are_the_newest_range(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", **RUN)])
    assert rows(engine, **JANUARY) == [("all", "EUR", 100_00, 199_00, 1)]


def test_undated_ads_are_counted_beside_a_period_and_not_summed(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", **RUN), make_ad("a2")])

    for basis in SpendBasis:
        [group] = summarise(engine, basis=basis, **JANUARY).groups
        assert (group.lower_minor, group.ads, group.undated) == (100_00, 1, 1)


def test_an_ad_with_a_start_instant_only_touches_the_period_of_its_day(engine, ingest_run, make_ad):
    start = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    ingest_run([make_ad("a1", started_at=start, ended_at=start)])

    assert len(rows(engine, **JANUARY)) == 1
    assert rows(engine, from_on=date(2026, 2, 1), to_on=date(2026, 2, 2)) == []


def test_lifetime_sums_with_a_period_take_whole_lives_and_say_so(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", **RUN), make_ad("a2", started_on=date(2026, 2, 2))])

    summary = summarise(
        engine, basis=SpendBasis.LIFETIME, from_on=date(2026, 1, 31), to_on=date(2026, 1, 31)
    )
    assert [(g.lower_minor, g.ads) for g in summary.groups] == [(100_00, 1)]
    assert "more than the period" in summary.rule


def test_an_estimate_stands_beside_its_bounds(engine, ingest_run, make_ad):
    exact = {"spend_lower_minor": 310_00, "spend_upper_minor": 310_00}
    ingest_run([make_ad("a1", **exact, **RUN)])

    [group] = summarise(
        engine,
        basis=SpendBasis.ESTIMATE,
        from_on=date(2026, 1, 1),
        to_on=date(2026, 1, 10),
    ).groups
    assert (group.lower_minor, group.upper_minor, group.estimate_minor) == (0, 310_00, 100_00)


def test_periods_stand_in_time_order_and_a_week_begins_on_monday(engine, ingest_run, make_ad):
    ingest_run(
        [make_ad("a1", started_on=date(2026, 1, 3), ended_on=date(2026, 1, 12)), make_ad("u")]
    )

    groups = summarise(engine, by=SpendBy.WEEK, **JANUARY).groups
    assert [g.key for g in groups] == [
        "2025-12-29",
        "2026-01-05",
        "2026-01-12",
        "unknown:not_provided",
    ]
    assert groups[0].label == "week from 29 Dec 2025"
    assert (groups[3].ads, groups[3].undated, groups[3].lower_minor) == (0, 1, None)


def test_each_group_says_how_well_its_sources_were_crawled_since_the_first_run(
    engine, ingest_run, make_ad
):
    ingest_run([make_ad("a1", **RUN)], datetime(2026, 1, 5, tzinfo=UTC))

    [group] = summarise(engine, **JANUARY).groups
    [crawled] = group.coverage
    assert (crawled.source, crawled.days, crawled.days_crawled) == ("example", 27, 1)


AMOUNTS = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6) | st.none())


@settings(max_examples=few_or_many(10))
@given(amounts=st.lists(AMOUNTS, min_size=1, max_size=8))
def test_lifetime_sums_equal_sums_by_hand(engine, ingest_run, make_ad, amounts):
    source = f"source-{uuid4()}"
    ranges = [(lower, None if width is None else lower + width) for lower, width in amounts]
    ingest_run(
        [
            make_ad(f"a{i}", spend_lower_minor=lower, spend_upper_minor=upper)
            for i, (lower, upper) in enumerate(ranges)
        ],
        source=source,
    )
    [group] = summarise(engine, source=source).groups
    uppers = [upper for _, upper in ranges]
    assert group.lower_minor == sum(lower for lower, _ in ranges)
    assert group.upper_minor == (None if None in uppers else sum(uppers))


def statement(grain, amount, start=None, ref="page-1", region=None):
    return AdvertiserSpendRecord(
        dataset=f"{grain}_sums_{region}",
        platform="examplatform",
        grain=grain,
        period_start_on=start,
        period_end_on=start + 6 * DAY if start else None,
        advertiser_ref=ref,
        advertiser_name="Harbour Party",
        countries=[code for code in ("US", region) if code],
        currency="EUR",
        spend_lower_minor=amount,
        spend_upper_minor=amount,
    )


def test_regions_are_summed_apart_and_never_with_the_whole_they_are_parts_of(engine, ingest_run):
    parts = [
        statement("region", 70_00, region="US-AZ"),
        statement("region", 20_00, region="US-GA"),
        statement("region", 5_00, region="US-AZ", ref="page-2"),
        statement("region", 3_00),
    ]
    ingest_run([statement("lifetime", 100_00), *parts])

    reported = {"measure": SpendMeasure.REPORTED}
    assert [row[2] for row in rows(engine, **reported)] == [100_00]
    assert [row[2] for row in rows(engine, by=SpendBy.COUNTRY, **reported)] == [100_00]
    assert [row[:3] for row in rows(engine, by=SpendBy.REGION, country="US", **reported)] == [
        ("US-AZ", "EUR", 75_00),
        ("US-GA", "EUR", 20_00),
        ("unknown:not_provided", "EUR", 3_00),
    ]


def test_reported_grains_are_never_added_and_only_the_newest_statement_counts(engine, ingest_run):
    weeks = [
        statement("week", 70_00, date(2026, 1, 4)),
        statement("week", 30_00, date(2026, 1, 11)),
    ]
    ingest_run([statement("lifetime", 500_00), *weeks])
    ingest_run([statement("lifetime", 600_00)], NOON + DAY)

    reported = {"measure": SpendMeasure.REPORTED}
    assert [row[2] for row in rows(engine, **reported)] == [600_00]
    assert [row[:3] for row in rows(engine, by=SpendBy.WEEK, **reported)] == [
        ("2026-01-04", "EUR", 70_00),
        ("2026-01-11", "EUR", 30_00),
    ]
    [cut] = rows(engine, from_on=date(2026, 1, 4), to_on=date(2026, 1, 14), **reported)
    assert cut[2:4] == (70_00, 100_00)


def filed(ref, amount, *, is_memo=False, is_notice=False, spent_on=date(2026, 1, 5)):
    return DisclosureRecord(
        ref=ref,
        committee_ref="C1",
        currency="USD",
        amount_minor=amount,
        is_memo=is_memo,
        is_notice=is_notice,
        is_correction=amount < 0,
        spent_on=spent_on,
    )


def test_disclosed_sums_leave_memos_and_notices_out_and_count_corrections(engine, ingest_run):
    ingest_run(
        [
            CommitteeRecord(ref="C1", name="Friends of the Harbour"),
            filed("d1", 100_00),
            filed("d2", -30_00),
            filed("d3", 999_00, is_memo=True),
            filed("d4", 999_00, is_notice=True),
            filed("d5", 5_00, spent_on=None),
        ]
    )
    disclosed = {"measure": SpendMeasure.DISCLOSED}
    [group] = summarise(engine, by=SpendBy.PAYER, **disclosed).groups
    assert (group.key, group.label) == ("example:C1", "Friends of the Harbour")
    assert (group.lower_minor, group.upper_minor, group.ads, group.undated) == (75_00, 75_00, 3, 1)
    [dated] = summarise(engine, payer=("Friends of the Harbour",), **disclosed, **JANUARY).groups
    assert (dated.lower_minor, dated.undated) == (70_00, 1)
    months = rows(engine, by=SpendBy.MONTH, **disclosed)
    assert [row[0] for row in months] == ["2026-01", "unknown:not_disclosed"]
