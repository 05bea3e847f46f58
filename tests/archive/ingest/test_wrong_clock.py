"""After a clock that was a day ahead: what did not change is not written again, and what did is current."""

import pytest
from sqlmodel import func, select

from archive.models import AdMetric, AdVersion, AdvertiserSpend, DisclosureVersion, PublicAd, Run
from archive.reading.shown_rows import check_shown
from archive.store.database import read
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
    for hour in (2, 3):
        counts = ingest_run(after, NOON + hour * HOUR)
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
