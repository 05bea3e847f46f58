"""Filings that arrive late, in their place: what was seen unchanged after them stays current.

Called by `archive.ingest.spending.filings`; it decides which versions to add and writes none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from archive.ingest.rows import Stamp
from archive.ingest.series import Point, find_point, place_late
from archive.ingest.spending.filed_versions import STANDING, spell_filing
from archive.ingest.values import Values, read_values
from archive.models import DisclosureVersion
from archive.models.changes import ChangeKind
from archive.runs.sightings import find_first_after
from archive.store.bulk import table_of


@dataclass
class LateFilings:
    """What late filings add."""

    replacing: list[tuple[Values, Values]] = field(default_factory=list)
    """What is known and what is said, where that is current now: it was not late after all."""
    versions: list[Values] = field(default_factory=list)
    """Versions that are history, and those that affirm what is current."""
    refreshed: list[Values] = field(default_factory=list)
    """What each filing's row must say of its versions."""
    entered: int = 0
    """Filings whose history took a version although what is current stays."""


def place_filings(
    session: Session, stamp: Stamp, late: Sequence[tuple[Values, Values]]
) -> LateFilings:
    """Lay filings, no two of one ref, into their histories."""
    placed = LateFilings()
    ids = [before["id"] for before, _ in late]
    histories = _read_histories(session, ids)
    at = stamp.lease.observed_at
    seen: Mapping[int, datetime] = {}
    if not stamp.lease.is_reread:
        seen = find_first_after(session, stamp.lease.source, ChangeKind.DISCLOSURE, ids, at)
    for before, row in late:
        history = histories[before["id"]]
        added = _place(row, history, seen.get(before["id"]), stamp)
        if len(added) == 1 and at >= before["observed_at"]:
            placed.replacing.append((before, row))
        elif added:
            placed.versions += added
            placed.refreshed.append(_refresh(before, added))
            placed.entered += 1
    return placed


def _read_histories(session: Session, ids: Sequence[int]) -> dict[int, list[Values]]:
    """Every version of each filing."""
    found: dict[int, list[Values]] = {}
    versions = table_of(DisclosureVersion).c
    for row in read_values(session, versions, versions.disclosure_id, ids):
        found.setdefault(row["disclosure_id"], []).append(row)
    return found


def _place(
    row: Values, history: Sequence[Values], seen_after: datetime | None, stamp: Stamp
) -> list[Values]:
    """The versions to add: what was filed, and after it perhaps what held before, affirmed again."""
    at = row["observed_at"]
    known = [Point(v["observed_at"], v["seq"], _say_state(v)) for v in history]
    points = place_late(known, at, row["row_sha256"], seen_after)
    held = find_point(known, at)
    kept = ("withheld", "row_sha256", *STANDING)
    stated = stamp.columns | {"content": spell_filing(row)} | {name: row[name] for name in kept}
    affirmed = [v for v in history if held is not None and v["seq"] == held.seq]
    last_seq = max(version["seq"] for version in history)
    return [
        {name: source[name] for name in ("run_id", "capture_id", "content", "withheld", *STANDING)}
        | {
            "disclosure_id": row["id"],
            "ref": row["ref"],
            "seq": last_seq + 1 + i,
            "row_sha256": source["row_sha256"],
            "observed_at": when,
            "recorded_at": stamp.now,
        }
        for i, ((when, _), source) in enumerate(
            zip(points, [stated, *affirmed][: len(points)], strict=True)
        )
    ]


def _say_state(version: Values) -> str:
    """What tells a version from others of its row: its words, or that they were withdrawn."""
    return "withdrawn" if version["is_withdrawn"] else version["row_sha256"]


def _refresh(before: Values, added: Sequence[Values]) -> Values:
    """The filing's row after versions that leave its content as it is."""
    last = added[-1]
    return {
        "id": before["id"],
        "versions": last["seq"],
        "recorded_at": last["recorded_at"],
        "observed_at": max(before["observed_at"], last["observed_at"]),
    }
