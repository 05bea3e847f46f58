"""The steps of a curve, looked up, say what the curve says of every day."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from archive.spending.curves import find_steps
from archive.spending.windows import draw_curve
from tests.archive.spending.random_series import LAST_DAY, draw_series, on


@given(st.integers(0, 10**9))
def test_between_two_steps_nothing_changes(seed):
    series = draw_series(Random(seed))
    start_on = series.start_on or on(0)
    curve = draw_curve(start_on, series.end_on, series.snapshots)
    steps = find_steps(curve, start_on)

    assert [day for day, *_ in steps] == sorted({day for day, *_ in steps})
    for number in range(-2, LAST_DAY + 3):
        day = on(number)
        begun = [(least, most) for step_on, least, most in steps if step_on <= day]
        least, most = begun[-1] if begun else (0, 0)
        assert (least, most) == (curve.least_by(day), curve.most_by(day))
