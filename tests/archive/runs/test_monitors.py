"""At the end of a run it is said what differs from what the source is expected to give."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.ingest.close_run import close_run
from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.runs.alerts import find_silent, list_alerts, list_findings
from archive.runs.lease import begin_run
from archive.runs.promises import note_promises
from archive.store.database import read, write
from archive.store.realm import claim_realm
from archive.store.setup import write_sources
from config.settings import Realm
from tests.archive.runs.gated import SOURCE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EXPECTED = SOURCE.model_copy(
    update={
        "id": "watched",
        "fewest_records_per_run": 10,
        "most_records_per_run": 60,
        "expected_blank_shares": {"payer_name": 0.25, "bodies": 0.5},
    }
)


@pytest.fixture
def record_run(engine, make_ad):
    with write(engine) as session:
        write_sources(session, [EXPECTED])

    def take(ads, now=NOON, *, outcome=Outcome.DONE, unpaid=0, wordless=0, unchanged=False):
        """A whole run at so many ads; the first `unpaid` name no payer, `wordless` have no words."""
        records = [
            make_ad(
                f"a{number}",
                payer_name=None if number < unpaid else "Harbour Party",
                bodies=[] if number < wordless else ["Vote"],
            )
            for number in range(ads)
        ]
        covered = outcome == Outcome.DONE
        with write(engine) as session:
            lease = begin_run(session, "watched", "2026", RunKind.CRAWL, now, is_sweep=True)
            ingest_page(session, lease, records, None, now)
            close_run(session, lease, outcome, now, covered=covered, is_unchanged=unchanged)

    return take


@pytest.fixture
def told(engine):
    def tell(now=NOON + 9 * DAY):
        with read(engine) as session:
            return [(alert.kind, alert.reason) for alert in list_alerts(session, now)]

    return tell


def test_a_run_as_expected_leaves_no_word(record_run, told):
    record_run(40, unpaid=10, wordless=20)
    assert told() == []


def test_fewer_records_than_expected_are_told_with_both_numbers(record_run, told):
    record_run(9)
    assert told() == [("few_records", "2026: 9 records; at least 10 are expected")]


def test_more_records_than_expected_are_told(record_run, told):
    record_run(61)
    assert told() == [("many_records", "2026: 61 records; at most 60 are expected")]


def test_a_run_that_broke_off_says_nothing_about_how_much_there_is(record_run, told):
    record_run(9, outcome=Outcome.PARTIAL)
    assert told() == []


def test_a_fall_against_the_complete_run_before_is_told_once_it_is_larger_than_accepted(
    record_run, told
):
    record_run(50)
    record_run(40, NOON + DAY)
    assert told() == []
    record_run(31, NOON + 2 * DAY)
    ((kind, reason),) = told()
    assert kind == "fall"
    assert reason.startswith("2026: 31 records, after 40 in the complete run before: 22% fewer")


def test_each_field_that_is_blank_too_often_is_told_by_name(record_run, told):
    record_run(40, unpaid=11, wordless=30)
    assert told() == [
        (
            "blank_field",
            "2026: 11 of 40 ads leave payer_name blank (28%); up to 25% is expected",
        ),
        ("blank_field", "2026: 30 of 40 ads leave bodies blank (75%); up to 50% is expected"),
    ]


def test_a_handful_of_ads_has_no_shares(record_run, told):
    record_run(19, unpaid=19)
    assert told() == []


def test_what_a_run_was_found_to_lack_stands_until_a_later_run_is_well(engine, record_run, told):
    record_run(9)
    record_run(0, NOON + DAY, unchanged=True)
    assert [kind for kind, _ in told()] == ["few_records"]

    record_run(30, NOON + 2 * DAY)

    assert told() == []
    with read(engine) as session:
        assert [found.kind for found in list_findings(session, 10)] == ["few_records"]


def test_the_replica_need_not_be_as_large_as_the_source(engine, record_run, told):
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
    record_run(1)
    assert told() == []


@pytest.fixture
def promised(engine, record_run):
    with write(engine) as session:
        note_promises(session, "watched", ["2026"], DAY, NOON)
    return engine


def find_silence(engine, now):
    with read(engine) as session:
        return find_silent(session, now)


def test_a_source_is_silent_after_twice_its_schedule_without_a_complete_look(promised, record_run):
    record_run(30, NOON + DAY)
    for number in (2, 3):
        record_run(3, NOON + number * DAY, outcome=Outcome.PARTIAL)

    assert find_silence(promised, NOON + 3 * DAY) == []
    (alert,) = find_silence(promised, NOON + 3 * DAY + timedelta(minutes=1))

    assert alert.reason == (
        "2026: no complete look for 2 days: the last was on 2026-03-02 12:00 UTC; "
        "the last run was partial on 2026-03-04 12:00 UTC"
    )
    assert alert.since_at == NOON + 3 * DAY
    assert alert.id == find_silence(promised, NOON + 9 * DAY)[0].id


def test_the_next_complete_run_ends_the_silence(promised, record_run):
    record_run(30, NOON + 5 * DAY)
    assert find_silence(promised, NOON + 6 * DAY) == []


def test_a_source_that_never_answered_is_silent_from_when_runs_were_promised(promised):
    assert find_silence(promised, NOON + 2 * DAY) == []
    (alert,) = find_silence(promised, NOON + 3 * DAY)
    assert alert.reason == "2026: no complete look for 2 days: there never was one"


def test_a_schedule_read_again_does_not_begin_the_promise_anew(promised):
    with write(promised) as session:
        note_promises(session, "watched", ["2026"], DAY, NOON + 2 * DAY)
    assert find_silence(promised, NOON + 3 * DAY)


def test_what_is_no_longer_scheduled_cannot_fall_silent(promised):
    with write(promised) as session:
        note_promises(session, "watched", ["2026"], None, NOON)
    assert find_silence(promised, NOON + 99 * DAY) == []
