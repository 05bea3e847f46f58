"""A history of changes alone answers every time as a list of all observations would."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archive.ingest.series import Point, find_point, place_late

START = datetime(2026, 3, 1, tzinfo=UTC)


def day(number):
    return START + timedelta(days=number)


def test_a_history_that_says_so_already_takes_nothing():
    history = [Point(day(1), 1, "A")]

    assert place_late(history, day(5), "A", seen_after=None) == []


def test_what_was_seen_unchanged_later_is_affirmed_again():
    history = [Point(day(1), 1, "A")]

    assert place_late(history, day(5), "B", seen_after=day(10)) == [(day(5), "B"), (day(10), "A")]


def test_a_run_after_the_next_point_affirms_nothing():
    history = [Point(day(1), 1, "A"), Point(day(8), 2, "C")]

    assert place_late(history, day(5), "B", seen_after=day(10)) == [(day(5), "B")]


def test_before_the_first_point_there_is_nothing_to_affirm():
    history = [Point(day(8), 1, "A")]

    assert place_late(history, day(5), "B", seen_after=day(8)) == [(day(5), "B")]


observations = st.lists(st.tuples(st.integers(0, 8), st.sampled_from("ABC")), max_size=12)


@given(observations)
def test_in_any_order_of_arrival_every_time_is_answered_as_by_all_observations(arrivals):
    history, seen, everything = [], [], []
    for number, sha256 in arrivals:
        at = day(number)
        after = min((time for time in seen if time > at), default=None)
        for when, what in place_late(history, at, sha256, after):
            history.append(Point(when, len(history), what))
        seen.append(at)
        everything.append(Point(at, len(everything), sha256))

        for moment in map(day, range(9)):
            known, true = find_point(history, moment), find_point(everything, moment)
            assert (known and known.sha256) == (true and true.sha256)


@given(observations)
def test_observations_in_the_order_of_time_add_a_point_only_where_something_changed(arrivals):
    history = []
    for number, sha256 in sorted(arrivals, key=lambda pair: pair[0]):
        added = place_late(history, day(number), sha256, seen_after=None)
        assert len(added) <= 1
        history += [Point(when, len(history), what) for when, what in added]

    assert all(a.sha256 != b.sha256 for a, b in pairwise(history))
