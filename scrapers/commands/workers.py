"""`paidforby workers`: the processes that crawl and schedule, and whether they are alive."""

import socket
from typing import Annotated

import typer

from archive.models import WorkerHeartbeat
from archive.runs.workers import is_alive, list_workers
from archive.store.database import read
from archive.terminal import (
    DONE,
    FAILED,
    AsJson,
    emit_json,
    format_table,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings


def workers(
    here: Annotated[bool, typer.Option("--here", help="Only processes of this machine.")] = False,
    as_json: AsJson = False,
) -> None:
    """Who crawls and schedules, on what, and when each last said that it is alive.

    Exit code 0 when one of them is alive, else 1: fit for a health check, with --here in its container.

    Example: paidforby workers --here
    """
    engine, now = open_or_exit(Settings()), utc_now()
    with plain_errors(), read(engine) as session:
        found = list_workers(session, socket.gethostname() if here else "")
    alive = [worker for worker in found if is_alive(worker, now)]
    if as_json:
        emit_json([worker.model_dump() | {"is_alive": worker in alive} for worker in found])
    elif found:
        header = ("name", "kind", "state", "last heard", "at work since", "crawls")
        for line in format_table(header, [_tell(worker, worker in alive) for worker in found]):
            say(line)
    else:
        say("nobody is at work; type: paidforby worker")
    raise typer.Exit(DONE if alive else FAILED)


def _tell(worker: WorkerHeartbeat, is_alive: bool) -> tuple[object, ...]:
    return (
        worker.name,
        worker.kind,
        "alive" if is_alive else "dead",
        worker.heartbeat_at,
        worker.since_at,
        ", ".join(worker.crawls),
    )
