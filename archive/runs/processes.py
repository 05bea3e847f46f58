"""Processes that hold a lease, named so that others of their machine can tell that they have ended.

A process that was killed cannot give its lease back. Where the system is certain that it is gone, nobody
waits for the lease; of another machine, and where nothing certain can be said, the lease is waited for.
"""

import os
import socket
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")
PIDS = Path("/proc/self/ns/pid")
"""On Linux: which start of the machine this is, and among which processes numbers are given (proc(5))."""

ENDED = "ended"


def name_process(pid: int) -> str:
    """A process of this machine as people read it: `host/4711`."""
    return f"{socket.gethostname()}/{pid}"


def mark_process(pid: int) -> str:
    """A process as no other will ever be called: `host/4711/<boot and pids>/<start>`.

    Without the last two where the system does not tell them.
    """
    place, start = _read_place(), _read_start(pid)
    return f"{name_process(pid)}/{place}/{start}" if place and start else name_process(pid)


def show_process(mark: str) -> str:
    """What people read of a mark: `host/4711`."""
    return "/".join(mark.split("/")[:2])


def is_gone(mark: str) -> bool:
    """Whether a process is known to have ended: its number is free, or another has it by now.

    Never by the clock, which may be set. A machine that was started again may be another of the same name:
    of its processes nothing is known.
    """
    host, pid, place, start = [*mark.split("/"), "", "", ""][:4]
    if not start or (host, place) != (socket.gethostname(), _read_place()):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # It is there, but of another account: its start may be hidden (hidepid, proc(5)).
        pass
    return _read_start(int(pid)) not in ("", start)


def _read_place() -> str:
    try:
        return f"{BOOT.read_text().strip()}.{PIDS.stat().st_ino}"
    except OSError:
        return ""


def _read_start(pid: int) -> str:
    """Clock ticks from the machine's start to the process's; empty: the system does not tell.

    One of which only its exit code is left has `ENDED`.
    """
    try:
        # Its name stands in brackets before, and may hold anything.
        state, *after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return ENDED if state in "ZX" else after[18]
