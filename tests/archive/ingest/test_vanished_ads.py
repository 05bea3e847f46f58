"""Only a complete sweep of a partition may say that an ad of it has vanished."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from archive.models import PublicAd, VanishedPeriod
from archive.store.database import read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def states(engine):
    with read(engine) as session:
        return {ad.ref: ad.state for ad in session.exec(select(PublicAd))}


def test_an_ad_that_a_complete_sweep_no_longer_finds_has_vanished(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2")])

    counts = ingest_run([make_ad("a1")], NOON + DAY)

    assert counts.vanished == 1
    assert states(engine) == {"a1": "seen", "a2": "vanished"}
    with read(engine) as session:
        vanished_period = session.exec(select(VanishedPeriod)).one()
    assert (vanished_period.last_seen_at, vanished_period.missed_at) == (NOON, NOON + DAY)


def test_a_run_that_is_no_sweep_makes_nothing_vanish(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2")])
    ingest_run([make_ad("a1")], NOON + DAY, sweep=False)

    assert states(engine) == {"a1": "seen", "a2": "seen"}


def test_a_sweep_of_one_partition_says_nothing_of_another(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")], partition="2025")
    ingest_run([make_ad("a2")], partition="2026")

    assert states(engine) == {"a1": "seen", "a2": "seen"}


def test_an_ad_that_comes_back_is_seen_again_and_its_vanished_period_is_kept(
    engine, ingest_run, make_ad
):
    ingest_run([make_ad()])
    ingest_run([], NOON + DAY)
    ingest_run([make_ad()], NOON + 2 * DAY)

    assert states(engine) == {"a1": "seen"}
    with read(engine) as session:
        vanished_period = session.exec(select(VanishedPeriod)).one()
    assert vanished_period.returned_at == NOON + 2 * DAY


def test_an_ad_that_moved_to_another_partition_is_looked_for_there(engine, ingest_run, make_ad):
    ingest_run([make_ad()], partition="2025")
    ingest_run([make_ad()], NOON + DAY, partition="2026")

    ingest_run([], NOON + 2 * DAY, partition="2025")

    assert states(engine) == {"a1": "seen"}


def test_a_vanished_ad_keeps_its_words_and_numbers(engine, ingest_run, make_ad):
    ingest_run([make_ad()])
    ingest_run([], NOON + DAY)

    with read(engine) as session:
        ad = session.exec(select(PublicAd)).one()
    assert ad.text == "Vote for the harbour"
    assert ad.spend_lower_minor == 100_00
