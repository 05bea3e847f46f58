"""Bounds from cumulative snapshots: true for every way the money can have been spent."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random

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
from tests.archive.spending.random_series import (
    LAST_DAY,
    bound_exactly,
    draw_series,
    is_lowered,
    on,
)


@st.composite
def ads(draw):
    """A way an ad's money was spent and told, without figures taken back, and its curve."""
    series = draw_series(Random(draw(st.integers(0, 2**32))))
    assume(not is_lowered(series))
    return draw_curve(series.start_on, series.end_on, series.snapshots), series


windows = st.tuples(st.integers(0, LAST_DAY), st.integers(0, LAST_DAY)).map(sorted)


def width(bounds):
    return float("inf") if bounds.upper is None else bounds.upper - bounds.lower


@given(ads(), windows)
def test_the_truth_lies_within_the_bounds(ad, window):
    curve, series = ad
    first, last = window
    bounds = bound_window(curve, on(first), on(last))
    true = series.total(last) - series.total(first - 1)
    assert 0 <= bounds.lower <= true
    assert bounds.upper is None or true <= bounds.upper


@given(st.integers(0, 2**32), windows)
def test_the_bounds_are_the_tightest_that_every_look_allows(seed, window):
    series = draw_series(Random(seed))
    curve = draw_curve(series.start_on, series.end_on, series.snapshots)
    bounds = bound_window(curve, on(window[0]), on(window[1]))
    assert bounds == bound_exactly(series, *window)
    assert 0 <= bounds.lower <= (bounds.lower if bounds.upper is None else bounds.upper)


@given(ads(), st.sets(st.integers(0, LAST_DAY), min_size=3, max_size=3).map(sorted))
def test_neighbouring_windows_never_say_more_than_their_union(ad, days):
    curve, _ = ad
    first, cut, last = days
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
def test_the_whole_life_of_an_ad_that_has_ended_is_what_was_stated_last(ad):
    curve, series = ad
    assume(curve.start_on is not None)
    bounds = bound_window(curve, on(-1), on(LAST_DAY + 20))
    if curve.end_on is None:
        assert bounds == Bounds(max(look.lower for look in series.looks), None)
    elif all(look.is_dated for look in series.looks):
        settled = series.looks[-1]
        assert bounds == Bounds(settled.lower, settled.upper)


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
    seen = [
        Snapshot(on(10), 100, 199, on(10)),
        Snapshot(on(15), 500, 599, on(15)),
        Snapshot(on(20), 700, 799, on(20)),
    ]
    curve = draw_curve(on(0), on(30), seen)
    assert bound_window(curve, on(0), on(9)) == Bounds(0, 199)
    assert bound_window(curve, on(10), on(19)) == Bounds(500 - 199, 799)
    assert bound_window(curve, on(11), on(14)) == Bounds(0, 599 - 100)


def test_a_snapshot_of_a_day_says_at_most_only_of_the_days_before_it():
    curve = draw_curve(on(0), None, [Snapshot(on(5), 100, 100, on(5))])
    assert bound_window(curve, on(0), on(4)) == Bounds(0, 100)
    assert bound_window(curve, on(0), on(5)) == Bounds(100, None)


def test_a_source_that_lowers_its_figures_is_accepted_in_its_newest_word_only():
    curve = draw_curve(
        on(0), on(9), [Snapshot(on(5), 900, 900, on(5)), Snapshot(on(20), 300, 300, on(20))]
    )
    assert curve.is_revised
    assert bound_window(curve, on(0), on(9)) == Bounds(300, 300)


def test_nothing_was_spent_before_the_start_or_after_the_end():
    curve = draw_curve(on(10), on(19), [Snapshot(on(25), 700, 700, on(25))])
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
