"""A process that works until a signal ends it."""

import math
import signal
import sys
import time
from threading import Event

SECONDS_BETWEEN_LOOKS = 1.0


class _Ending:
    is_told = False


def end_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process with exit code 0, whatever its main thread is at."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def wait_until(event: Event, seconds: float = math.inf) -> bool:
    """Wait for an event in the main thread, at most so long; says whether it came.

    A signal raises where the main thread happens to be. Within what a library lets nothing out of, such as
    its cleaning up, that is lost, once in some dozen starts of a scheduler; here the process still ends.
    """
    until = time.monotonic() + seconds
    while not event.wait(max(0, min(SECONDS_BETWEEN_LOOKS, until - time.monotonic()))):
        if _Ending.is_told:
            sys.exit(0)
        if time.monotonic() >= until:
            return False
    return True


def _end(*_: object) -> None:
    _Ending.is_told = True
    sys.exit(0)
