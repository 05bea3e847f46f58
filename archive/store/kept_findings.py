"""What the last checks of this archive found, kept beside the database: a damaged one takes no note.

`paidforby verify` and the nightly upkeep write it; doctor and health tell what is not as it should be until a
later check finds it sound.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError
from sqlmodel import Field, SQLModel

from archive.store.checking import ArchiveCheck
from archive.store.disk import replace_file
from config.counts import write_count
from config.settings import Settings

FILE = "last-checks.json"


class KeptFinding(SQLModel):
    """One check and what it found last."""

    name: str = Field(description="The check.")
    found_at: datetime = Field(description="When.")
    bad_count: int = Field(description="How much was not as it should be.")


FINDINGS = TypeAdapter(list[KeptFinding])


def read_findings(settings: Settings) -> list[KeptFinding]:
    """What each check found last; none before the first, and of a file that says nothing of the kind."""
    try:
        return FINDINGS.validate_json((settings.home / FILE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return []


def keep_findings(
    settings: Settings, checks: Iterable[ArchiveCheck], now: datetime, *, are_all: bool
) -> None:
    """Keep what these checks found last; `are_all`: no other check looks at more."""
    found = {} if are_all else {each.name: each for each in read_findings(settings)}
    for check in checks:
        found[check.name] = KeptFinding(name=check.name, found_at=now, bad_count=check.bad_count)
    text = FINDINGS.dump_json(list(found.values()), indent=2).decode()
    replace_file(settings.home / FILE, f"{text}\n")


def tell_findings(findings: Iterable[KeptFinding]) -> str:
    """The faults of the last checks in a sentence; empty: none, or nothing was checked yet."""
    bad = [each for each in findings if each.bad_count]
    if not bad:
        return ""
    last = max(each.found_at for each in bad).astimezone(UTC)
    named = ", ".join(f"{each.name} {each.bad_count:,}" for each in bad)
    faults = write_count(sum(each.bad_count for each in bad), "fault")
    return f"last verified {last:%d %b %Y %H:%M} UTC: {faults} ({named})"
