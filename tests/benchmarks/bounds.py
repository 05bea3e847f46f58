"""Whether bounds over days are exact and true: `python -m tests.benchmarks.bounds --cases N --seed S`.

Random series (runs that saw nothing move, late settlements, files of unknown days, lowered figures) are
summed over a random window, and compared with an independent exact method and with what was truly spent.
`open_closed_by_runs`: of the windows whose upper end would be open without the runs that saw an ad's
numbers unmoved, the share that these close.
"""

import argparse
import json
import sys
from dataclasses import replace
from random import Random

from archive.spending.windows import bound_window, draw_curve
from tests.archive.spending.random_series import (
    LAST_DAY,
    Series,
    bound_exactly,
    draw_series,
    is_lowered,
    on,
)


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    dice = Random(given.seed)
    equal = unsound = left_open = closed = 0
    for _ in range(given.cases):
        series = draw_series(dice)
        first, last = sorted((dice.randint(0, LAST_DAY), dice.randint(0, LAST_DAY)))
        bounds = bound_window(
            draw_curve(series.start_on, series.end_on, series.snapshots), on(first), on(last)
        )
        equal += bounds == bound_exactly(series, first, last)
        true = series.total(last) - series.total(first - 1)
        is_true = bounds.lower <= true and (bounds.upper is None or true <= bounds.upper)
        unsound += not is_true and not is_lowered(series)
        if _is_open_without_runs(series, first, last):
            left_open += 1
            closed += bounds.upper is not None
    figures = {
        "equal_exact": equal / given.cases,
        "unsound": unsound,
        "open_closed_by_runs": round(closed / max(1, left_open), 3),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _is_open_without_runs(series: Series, first: int, last: int) -> bool:
    rows = [replace(s, last_on=s.last_on and s.observed_on) for s in series.snapshots]
    curve = draw_curve(series.start_on, series.end_on, rows)
    return bound_window(curve, on(first), on(last)).upper is None


if __name__ == "__main__":
    main()
