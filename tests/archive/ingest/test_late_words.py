"""What arrives late enters history in its place: it never becomes current, and a sweep of an earlier
day does not say that what was seen since has vanished."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from archive.models import (
    Ad,
    AdMetric,
    AdVersion,
    Advertiser,
    AdvertiserName,
    PublicAd,
    VanishedPeriod,
)
from archive.store.database import read

DAY_1 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def day(number):
    return DAY_1 + timedelta(days=number - 1)


@pytest.fixture
def ingest_run_on(ingest_run):
    """A run whose words are of one day and that is taken in on another."""

    def lease(observed, records, learned, **options):
        return ingest_run(records, day(learned), observed_on=day(observed), **options)

    return lease


def versions_of(engine):
    query = select(AdVersion).order_by(col(AdVersion.observed_at), col(AdVersion.seq))
    with read(engine) as session:
        return [(v.observed_at, v.content["bodies"][0], v.seq) for v in session.exec(query)]


def test_words_older_than_a_run_that_saw_nothing_new_stay_history(engine, ingest_run_on, make_ad):
    ingest_run_on(1, [make_ad(bodies=["first"])], learned=1, sweep=False)
    ingest_run_on(10, [make_ad(bodies=["first"])], learned=10, sweep=False)
    ingest_run_on(5, [make_ad(bodies=["between"])], learned=11, sweep=False)

    assert versions_of(engine) == [
        (day(1), "first", 1),
        (day(5), "between", 2),
        (day(10), "first", 3),
    ]
    with read(engine) as session:
        public = session.exec(select(PublicAd)).one()
    assert (public.bodies, public.versions, public.last_changed_at) == (["first"], 3, day(10))


def test_without_a_newer_run_that_saw_the_ad_late_words_are_its_newest(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(1, [make_ad(bodies=["first"])], learned=1, sweep=False)
    ingest_run_on(10, [make_ad("other")], learned=10, sweep=False)
    ingest_run_on(5, [make_ad(bodies=["second"])], learned=11, sweep=False)

    with read(engine) as session:
        public = session.exec(select(PublicAd).where(PublicAd.ref == "a1")).one()
    assert public.bodies == ["second"]


def test_late_numbers_stay_history_too(engine, ingest_run_on, make_ad):
    ingest_run_on(1, [make_ad(spend_lower_minor=100_00)], learned=1, sweep=False)
    ingest_run_on(10, [make_ad(spend_lower_minor=100_00)], learned=10, sweep=False)
    ingest_run_on(5, [make_ad(spend_lower_minor=50_00)], learned=11, sweep=False)

    query = select(AdMetric).order_by(col(AdMetric.observed_at))
    with read(engine) as session:
        rows = [(m.observed_at, m.spend_lower_minor) for m in session.exec(query)]
        public = session.exec(select(PublicAd)).one()
    assert rows == [(day(1), 100_00), (day(5), 50_00), (day(10), 100_00)]
    assert public.spend_lower_minor == 100_00


def test_a_run_before_the_first_moves_the_first_sighting_back(engine, ingest_run_on, make_ad):
    ingest_run_on(5, [make_ad()], learned=5, sweep=False)
    ingest_run_on(2, [make_ad()], learned=6, sweep=False)

    with read(engine) as session:
        public, ad = session.exec(select(PublicAd)).one(), session.exec(select(Ad)).one()
    assert public.first_seen_at == ad.first_observed_at == day(2)


def test_taking_late_words_in_twice_adds_nothing_the_second_time(engine, ingest_run_on, make_ad):
    ingest_run_on(10, [make_ad(bodies=["now"])], learned=10, sweep=False)
    first = ingest_run_on(5, [make_ad(bodies=["then"])], learned=11, sweep=False)
    again = ingest_run_on(5, [make_ad(bodies=["then"])], learned=12, sweep=False)

    assert (first.changed, again.changed, again.unchanged) == (1, 0, 1)
    assert len(versions_of(engine)) == 2


def test_an_old_sweep_does_not_make_what_was_seen_since_vanish(engine, ingest_run_on, make_ad):
    ingest_run_on(1, [make_ad("a"), make_ad("b")], learned=1)
    ingest_run_on(10, [make_ad("a"), make_ad("b")], learned=10)
    ingest_run_on(5, [make_ad("a")], learned=11)

    with read(engine) as session:
        vanished_period = session.exec(select(VanishedPeriod)).one()
        states = dict(session.exec(select(PublicAd.ref, PublicAd.state)).all())
        learned = session.exec(select(PublicAd.recorded_at).where(PublicAd.ref == "b")).one()
    assert (vanished_period.last_seen_at, vanished_period.missed_at) == (day(1), day(5))
    assert vanished_period.returned_at == day(10)
    assert states == {"a": "seen", "b": "seen"}
    assert learned == day(11)


def test_an_ad_seen_late_that_newer_runs_missed_has_vanished_twice(engine, ingest_run_on, make_ad):
    ingest_run_on(1, [make_ad("a"), make_ad("b")], learned=1)
    ingest_run_on(5, [make_ad("a")], learned=5)
    ingest_run_on(10, [make_ad("a")], learned=10)
    ingest_run_on(7, [make_ad("b")], learned=11, sweep=False)

    with read(engine) as session:
        vanished_periods = session.exec(
            select(VanishedPeriod).order_by(col(VanishedPeriod.missed_at))
        ).all()
        public = session.exec(select(PublicAd).where(PublicAd.ref == "b")).one()
    assert [(a.last_seen_at, a.missed_at, a.returned_at) for a in vanished_periods] == [
        (day(1), day(5), day(7)),
        (day(7), day(10), None),
    ]
    assert (public.state, public.vanished_at) == ("vanished", day(10))


def test_the_interval_of_a_vanishing_begins_at_the_last_run_that_saw_the_ad(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(1, [make_ad("a"), make_ad("b")], learned=1)
    ingest_run_on(3, [make_ad("b")], learned=3, sweep=False)
    ingest_run_on(5, [make_ad("a")], learned=5)

    with read(engine) as session:
        vanished_period = session.exec(select(VanishedPeriod)).one()
    assert (vanished_period.last_seen_at, vanished_period.missed_at) == (day(3), day(5))


def test_a_late_name_joins_the_history_of_names_and_is_not_the_present_one(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(10, [make_ad(advertiser_name="New Harbour")], learned=10, sweep=False)
    ingest_run_on(5, [make_ad(advertiser_name="Old Harbour")], learned=11, sweep=False)

    with read(engine) as session:
        assert session.exec(select(Advertiser.name)).one() == "New Harbour"
        names = session.exec(select(AdvertiserName.name, AdvertiserName.observed_at)).all()
    assert set(names) == {("New Harbour", day(10)), ("Old Harbour", day(5))}


def list_absences_of(engine, ref):
    query = select(VanishedPeriod).join(Ad, col(Ad.id) == VanishedPeriod.ad_id).where(Ad.ref == ref)
    with read(engine) as session:
        gone = session.exec(query.order_by(col(VanishedPeriod.missed_at))).all()
        return [(one.last_seen_at, one.missed_at, one.returned_at) for one in gone]


def test_an_ad_first_heard_of_late_has_vanished_where_a_newer_complete_run_missed_it(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(5, [make_ad("a")], learned=5)
    ingest_run_on(6, [make_ad("west")], learned=6, partition="west")
    ingest_run_on(8, [make_ad("a")], learned=8)
    ingest_run_on(2, [make_ad("a"), make_ad("b")], learned=9)

    assert list_absences_of(engine, "b") == [(day(2), day(5), None)]
    assert list_absences_of(engine, "a") == []
    with read(engine) as session:
        states = dict(session.exec(select(PublicAd.ref, PublicAd.state)).all())
        assert session.exec(select(Ad.vanished_at).where(Ad.ref == "b")).one() == day(5)
    assert states == {"a": "seen", "b": "vanished", "west": "seen"}


def test_an_ad_first_heard_of_late_is_there_where_newer_runs_were_not_complete(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(5, [make_ad("a")], learned=5, sweep=False)
    ingest_run_on(6, [make_ad("west")], learned=6, partition="west")
    ingest_run_on(7, [make_ad("other")], learned=7, source="elsewhere")
    ingest_run_on(2, [make_ad("b")], learned=9)

    assert list_absences_of(engine, "b") == []


def test_a_late_complete_run_says_nothing_of_an_ad_that_came_after_it(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(5, [make_ad("a"), make_ad("b")], learned=5)
    ingest_run_on(3, [make_ad("b")], learned=6)

    assert list_absences_of(engine, "a") == []


def test_a_late_complete_run_does_not_move_an_ad_back_to_its_former_partition(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(1, [make_ad("a")], learned=1, partition="2025")
    ingest_run_on(5, [make_ad("a", bodies=["moved"])], learned=5, partition="2026")
    ingest_run_on(3, [make_ad("a", bodies=["between"])], learned=6, partition="2025")
    ingest_run_on(7, [make_ad("b")], learned=7, partition="2025")

    with read(engine) as session:
        assert session.exec(select(Ad.partition).where(Ad.ref == "a")).one() == "2026"
    assert list_absences_of(engine, "a") == []


def test_an_ad_that_stays_as_it_is_lives_where_a_complete_run_saw_it_last(
    engine, ingest_run_on, make_ad
):
    ingest_run_on(1, [make_ad("a")], learned=1, partition="2025")
    ingest_run_on(2, [make_ad("a")], learned=2, partition="import", sweep=False)
    with read(engine) as session:
        assert session.exec(select(Ad.partition)).one() == "2025"
    ingest_run_on(3, [make_ad("a")], learned=3, partition="2026")
    with read(engine) as session:
        assert session.exec(select(Ad.partition)).one() == "2026"


def test_a_late_name_that_was_known_already_joins_the_history_once(engine, ingest_run_on, make_ad):
    ingest_run_on(10, [make_ad(advertiser_name="New Harbour")], learned=10, sweep=False)
    for number, ref in ((5, "a1"), (6, "a2"), (7, "a3")):
        ingest_run_on(number, [make_ad(ref, advertiser_name="Old Harbour")], learned=6 + number)
    ingest_run_on(8, [make_ad("b1", advertiser_ref="page-2", advertiser_name="Quay")], learned=14)

    with read(engine) as session:
        names = session.exec(select(AdvertiserName.name).order_by(AdvertiserName.name)).all()
        assert session.exec(select(Advertiser.name)).all() == ["New Harbour", "Quay"]
    assert names == ["New Harbour", "Old Harbour", "Quay"]
