"""Ingest writes what is new and nothing else."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel import col, func, select

from archive.models import (
    Ad,
    AdMetric,
    AdVersion,
    Advertiser,
    AdvertiserName,
    AdvertiserSpend,
    Change,
    Disclosure,
    DisclosureVersion,
    LedgerLeaf,
    PublicAd,
)
from archive.records import AdvertiserSpendRecord, DisclosureRecord, Grain
from archive.store.bulk import table_of
from archive.store.database import is_postgresql, read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def count(engine, table):
    with read(engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def the_public_ad(engine):
    with read(engine) as session:
        return session.exec(select(PublicAd)).one()


def test_a_new_ad_is_one_version_one_metric_row_and_one_public_row(engine, ingest_run, make_ad):
    counts = ingest_run([make_ad()])

    assert (counts.new, counts.changed, counts.unchanged) == (1, 0, 0)
    assert [count(engine, t) for t in (Ad, AdVersion, AdMetric, PublicAd)] == [1, 1, 1, 1]


def test_the_same_ad_again_writes_nothing(engine, ingest_run, make_ad):
    ingest_run([make_ad()])
    before = [count(engine, t) for t in (Ad, AdVersion, AdMetric, Change, LedgerLeaf)]

    counts = ingest_run([make_ad()], NOON + DAY)

    assert counts.unchanged == 1
    assert [count(engine, t) for t in (Ad, AdVersion, AdMetric, Change, LedgerLeaf)] == before


def test_changed_words_are_a_further_version(engine, ingest_run, make_ad):
    ingest_run([make_ad()])
    ingest_run([make_ad(bodies=["Vote for the lighthouse"])], NOON + DAY)

    assert count(engine, AdVersion) == 2
    assert count(engine, AdMetric) == 1
    assert the_public_ad(engine).text == "Vote for the lighthouse"
    assert the_public_ad(engine).versions == 2


def test_moved_numbers_are_a_metric_row_and_no_version(engine, ingest_run, make_ad):
    ingest_run([make_ad()])
    ingest_run([make_ad(spend_lower_minor=200_00, spend_upper_minor=299_00)], NOON + DAY)

    assert count(engine, AdVersion) == 1
    assert count(engine, AdMetric) == 2
    assert the_public_ad(engine).spend_upper_minor == 299_00
    assert the_public_ad(engine).last_changed_at == NOON + DAY


def test_a_value_that_went_back_is_a_third_version(engine, ingest_run, make_ad):
    for day, body in enumerate(["A", "B", "A"]):
        ingest_run([make_ad(bodies=[body])], NOON + day * DAY)

    with read(engine) as session:
        versions = session.exec(select(AdVersion).order_by(col(AdVersion.seq))).all()
    assert [v.content["bodies"] for v in versions] == [["A"], ["B"], ["A"]]
    assert [v.seq for v in versions] == [1, 2, 3]


def test_an_ad_that_repeats_in_one_page_is_seen_twice_and_kept_once(engine, ingest_run, make_ad):
    counts = ingest_run([make_ad(), make_ad()])

    assert (counts.seen, counts.new, counts.unchanged) == (2, 1, 1)
    assert count(engine, Ad) == 1


def test_an_ad_that_repeats_differently_in_one_page_is_two_versions(engine, ingest_run, make_ad):
    ingest_run([make_ad(bodies=["A"]), make_ad(bodies=["B"])])

    assert count(engine, AdVersion) == 2
    assert the_public_ad(engine).text == "B"


def test_an_older_observation_enters_history_and_never_becomes_current(engine, ingest_run, make_ad):
    ingest_run([make_ad(bodies=["now"])], NOON)
    ingest_run(
        [make_ad(bodies=["then"], spend_upper_minor=150_00)],
        NOON + DAY,
        observed_on=NOON - 30 * DAY,
        sweep=False,
    )

    public = the_public_ad(engine)
    assert public.text == "now"
    assert public.spend_upper_minor == 199_00
    assert public.versions == 2
    assert public.first_seen_at == NOON - 30 * DAY
    assert count(engine, AdMetric) == 2


def test_an_older_observation_that_says_what_was_known_to_hold_then_adds_nothing(
    engine, ingest_run, make_ad
):
    ingest_run([make_ad(bodies=["A"])], NOON)
    ingest_run([make_ad(bodies=["B"])], NOON + 10 * DAY)

    ingest_run([make_ad(bodies=["A"])], NOON + 11 * DAY, observed_on=NOON + 5 * DAY, sweep=False)

    assert count(engine, AdVersion) == 2
    assert the_public_ad(engine).text == "B"


def test_every_version_is_a_leaf_of_the_ledger_without_a_gap(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2")])
    ingest_run([make_ad("a1", bodies=["other"]), make_ad("a2")], NOON + DAY)

    with read(engine) as session:
        indexes = session.exec(select(LedgerLeaf.leaf_index).order_by(LedgerLeaf.leaf_index)).all()
    assert indexes == [0, 1, 2]


def test_changes_say_whether_words_or_numbers_moved(engine, ingest_run, make_ad):
    ingest_run([make_ad()])
    ingest_run([make_ad(spend_upper_minor=900_00)], NOON + DAY)
    ingest_run([make_ad(spend_upper_minor=900_00, bodies=["other"])], NOON + 2 * DAY)

    with read(engine) as session:
        kinds = session.exec(select(Change.kind).order_by(col(Change.seq))).all()
    assert kinds == ["ad_content", "ad_numbers", "ad_content"]


def test_an_advertiser_keeps_every_name(engine, ingest_run, make_ad):
    ingest_run([make_ad()])
    ingest_run([make_ad(advertiser_name="Harbour & Lighthouse Party")], NOON + DAY)

    with read(engine) as session:
        advertiser = session.exec(select(Advertiser)).one()
        names = session.exec(select(AdvertiserName.name).order_by(col(AdvertiserName.id))).all()
    assert advertiser.name == "Harbour & Lighthouse Party"
    assert names == ["Harbour Party", "Harbour & Lighthouse Party"]


def test_an_advertiser_without_an_id_is_known_weakly_by_name(engine, ingest_run, make_ad):
    ingest_run([make_ad(advertiser_ref=None)])

    with read(engine) as session:
        advertiser = session.exec(select(Advertiser)).one()
    assert advertiser.is_weak
    assert advertiser.id.startswith("example:name:")


def spend_of(week, amount, **values):
    return AdvertiserSpendRecord(
        dataset="weekly",
        platform="examplatform",
        grain=Grain.WEEK,
        period_start_on=week,
        advertiser_ref="page-1",
        advertiser_name="Harbour Party",
        currency="USD",
        spend_lower_minor=amount,
        spend_upper_minor=amount,
        **values,
    )


def test_a_statement_that_changed_is_kept_beside_the_one_before(engine, ingest_run):
    week = NOON.date()
    ingest_run([spend_of(week, 100_00)], sweep=False)
    ingest_run([spend_of(week, 90_00)], NOON + DAY, sweep=False)
    ingest_run([spend_of(week, 90_00)], NOON + 2 * DAY, sweep=False)

    with read(engine) as session:
        rows = session.exec(select(AdvertiserSpend).order_by(col(AdvertiserSpend.id))).all()
    assert [(r.spend_lower_minor, r.is_current) for r in rows] == [(100_00, False), (90_00, True)]


def test_an_old_statement_that_comes_late_is_not_current(engine, ingest_run):
    week = NOON.date()
    ingest_run([spend_of(week, 100_00)], sweep=False)
    ingest_run([spend_of(week, 70_00)], NOON + DAY, observed_on=NOON - DAY, sweep=False)

    with read(engine) as session:
        current = session.exec(select(AdvertiserSpend).where(AdvertiserSpend.is_current)).all()
    assert [r.spend_lower_minor for r in current] == [100_00]


def test_a_statement_twice_in_one_page_leaves_one_current(engine, ingest_run):
    week = NOON.date()
    ingest_run([spend_of(week, 100_00), spend_of(week, 110_00)], sweep=False)

    with read(engine) as session:
        current = session.exec(select(AdvertiserSpend).where(AdvertiserSpend.is_current)).all()
    assert [r.spend_lower_minor for r in current] == [110_00]


def filed(amount):
    return DisclosureRecord(
        ref="row-1",
        committee_ref="C1",
        currency="USD",
        amount_minor=amount,
        is_memo=False,
        is_notice=False,
        is_correction=amount < 0,
    )


def test_an_amended_filing_keeps_both_versions(engine, ingest_run):
    ingest_run([filed(500_00)], sweep=False)
    ingest_run([filed(-20_00)], NOON + DAY, sweep=False)

    with read(engine) as session:
        disclosure = session.exec(select(Disclosure)).one()
    assert disclosure.amount_minor == -20_00
    assert disclosure.is_correction
    assert count(engine, DisclosureVersion) == 2


def test_an_unchanged_run_leaves_the_tables_of_ads_as_they_were(engine, ingest_run, make_ad):
    ads = [make_ad(f"a{number}") for number in range(50)]
    ingest_run(ads)
    before = measure_ads(engine)
    ingest_run(ads, NOON + timedelta(days=1))

    assert measure_ads(engine) == before


def measure_ads(engine):
    """Every row of the ads' tables; on PostgreSQL also the bytes they take with their indexes."""
    with read(engine) as session:
        rows = {
            table.__tablename__: session.connection().execute(select(table_of(table))).all()
            for table in (Ad, AdVersion, AdMetric, PublicAd)
        }
        if is_postgresql(engine):
            for name in list(rows):
                size = text(f"SELECT pg_total_relation_size('{name}')")
                rows[f"{name} bytes"] = session.connection().execute(size).scalar()
    return rows
