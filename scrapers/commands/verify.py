"""`paidforby verify`: whether this archive still is what it was when it was written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from archive.exports.mirror.checking import check_mirror
from archive.exports.mirror.manifest import find_folder
from archive.names.checking import check_names
from archive.reading.shown_rows import check_shown
from archive.store.blobs import BlobStore
from archive.store.checking import UNREADABLE, ArchiveCheck, TellDone
from archive.store.database import read
from archive.store.evidence import check_blobs
from archive.store.kept_findings import keep_findings
from archive.store.ledger.checking import check_ledger
from archive.store.ledger.kept_head import keep_head, read_kept_head
from archive.store.ledger.root import read_block_roots, read_ledger_head
from archive.store.references import check_tables
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
from search.copies.checking import check_search
from search.engines import open_search

RESTORE = "compare with a backup; paidforby restore --from DIR (another home)"
ADVICE = {
    "tables": RESTORE,
    "ledger": RESTORE,
    "blobs": "paidforby import SOURCE FILE, with the same bytes, or copy blobs/ of a backup",
    "shown": "paidforby maintain --show-anew",
    "names": "paidforby maintain --show-anew",
    "search": "paidforby index sync",
}
"""What to type next, by what is bad: the first of these."""


def verify(as_json: AsJson = False) -> None:
    """Check this archive: tables, evidence, ledger, what is shown, names, search copy and mirror.

    It changes no data. What was found is kept in the home, where doctor and health tell of it; so is the
    ledger's root once it is found sound, which is compared the next time.

    Example: paidforby verify
    """
    settings = Settings()
    engine = open_or_exit(settings)
    with plain_errors(), show_checking() as start:
        checks = check_archive(settings, engine, start)
    is_sound = all(check.ok for check in checks)
    if as_json:
        emit_json({"ok": is_sound, "checks": [check.model_dump() for check in checks]})
    else:
        for line in tell_checks(checks):
            say(line)
    raise typer.Exit(DONE if is_sound else FAILED)


def check_archive(
    settings: Settings, engine: Engine, start: Callable[[str], TellDone]
) -> list[ArchiveCheck]:
    """Every check in turn; `start` is told of each as it begins. What they find is kept in the home."""
    blobs, folder = BlobStore(settings.blobs_dir), find_folder(settings)
    steps: dict[str, Callable[[Session, TellDone], ArchiveCheck]] = {
        "tables": check_tables,
        "blobs": lambda _, tell: check_blobs(engine, blobs, tell),
        "ledger": lambda session, tell: _check_ledger(settings, session, tell),
        "shown": lambda _, tell: check_shown(engine, tell),
        "names": check_names,
        "search": lambda _, __: check_search(engine, open_search(settings, engine), utc_now()),
        "mirror": lambda session, tell: check_mirror(session, folder, tell),
    }
    checks = [_run_step(name, step, engine, start(name)) for name, step in steps.items()]
    # How the search copy stands is asked anew by whoever tells of it.
    keep_findings(settings, [c for c in checks if c.name != "search"], utc_now(), are_all=True)
    return checks


def _run_step(
    name: str, step: Callable[[Session, TellDone], ArchiveCheck], engine: Engine, tell: TellDone
) -> ArchiveCheck:
    """A check; what cannot even be read is what it was looking for."""
    try:
        # A session that asks nothing holds nothing.
        with read(engine) as session:
            return step(session, tell)
    except (DBAPIError, OSError, *UNREADABLE) as error:
        check = ArchiveCheck(name=name)
        check.note_bad(f"could not be read: {getattr(error, 'orig', error)}")
        return check


def _check_ledger(settings: Settings, session: Session, tell: TellDone) -> ArchiveCheck:
    check = check_ledger(session, read_kept_head(settings), tell)
    if check.ok:
        head = read_ledger_head(session)
        keep_head(settings, head, utc_now(), read_block_roots(session, head.size))
    return check


def tell_checks(checks: list[ArchiveCheck]) -> list[str]:
    """The checks, then what to do next."""
    lines, bad = tell_findings(checks), {check.name for check in checks if not check.ok}
    if not bad:
        return [*lines, "next: paidforby backup --to DIR"]
    advice = next((ADVICE[name] for name in ADVICE if name in bad), RESTORE)
    return [*lines, f"next: {advice}; then: paidforby verify"]


def tell_findings(checks: list[ArchiveCheck]) -> list[str]:
    """The checks as a table, then each bad thing."""
    rows = [
        (check.name, "sound" if check.ok else "BAD", check.checked, check.bad_count, check.detail)
        for check in checks
    ]
    lines = format_table(("check", "found", "checked", "bad", ""), rows)
    for check in checks:
        lines += [f"{check.name}: {what}" for what in check.bad]
        if more := check.bad_count - len(check.bad):
            lines.append(f"{check.name}: and {more:,} more")
    return lines


@contextmanager
def show_checking() -> Iterator[Callable[[str], TellDone]]:
    """Says on a terminal what is being checked and how much of it is done."""
    with Console(stderr=True).status("checking") as status:

        def start(name: str) -> TellDone:
            done = 0

            def tell(count: int) -> None:
                nonlocal done
                done += count
                status.update(f"checking {name}: {done:,}")

            return tell

        yield start
