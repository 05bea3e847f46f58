"""A process that is told to end does so, also where the exit that a signal raised was lost."""

import subprocess
import sys
from threading import Event

from scrapers.work.dispatch.ending import wait_until

LOSES_ITS_EXIT = """
import os, signal
from threading import Event
from scrapers.work.dispatch.ending import end_on_signals, wait_until
end_on_signals()
try:
    os.kill(os.getpid(), signal.SIGTERM)
except SystemExit:
    pass
wait_until(Event())
"""


def test_a_process_whose_exit_a_library_swallowed_ends_all_the_same():
    run = subprocess.run([sys.executable, "-c", LOSES_ITS_EXIT], timeout=30, check=False)
    assert run.returncode == 0


def test_what_comes_is_said_and_what_does_not_is_waited_for_no_longer_than_asked():
    event = Event()
    assert not wait_until(event, 0)
    event.set()
    assert wait_until(event, 0)
