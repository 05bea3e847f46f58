"""After a clock that was a day ahead: what did not change is not written again, and what did is current."""

import pytest
from sqlmodel import func, select

from archive.models import AdMetric, AdVersion, AdvertiserSpend, DisclosureVersion, PublicAd, Run
from archive.reading import list_sources, read_data_as_of
from archive.reading.coverage import cover_source
from archive.reading.shown_rows import check_shown
from archive.store.clock import accept_clock
from archive.store.database import read, write
from tests.archive.exports.streamed import invent_records
from tests.archive.moments import DAY, NOON

HOUR = DAY / 24
AHEAD = NOON + DAY + HOUR
"""When the clock that was ahead said it was; it was an hour after noon."""
KEPT = (AdVersion, AdMetric, AdvertiserSpend, DisclosureVersion)


def count(engine):
    with read(engine) as session:
        return [session.exec(select(func.count()).select_from(table)).one() for table in KEPT]


def read_ad(engine, ref):
    with read(engine) as session:
        return session.exec(select(PublicAd).where(PublicAd.ref == ref)).one()


@pytest.fixture
def after(ingest_run, make_ad):
    """Runs at noon, a day ahead and, from the second hour on, at the right time again."""
    ingest_run([make_ad("old"), make_ad("moved"), make_ad("gone")])
    ahead = [make_ad("old"), make_ad("moved", bodies=["New words"]), make_ad("new")]
    ingest_run(ahead, AHEAD)
    return ahead


def test_what_has_not_changed_gets_no_second_version(engine, after, ingest_run):
    before = count(engine)
    for at in (NOON + 2 * HOUR, NOON + 3 * HOUR, AHEAD - HOUR / 60, AHEAD + HOUR):
        counts = ingest_run(after, at)
        assert (counts.changed, counts.unchanged) == (0, len(after))
    later = ingest_run(after, AHEAD + DAY)

    assert count(engine) == before
    assert later.unchanged == len(after)


def test_statements_and_filings_that_have_not_changed_are_not_kept_twice(
    engine, ingest_run, make_ad
):
    records = invent_records(make_ad)
    ingest_run(records, AHEAD)
    before = count(engine)

    counts = ingest_run(records, NOON + 2 * HOUR)

    assert counts.unchanged == counts.seen
    assert count(engine) == before


def test_what_has_changed_since_is_current_at_once_and_stays_so(engine, after, ingest_run, make_ad):
    now = [make_ad("old", spend_lower_minor=7), make_ad("moved", bodies=["Newest"]), make_ad("new")]
    ingest_run(now, NOON + 2 * HOUR)
    ingest_run([*now[:2], make_ad("new", bodies=["Third"])], NOON + 3 * HOUR)

    assert read_ad(engine, "old").spend_lower_minor == 7
    assert read_ad(engine, "moved").text == "Newest"
    assert read_ad(engine, "new").text == "Third"
    assert check_shown(engine, lambda _: None).bad == []
    ingest_run([make_ad("old", spend_lower_minor=9)], AHEAD + DAY, sweep=False)
    assert read_ad(engine, "old").spend_lower_minor == 9


def test_what_comes_back_is_there_and_what_is_no_longer_there_has_vanished(
    engine, after, ingest_run, make_ad
):
    assert read_ad(engine, "gone").state == "vanished"

    ingest_run([make_ad("gone"), *after[:2]], NOON + 2 * HOUR)

    assert (read_ad(engine, "gone").state, read_ad(engine, "new").state) == ("seen", "vanished")
    assert check_shown(engine, lambda _: None).bad == []


def test_a_run_says_when_it_ran_and_an_old_file_enters_history_in_its_place(
    engine, after, ingest_run, make_ad
):
    ingest_run(after, NOON + 2 * HOUR)
    ingest_run([make_ad("new", bodies=["Old"])], NOON + 3 * HOUR, observed_on=NOON, sweep=False)

    with read(engine) as session:
        times = session.exec(select(Run.observed_at).order_by(Run.id)).all()
    assert times == [NOON, AHEAD, NOON + 2 * HOUR, NOON]
    assert read_ad(engine, "new").text == "Vote for the harbour"


def test_coverage_and_lists_tell_what_ran_last_and_that_a_clock_was_ahead(
    engine, after, ingest_run, know_source
):
    know_source()
    with read(engine) as session:
        covered = cover_source(session, "example", now=NOON + HOUR)
        (source,) = list_sources(session, NOON + HOUR)
    assert (covered.runs, covered.last_crawled_at) == (1, NOON)
    assert source.last_run.reason == "the clock of its machine was ahead, so its times are to come"

    with write(engine) as session:
        accept_clock(session)
    ingest_run(after, NOON + 2 * HOUR)

    with read(engine) as session:
        covered = cover_source(session, "example", now=NOON + 2 * HOUR)
        (source,) = list_sources(session, NOON + 2 * HOUR)
        known_at = read_data_as_of(session)
    assert covered.last_crawled_at == source.last_run.ended_at == NOON + 2 * HOUR
    assert source.last_run.reason == ""
    assert known_at == NOON + 2 * HOUR
