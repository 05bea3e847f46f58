"""What readers get: ads now and as they were known, in pages that hold still."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import NotFoundError
from archive.reading import (
    AdFilter,
    CursorError,
    cover_source,
    list_ads,
    list_metrics,
    list_runs,
    list_vanished_periods,
    list_versions,
    read_ad,
    read_data_as_of,
    what_is_missing,
)
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.coverage import cover_days
from archive.reading.paging import decode_number, decode_text, encode_cursor
from archive.store.database import read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def known(at):
    return Moment(as_of=at)


def read_all(session, wanted, limit, moment=NOW):
    ids, cursor = [], None
    while True:
        page = list_ads(session, wanted, cursor, limit, moment)
        ids += [ad.id for ad in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


def test_an_ad_is_read_as_it_is_now(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", payer_name=None)])

    with read(engine) as session:
        ad = read_ad(session, "example:a1")

    assert (ad.id, ad.path, ad.state) == ("example:a1", "/ads/example/a1", "seen")
    assert ad.missing["payer_name"] == "not_disclosed"
    assert ad.data_as_of == NOON


def test_an_earlier_time_shows_what_was_known_then(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    ingest_run([make_ad("a1", bodies=["Another text"], spend_upper_minor=500_00)], NOON + DAY)
    ingest_run([], NOON + 2 * DAY)

    with read(engine) as session:
        first = read_ad(session, "example:a1", known(NOON))
        second = read_ad(session, "example:a1", known(NOON + DAY))
        third = read_ad(session, "example:a1", known(NOON + 2 * DAY))

    assert (first.bodies, first.spend_upper_minor) == (["Vote for the harbour"], 199_00)
    assert (second.bodies, second.versions, second.state) == (["Another text"], 2, "seen")
    assert (third.state, third.vanished_at) == ("vanished", NOON + 2 * DAY)


def test_what_was_known_at_a_time_never_changes(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    with read(engine) as session:
        before = read_ad(session, "example:a1", known(NOON)).model_dump(exclude={"data_as_of"})

    ingest_run([make_ad("a1", bodies=["Old words"])], NOON + DAY, observed_on=NOON - 9 * DAY)
    ingest_run([make_ad("a1", bodies=["New words"])], NOON + 2 * DAY)
    ingest_run([], NOON + 3 * DAY)
    ingest_run([make_ad("a1", bodies=["New words"])], NOON + 4 * DAY)

    with read(engine) as session:
        after = read_ad(session, "example:a1", known(NOON)).model_dump(exclude={"data_as_of"})
    assert after == before


def test_words_that_arrive_late_are_history_and_never_current(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    ingest_run([make_ad("a1", bodies=["Old words"])], NOON + DAY, observed_on=NOON - 9 * DAY)

    with read(engine) as session:
        then = read_ad(session, "example:a1", known(NOON + DAY))
        versions = list_versions(session, "example:a1")

    assert then.bodies == ["Vote for the harbour"]
    assert then.first_seen_at == NOON - 9 * DAY
    assert [v.content["bodies"] for v in versions] == [["Old words"], ["Vote for the harbour"]]


def test_reading_as_of_now_says_the_same_as_reading_now(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1"), make_ad("a2")])
    ingest_run(
        [make_ad("a1", bodies=["Old words"])], NOON + DAY, observed_on=NOON - DAY, sweep=False
    )
    ingest_run([make_ad("a2", spend_upper_minor=None)], NOON + 2 * DAY)
    ingest_run([make_ad("a1"), make_ad("a2", spend_upper_minor=None)], NOON + 3 * DAY)

    with read(engine) as session:
        now = list_ads(session, AdFilter()).items
        then = list_ads(session, AdFilter(), moment=known(NOON + 3 * DAY)).items
    assert [ad.model_dump() for ad in then] == [ad.model_dump() for ad in now]


def test_an_ad_nobody_knew_yet_is_not_found_as_of_then(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])

    with read(engine) as session:
        with pytest.raises(NotFoundError, match="example:a1"):
            read_ad(session, "example:a1", known(NOON - DAY))
        with pytest.raises(NotFoundError, match="no such thing"):
            read_ad(session, "no such thing")
        assert read_all(session, AdFilter(), 10, known(NOON - DAY)) == []


def test_a_version_says_which_fields_it_changed(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    ingest_run([make_ad("a1", bodies=["Other"], payer_name="Friends")], NOON + DAY)

    with read(engine) as session:
        first, second = list_versions(session, "example:a1")

    assert first.changes == []
    changes = {c.field: (c.before, c.after) for c in second.changes}
    assert changes == {
        "bodies": (["Vote for the harbour"], ["Other"]),
        "payer_name": (None, "Friends"),
    }


def test_numbers_are_listed_where_they_moved_and_as_known(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    ingest_run([make_ad("a1")], NOON + DAY)
    ingest_run([make_ad("a1", spend_lower_minor=150_00)], NOON + 2 * DAY)

    with read(engine) as session:
        assert [m.spend_lower_minor for m in list_metrics(session, "example:a1")] == [10000, 15000]
        assert len(list_metrics(session, "example:a1", known(NOON + DAY))) == 1


def test_a_return_is_not_known_before_it_happened(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    ingest_run([], NOON + DAY)
    ingest_run([make_ad("a1")], NOON + 2 * DAY)

    with read(engine) as session:
        assert list_vanished_periods(session, "example:a1")[0].returned_at == NOON + 2 * DAY
        assert (
            list_vanished_periods(session, "example:a1", known(NOON + DAY))[0].returned_at is None
        )
        assert list_vanished_periods(session, "example:a1", known(NOON)) == []


def test_pages_hold_still_while_ads_arrive(engine, ingest_run, make_ad):
    ingest_run([make_ad(f"a{i}") for i in range(5)])
    with read(engine) as session:
        first = list_ads(session, AdFilter(), None, 3)

    ingest_run([make_ad("a0", bodies=["Changed"]), make_ad("zz")], NOON + DAY, sweep=False)

    with read(engine) as session:
        second = list_ads(session, AdFilter(), first.next_cursor, 3)
    assert [ad.ref for ad in first.items + second.items] == ["a0", "a1", "a2", "a3", "a4", "zz"]
    assert second.next_cursor is None


@pytest.mark.parametrize("moment", [NOW, Moment(NOON), Moment(valid_at=NOON)])
@pytest.mark.parametrize(
    ("wanted", "refs"),
    [
        (AdFilter(country="GR"), ["a2", "a3"]),
        (AdFilter(payer=("Friends",)), ["a3"]),
        (AdFilter(advertiser_id="example:page-1"), ["a1", "a2", "a3"]),
        (AdFilter(source="another"), []),
        (AdFilter(currency="USD", country="GR"), ["a2"]),
        (AdFilter(state="vanished"), []),
    ],
)
def test_a_filter_means_the_same_now_and_then(engine, ingest_run, make_ad, wanted, refs, moment):
    ingest_run(
        [
            make_ad("a1", countries=["CY"]),
            make_ad("a2", countries=["CY", "GR"], currency="USD"),
            make_ad("a3", countries=["GR"], payer_name="Friends"),
        ]
    )
    with read(engine) as session:
        assert read_all(session, wanted, 1, moment) == [f"example:{ref}" for ref in refs]


def test_a_cursor_of_another_list_is_refused(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    with read(engine) as session, pytest.raises(CursorError, match="list of runs"):
        list_runs(session, cursor=encode_cursor("ads", 1))


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_no_invented_cursor_does_anything_but_be_refused(cursor):
    for decode in (decode_number, decode_text):
        with pytest.raises(CursorError):
            decode("ads", cursor)


@given(st.integers(0, 2**63 - 1))
def test_a_cursor_gives_its_key_back(key):
    assert decode_number("ads", encode_cursor("ads", key)) == key


def test_days_without_a_run_are_gaps(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    ingest_run([make_ad("a1")], NOON + 3 * DAY)

    with read(engine) as session:
        coverage = cover_source(session, "example")

    assert (coverage.days, coverage.days_crawled, coverage.runs) == (4, 2, 2)
    assert [(gap.start_on, gap.end_on) for gap in coverage.gaps] == [
        (date(2026, 3, 2), date(2026, 3, 3))
    ]
    assert coverage.last_crawled_at == NOON + 3 * DAY


def test_a_period_before_the_first_run_is_one_gap(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    with read(engine) as session:
        coverage = cover_source(session, "example", date(2026, 2, 1), date(2026, 2, 28))
    assert (coverage.days, coverage.days_crawled, len(coverage.gaps)) == (28, 0, 1)


def test_days_before_the_first_run_and_days_to_come_do_not_count(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1")])
    with read(engine) as session:
        coverage = cover_source(session, "example", date.min, date.max, now=NOON + 2 * DAY)
    assert (coverage.start_on, coverage.end_on) == (NOON.date(), (NOON + 2 * DAY).date())
    assert (coverage.days, coverage.days_crawled, len(coverage.gaps)) == (3, 1, 1)


def test_a_source_nobody_crawled_has_no_days(engine):
    with read(engine) as session:
        coverage = cover_source(session, "nobody")
    assert (coverage.days, coverage.start_on, coverage.gaps) == (0, None, [])


def test_every_day_of_a_period_has_a_state():
    days = cover_days([], date(2026, 1, 1), date(2026, 1, 3))
    assert [day.state for day in days] == ["not_crawled"] * 3


def test_what_is_missing_is_counted_with_its_reason(engine, ingest_run, make_ad):
    ingest_run([make_ad("a1", payer_name=None), make_ad("a2"), make_ad("a3", currency=None)])

    with read(engine) as session:
        report = what_is_missing(session)

    data_gaps = {(data_gap.what, data_gap.reason): data_gap.count for data_gap in report.data_gaps}
    assert data_gaps["payer_unknown", "the source has this field and left it blank"] == 1
    assert data_gaps["payer_unknown", "this source does not give it"] == 2
    assert data_gaps["no_currency", "the source has this field and left it blank"] == 1
    assert data_gaps["undated", "this source does not give it"] == 3
    assert ("no_text", "no words of the ad") not in data_gaps


def test_an_empty_archive_has_no_age(engine):
    with read(engine) as session:
        assert read_data_as_of(session) is None
