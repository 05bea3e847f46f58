"""What a run saw is kept for a byte or so an ad, and tells when something was last there."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from archive.models import Ad, Sighting
from archive.models.changes import ChangeKind
from archive.models.runs import RunKind
from archive.runs.lease import begin_run
from archive.runs.sightings import (
    find_first_after,
    find_last_before,
    pack_ids,
    read_seen,
    repeat_sightings,
    unpack_ids,
)
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ADS = ChangeKind.AD_CONTENT


@given(st.sets(st.integers(1, 2**50), min_size=1))
def test_ids_come_out_of_a_block_as_they_went_in(ids):
    assert unpack_ids(pack_ids(sorted(ids))) == sorted(ids)


def test_a_run_that_found_nothing_new_still_says_what_it_saw(engine, ingest_run, make_ad):
    ingest_run([make_ad("a"), make_ad("b")])
    ingest_run([make_ad("a")], NOON + DAY, sweep=False)

    with read(engine) as session:
        seen = [list(read_seen(session, run_id, ADS)) for run_id in (1, 2)]
    assert seen == [[[1, 2]], [[1]]]


def test_the_first_run_after_a_time_and_the_last_before_it_are_found(engine, ingest_run, make_ad):
    for day in range(4):
        ingest_run([make_ad("a")] if day % 2 else [make_ad("b")], NOON + day * DAY, sweep=False)
    with read(engine) as session:
        ids = {ad.ref: ad.id for ad in session.exec(select(Ad))}
        after = find_first_after(session, "example", ADS, list(ids.values()), NOON)
        before = find_last_before(session, "example", ADS, list(ids.values()), NOON + 3 * DAY)

    assert after == {ids["a"]: NOON + DAY, ids["b"]: NOON + 2 * DAY}
    assert before == {ids["a"]: NOON + DAY, ids["b"]: NOON + 2 * DAY}


def test_another_source_s_runs_say_nothing(engine, ingest_run, make_ad):
    ingest_run([make_ad("a")], source="elsewhere")

    with read(engine) as session:
        assert find_last_before(session, "example", ADS, [1], NOON + DAY) == {}


def test_a_thousand_unchanged_ads_cost_less_than_a_thousand_bytes(engine, ingest_run, make_ad):
    ingest_run([make_ad(f"a{i}") for i in range(1000)], sweep=False)

    with write(engine) as session:
        assert len(session.exec(select(Sighting.ids)).one()) < 1000


def test_an_unchanged_file_shows_what_its_own_partition_showed_last(engine, ingest_run, make_ad):
    ingest_run([make_ad("a"), make_ad("b")], partition="east")
    ingest_run([make_ad("b")], NOON + 2 * DAY, partition="east")
    ingest_run([make_ad("c")], NOON + 3 * DAY, partition="west")
    ingest_run([make_ad("a")], NOON + 3 * DAY, partition="east", sweep=False)
    ingest_run([make_ad("d")], NOON + 4 * DAY, partition="east", source="elsewhere")
    with write(engine) as session:
        now = NOON + 5 * DAY
        lease = begin_run(session, "example", "east", RunKind.CRAWL, now)
        repeat_sightings(session, lease)
        refs = {ad.id: ad.ref for ad in session.exec(select(Ad))}
        seen = [refs[ad_id] for ids in read_seen(session, lease.run_id, ADS) for ad_id in ids]
    assert seen == ["b"]


def test_what_was_seen_at_a_time_was_seen_neither_before_nor_after_it(engine, ingest_run, make_ad):
    ingest_run([make_ad("a")], NOON)
    with read(engine) as session:
        asked = (session, "example", ADS, [1], NOON)
        assert (find_first_after(*asked), find_last_before(*asked)) == ({}, {})
