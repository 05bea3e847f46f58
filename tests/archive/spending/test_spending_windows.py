"""Bounds from cumulative snapshots: true for every way the money can have been spent."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archive.spending.periods import key_day, split_period
from archive.spending.query import SpendBy
from archive.spending.windows import (
    Bounds,
    Snapshot,
    bound_window,
    draw_curve,
    estimate_window,
)

DAY_0 = date(2026, 1, 1)
BUCKETS = [0, 100, 500, 1000, 5000, 10000]
LAST_DAY = 60


def on(day):
    return DAY_0 + timedelta(days=day)


def bucket(amount):
    """The range a platform publishes for a true amount."""
    lower = max(cut for cut in BUCKETS if cut <= amount)
    return lower, next((cut - 1 for cut in BUCKETS if cut > amount), None)


@st.composite
def ads(draw):
    """A true way of spending, and what a platform let us see of it at some moments of some days."""
    start = draw(st.integers(0, 20))
    spent = draw(st.lists(st.integers(0, 700), min_size=1, max_size=30))
    end = start + len(spent) - 1

    def total(day):
        return sum(spent[: max(0, day - start + 1)])

    snapshots = []
    seen_days = draw(st.sets(st.integers(start, end + 10), min_size=1, max_size=6))
    for day in sorted(seen_days):
        today = total(day) - total(day - 1)
        so_far = total(day - 1) + draw(st.integers(0, today))
        snapshots.append(Snapshot(on(day), *bucket(so_far)))
    known_start = on(start) if draw(st.booleans()) else None
    known_end = on(end) if draw(st.booleans()) else None
    return draw_curve(known_start, known_end, snapshots), total


windows = st.tuples(st.integers(0, LAST_DAY), st.integers(0, LAST_DAY)).map(sorted)


def width(bounds):
    return float("inf") if bounds.upper is None else bounds.upper - bounds.lower


@given(ads(), windows)
def test_the_truth_lies_within_the_bounds(ad, window):
    curve, total = ad
    first, last = window
    bounds = bound_window(curve, on(first), on(last))
    true = total(last) - total(first - 1)
    assert 0 <= bounds.lower <= true
    assert bounds.upper is None or true <= bounds.upper


@given(ads(), windows, st.integers(0, LAST_DAY))
def test_neighbouring_windows_never_say_more_than_their_union(ad, window, cut):
    curve, _ = ad
    first, last = window
    assume(first <= cut < last)
    union = bound_window(curve, on(first), on(last))
    early = bound_window(curve, on(first), on(cut))
    late = bound_window(curve, on(cut + 1), on(last))
    assert early.lower + late.lower <= union.lower
    if early.upper is not None and late.upper is not None:
        assert union.upper is not None
        assert union.upper <= early.upper + late.upper


@given(ads(), windows, st.data())
def test_a_dropped_snapshot_only_widens_the_bounds(ad, window, data):
    curve, _ = ad
    assume(len(curve.snapshots) > 1)
    kept = list(curve.snapshots)
    kept.pop(data.draw(st.integers(0, len(kept) - 1)))
    fewer = draw_curve(curve.start_on, curve.end_on, kept)
    days = on(window[0]), on(window[1])
    with_all, with_fewer = bound_window(curve, *days), bound_window(fewer, *days)
    assert with_fewer.lower <= with_all.lower
    assert width(with_fewer) >= width(with_all)


@given(ads())
def test_the_whole_life_of_an_ad_with_a_start_is_the_newest_range(ad):
    curve, _ = ad
    assume(curve.start_on is not None)
    bounds = bound_window(curve, on(-1), on(LAST_DAY + 20))
    newest = curve.snapshots[-1]
    assert bounds.lower == newest.lower
    seen_after_end = curve.end_on is not None and newest.observed_on > curve.end_on
    assert bounds.upper == (newest.upper if seen_after_end else None)


@given(ads(), windows)
def test_a_platform_that_only_adds_is_never_taken_for_one_that_revised(ad, window):
    assert not ad[0].is_revised


@given(ads())
def test_daily_estimates_add_up_to_the_estimate_of_the_run(ad):
    curve, _ = ad
    newest = curve.snapshots[-1]
    days = [on(day) for day in range(LAST_DAY + 20)]
    midpoint = Fraction(newest.lower + (newest.lower if newest.upper is None else newest.upper), 2)
    assert sum(estimate_window(curve, day, day) for day in days) == midpoint


def test_a_window_between_snapshots_gets_their_difference():
    seen = [Snapshot(on(10), 100, 199), Snapshot(on(15), 500, 599), Snapshot(on(20), 700, 799)]
    curve = draw_curve(on(0), on(30), seen)
    assert bound_window(curve, on(0), on(9)) == Bounds(0, 199)
    assert bound_window(curve, on(10), on(19)) == Bounds(500 - 199, 799)
    assert bound_window(curve, on(11), on(14)) == Bounds(0, 599 - 100)


def test_a_snapshot_of_a_day_says_at_most_only_of_the_days_before_it():
    curve = draw_curve(on(0), None, [Snapshot(on(5), 100, 100)])
    assert bound_window(curve, on(0), on(4)) == Bounds(0, 100)
    assert bound_window(curve, on(0), on(5)) == Bounds(100, None)


def test_a_source_that_lowers_its_figures_is_accepted_in_its_newest_word_only():
    curve = draw_curve(on(0), on(9), [Snapshot(on(5), 900, 900), Snapshot(on(20), 300, 300)])
    assert curve.is_revised
    assert bound_window(curve, on(0), on(9)) == Bounds(300, 300)


def test_nothing_was_spent_before_the_start_or_after_the_end():
    curve = draw_curve(on(10), on(19), [Snapshot(on(25), 700, 700)])
    assert bound_window(curve, on(0), on(9)) == Bounds(0, 0)
    assert bound_window(curve, on(20), on(40)) == Bounds(0, 0)
    assert bound_window(curve, on(0), on(40)) == Bounds(700, 700)


def test_a_curve_without_snapshots_is_refused():
    with pytest.raises(ValueError, match="unknown"):
        draw_curve(on(0), None, [])


@given(
    st.sampled_from([SpendBy.DAY, SpendBy.WEEK, SpendBy.MONTH]),
    st.dates(date(1999, 1, 1), date(2030, 1, 1)),
    st.integers(0, 400),
)
def test_a_split_period_has_every_day_once_and_in_its_own_range(by, first_on, length):
    last_on = first_on + timedelta(days=length)
    stretches = list(split_period(by, first_on, last_on))
    days = [
        (stretch.first_on + timedelta(days=i), stretch.key)
        for stretch in stretches
        for i in range((stretch.last_on - stretch.first_on).days + 1)
    ]
    assert [day for day, _ in days] == [first_on + timedelta(days=i) for i in range(length + 1)]
    assert all(key == key_day(by, day) for day, key in days)
    assert len({stretch.key for stretch in stretches}) == len(stretches)
