"""Filings that arrive late, in their place: what was seen unchanged after them stays current.

A version that says only how a row stands (withdrawn, replaced) repeats the words before it; where a filing
enters between, it is said again in the words of that filing.

Called by `archive.ingest.spending.filings`; it decides which versions to add and writes none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, takewhile
from operator import itemgetter

from sqlmodel import Session

from archive.ingest.rows import Stamp
from archive.ingest.series import Point, place_late
from archive.ingest.spending.filed_versions import STANDING, spell_filing
from archive.ingest.values import Values, read_values
from archive.models import DisclosureVersion
from archive.models.changes import ChangeKind
from archive.runs.sightings import find_first_after
from archive.store.bulk import table_of

_TIME = itemgetter("observed_at", "seq")


@dataclass
class LateFilings:
    """What late filings add."""

    replacing: list[tuple[Values, Values]] = field(default_factory=list)
    """What is known and what is said, where that is current now: it was not late after all."""
    versions: list[Values] = field(default_factory=list)
    """Versions that are history, and those that affirm what is current."""
    refreshed: list[Values] = field(default_factory=list)
    """What each filing's row must say of its versions, where its words stay."""
    reworded: list[Values] = field(default_factory=list)
    """Filings' rows that stay withdrawn or replaced, in the words that were filed last before that."""
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
            placed.entered += 1
            newest = max([*history, *added], key=_TIME)
            if newest in added and newest["row_sha256"] == row["row_sha256"]:
                placed.reworded.append(_reword(row, newest, added))
            else:
                placed.refreshed.append(_refresh(before, added))
    return placed


def _read_histories(session: Session, ids: Sequence[int]) -> dict[int, list[Values]]:
    """Every version of each filing, in the order of time."""
    found: dict[int, list[Values]] = {}
    versions = table_of(DisclosureVersion).c
    for row in read_values(session, versions, versions.disclosure_id, ids):
        found.setdefault(row["disclosure_id"], []).append(row)
    return {one: sorted(history, key=_TIME) for one, history in found.items()}


def _place(
    row: Values, history: Sequence[Values], seen_after: datetime | None, stamp: Stamp
) -> list[Values]:
    """The versions to add: what was filed, how it stood since, and perhaps what held before, affirmed."""
    at, sha256 = row["observed_at"], row["row_sha256"]
    marks = _list_marks(history, at, seen_after)
    said = [version for version in history if version not in marks]
    points = place_late([_make_point(version) for version in said], at, sha256, seen_after)
    if not points:
        return []
    # A later filing that has replaced the row may not have been there then.
    then = max(at, said[0]["observed_at"])
    held = [version for version in said if version["observed_at"] <= then][-1]
    stood = {"is_superseded": held["is_superseded"], "is_withdrawn": False}
    words = {"content": spell_filing(row), "withheld": row["withheld"], "row_sha256": sha256}
    added = [stamp.columns | words | stood, *(mark | words for mark in marks)]
    stands = {name: [held, *marks][-1][name] for name in STANDING}
    added += [held | stands | {"observed_at": when} for when, _ in points[1:]]
    last_seq = max(version["seq"] for version in history)
    named = {"disclosure_id": row["id"], "ref": row["ref"], "recorded_at": stamp.now}
    return [version | named | {"seq": last_seq + 1 + i} for i, version in enumerate(added)]


def _list_marks(
    history: Sequence[Values], at: datetime, seen_after: datetime | None
) -> list[Values]:
    """The versions that only say how the row stood since, in words that held until `at`.

    Where a run saw the row again, it has said itself what its words were.
    """
    if history[0]["observed_at"] > at:
        return []
    newer = [(before, one) for before, one in pairwise(history) if one["observed_at"] > at]
    unseen = [pair for pair in newer if seen_after is None or pair[1]["observed_at"] < seen_after]
    return [one for _, one in takewhile(lambda pair: _is_mark(*pair), unseen)]


def _is_mark(before: Values, version: Values) -> bool:
    """Whether the version says how the row stands and nothing else; what returned was filed again."""
    is_other = any(before[name] != version[name] for name in STANDING)
    return is_other and not before["is_withdrawn"] and before["row_sha256"] == version["row_sha256"]


def _make_point(version: Values) -> Point:
    """A version by what tells it from others of its row: its words, or that they were withdrawn."""
    state = "withdrawn" if version["is_withdrawn"] else version["row_sha256"]
    return Point(version["observed_at"], version["seq"], state)


def _reword(row: Values, newest: Values, added: Sequence[Values]) -> Values:
    """The filing's row in the words that arrived late, as it stands."""
    standing = {name: newest[name] for name in (*STANDING, "observed_at", "recorded_at")}
    return row | standing | {"versions": added[-1]["seq"]}


def _refresh(before: Values, added: Sequence[Values]) -> Values:
    """The filing's row after versions that leave its content as it is."""
    last = added[-1]
    return {
        "id": before["id"],
        "versions": last["seq"],
        "recorded_at": last["recorded_at"],
        "observed_at": max(before["observed_at"], last["observed_at"]),
    }
