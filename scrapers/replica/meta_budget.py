"""The hourly budget of calls to Meta's Ad Library API and the header that tells how much is used.

`meta_ad_library.py` counts each call here; tests hand in a small budget and a clock of their own.
"""

import json
import time
from collections.abc import Callable

APP_ID = "900000000000001"
SECONDS_PER_HOUR = 3600


class CallBudget:
    """Every call raises what is used, time lowers it; at 100 percent calls are refused.

    A refused call counts too, so asking on prolongs the block. `clock` gives seconds.
    """

    def __init__(
        self, calls_per_hour: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls_per_hour = calls_per_hour
        self._clock = clock
        self._used = 0.0
        self._used_at_seconds = clock()

    def count_call(self) -> int:
        """Count one call; gives the percentage of the hour's budget that is used with it."""
        seconds = self._clock()
        regained = (seconds - self._used_at_seconds) * self._calls_per_hour / SECONDS_PER_HOUR
        self._used = max(0.0, self._used - regained) + 1
        self._used_at_seconds = seconds
        return int(100 * self._used / self._calls_per_hour)


def write_usage(percent: int) -> str:
    """The header `X-Business-Use-Case-Usage`: percentages of the hour, and minutes to wait.

    The two times are made up as parts of the call count; a real one may be the highest of the three.
    """
    minutes = 0 if percent < 100 else -(-(percent - 99) * 60 // 100)
    usage = {
        "type": "ads_archive",
        "call_count": percent,
        "total_cputime": percent // 3,
        "total_time": percent // 2,
        "estimated_time_to_regain_access": minutes,
    }
    return json.dumps({APP_ID: [usage]})
