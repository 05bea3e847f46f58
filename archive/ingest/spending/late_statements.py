"""Statements that arrive late, in their place: what was seen unchanged after them stays current.

A withdrawn statement repeats the words before it without amounts; where a statement enters between, it is
withdrawn anew in the words of that one.

Called by `archive.ingest.spending.statements`; it decides which rows to add and writes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from sqlmodel import Session

from archive.ingest.rows import Stamp
from archive.ingest.series import Point, find_point, place_late
from archive.ingest.spending.nothing_stated import state_nothing
from archive.ingest.values import Values, read_values
from archive.models import AdvertiserSpend
from archive.models.changes import ChangeKind
from archive.runs.sightings import find_first_after
from archive.store.bulk import table_of


@dataclass
class LateStatements:
    """What late statements add."""

    rows: list[Values] = field(default_factory=list)
    """Rows to write, the current ones marked."""
    replacing: list[tuple[Values, Values]] = field(default_factory=list)
    """What was current, and the statement that is current now: it was not late after all."""
    seen_ids: list[int] = field(default_factory=list)
    """The rows that say what the run saw."""


def place_statements(
    session: Session, stamp: Stamp, stated: Sequence[Values], next_id: int
) -> LateStatements:
    """Lay statements, no two of one series, into the histories of their series.

    New rows take ids from `next_id` on.
    """
    late = LateStatements()
    histories = _read_histories(session, stamp.lease.source, [row["series"] for row in stated])
    seen_after = _find_seen_after(session, stamp, histories)
    for row in stated:
        history = histories[row["series"]]
        points = _place(row, history, seen_after.get(row["series"]))
        added = [_copy(one, next_id + len(late.rows) + i, stamp) for i, one in enumerate(points)]
        _mark_current(history, added, row, late)
        late.rows += added
        late.seen_ids.append(added[0]["id"] if added else _held_then(history, row)["id"])
    return late


def _read_histories(
    session: Session, source: str, series: Sequence[str]
) -> dict[str, list[Values]]:
    """Every row of each series."""
    found: dict[str, list[Values]] = {}
    columns = table_of(AdvertiserSpend).c
    for row in read_values(session, columns, columns.series, series, columns.source == source):
        found.setdefault(row["series"], []).append(row)
    return found


def _find_seen_after(
    session: Session, stamp: Stamp, histories: dict[str, list[Values]]
) -> dict[str, datetime]:
    """The earliest newer run that saw any statement of each series; of evidence read again none counts."""
    if stamp.lease.is_reread:
        return {}
    series_of = {row["id"]: name for name, history in histories.items() for row in history}
    lease, kind = stamp.lease, ChangeKind.ADVERTISER_SPEND
    seen = find_first_after(session, lease.source, kind, list(series_of), lease.observed_at)
    first: dict[str, datetime] = {}
    for row_id, at in seen.items():
        name = series_of[row_id]
        first[name] = min(at, first.get(name, at))
    return first


def _place(row: Values, history: Sequence[Values], seen_after: datetime | None) -> list[Values]:
    """The rows to add: the statement, and after it perhaps what held before, affirmed, or its end."""
    at, sha256 = row["observed_at"], row["row_sha256"]
    points = place_late(_list_points(history), at, sha256, seen_after)
    added = [
        (row if i == 0 else _held_then(history, row)) | {"observed_at": when}
        for i, (when, _) in enumerate(points)
    ]
    withdrawn = _find_withdrawal(history, at, seen_after)
    if added and withdrawn:
        said_by = {name: withdrawn[name] for name in ("observed_at", "run_id", "capture_id")}
        added.append(state_nothing(row) | said_by)
    return added


def _find_withdrawal(
    history: Sequence[Values], at: datetime, seen_after: datetime | None
) -> Values | None:
    """The row that withdraws what was said last up to a time, if no run saw a statement before it."""
    newer = [one for one in history if one["observed_at"] > at]
    following = min(newer, key=itemgetter("observed_at", "id"), default=None)
    if following is None or not following["is_withdrawn"]:
        return None
    return following if seen_after is None or following["observed_at"] < seen_after else None


def _held_then(history: Sequence[Values], row: Values) -> Values:
    held = find_point(_list_points(history), row["observed_at"])
    return next(one for one in history if held is not None and one["id"] == held.seq)


def _list_points(history: Sequence[Values]) -> list[Point]:
    return [Point(one["observed_at"], one["id"], one["row_sha256"]) for one in history]


def _copy(row: Values, row_id: int, stamp: Stamp) -> Values:
    """A further row, learned now; what is affirmed keeps the run and the capture it stands in."""
    return row | {"id": row_id, "recorded_at": stamp.now, "is_current": False}


def _mark_current(
    history: Sequence[Values], added: Sequence[Values], row: Values, late: LateStatements
) -> None:
    """Mark what is current after this, and say whether the statement itself is."""
    before = next(one for one in history if one["is_current"])
    newest = max([before, *added], key=lambda one: (one["observed_at"], one["id"]))
    if newest is not before:
        newest["is_current"] = True
    if newest is not before and newest["row_sha256"] == row["row_sha256"]:
        late.replacing.append((before, newest))
