"""What sources state for advertisers, into the archive: every observation is kept.

Called by `archive.ingest.pages` only. Of a series the statement with the greatest `(observed_at, id)` is
current; one that arrives late enters history in its place (`archive.ingest.spending.late_statements`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from archive.ingest.advertisers import note_advertisers
from archive.ingest.corrections import (
    Figures,
    Subject,
    correct_statement,
    return_statement,
    write_corrections,
)
from archive.ingest.rows import Stamp
from archive.ingest.series import split_repeats
from archive.ingest.spending.late_statements import place_statements
from archive.ingest.values import Values, insert_values, read_values
from archive.models import AdvertiserSpend
from archive.models.changes import ChangeKind
from archive.models.corrections import SpendMeasure
from archive.records import AdvertiserSpendRecord
from archive.records.canonical import hash_json
from archive.records.identity import advertiser_id
from archive.records.postal_addresses import cut_address
from archive.records.shown_fields import show_statement
from archive.runs.lease import Counts
from archive.runs.plausibility import Gate, list_moves
from archive.runs.sightings import find_last_before, note_sightings
from archive.store.batches import cut_batches
from archive.store.bulk import table_of
from archive.store.changes import append_changes

COMPARED = (
    *("id", "series", "row_sha256", "observed_at", "run_id", "is_withdrawn", "advertiser_id"),
    *("period_end_on", "currency", "spend_lower_minor", "spend_upper_minor", "ads_count"),
)
"""What ingest must know of a current statement."""

NOT_SAID = frozenset({"is_rounded", "rounded_to_minor", "payer_name"})
"""What is learned about a source's words, or stands in the series and `source_fields` already: not hashed.

So a statement keeps the hash it had before these fields were there.
"""


@dataclass
class MetStatements:
    """The statements of a page, by what the archive knows of their series."""

    fresh: list[Values] = field(default_factory=list)
    changed: list[tuple[Values, Values]] = field(default_factory=list)
    """What is current, and what the source says now."""
    late: list[Values] = field(default_factory=list)
    unchanged: list[Values] = field(default_factory=list)
    """What is current and said again."""


def ingest_advertiser_spend(
    session: Session,
    stamp: Stamp,
    records: Sequence[AdvertiserSpendRecord],
    gate: Gate | None = None,
) -> Counts:
    """Take statements in; one that says what the newest of its series said writes nothing.

    Raises:
        ImplausibleBatchError: if the page is implausible.
    """
    counts = Counts()
    if not records:
        return counts
    lease = stamp.lease
    note_advertisers(session, lease, records, stamp.now, is_late=stamp.is_late)
    for distinct in split_repeats(records, name_series):
        met = _meet(session, stamp, distinct)
        if gate is not None:
            _weigh(gate, met)
        next_id = (session.exec(select(func.max(AdvertiserSpend.id))).one() or 0) + 1
        stated = [*met.fresh, *(row for _, row in met.changed)]
        for place, row in enumerate(stated):
            row["id"] = next_id + place
        late = place_statements(session, stamp, met.late, next_id + len(stated))
        _correct(session, stamp, [*met.changed, *late.replacing])
        write_statements(session, stamp, [*stated, *late.rows])
        seen = [
            *(row["id"] for row in met.unchanged),
            *(row["id"] for row in stated),
            *late.seen_ids,
        ]
        note_sightings(session, lease, ChangeKind.ADVERTISER_SPEND, seen)
        counts.add(_count(met, len({row["series"] for row in late.rows})))
    return counts


def name_series(record: AdvertiserSpendRecord) -> str:
    """What a later statement is compared with: data set, advertiser, grain, period and payer named."""
    who = record.advertiser_ref or cut_address(record.advertiser_name or "")
    parts = [record.dataset, who, record.grain, str(record.period_start_on or "")]
    payer = cut_address(record.payer_name or "")
    return "|".join([*parts, payer] if payer else parts)


def write_statements(session: Session, stamp: Stamp, rows: Sequence[Values]) -> None:
    """Add rows; those that are current replace what was current of their series."""
    if not rows:
        return
    _retire(session, stamp.lease.source, [row["series"] for row in rows if row["is_current"]])
    insert_values(session, AdvertiserSpend, rows)
    append_changes(session, ChangeKind.ADVERTISER_SPEND, [r["id"] for r in rows], stamp.now)


def name_subject(statement: Values) -> Subject:
    """A statement as the subject of corrections."""
    return Subject(SpendMeasure.REPORTED, statement["series"], statement["advertiser_id"])


def _meet(
    session: Session, stamp: Stamp, records: Sequence[AdvertiserSpendRecord]
) -> MetStatements:
    """Sort statements, of which no two are of one series."""
    rows = [_make_row(record, stamp) for record in records]
    current = _read_current(session, stamp.lease.source, [row["series"] for row in rows])
    met = MetStatements()
    for row in rows:
        before = current.get(row["series"])
        if before is None:
            met.fresh.append(row)
        elif _is_behind(row, before):
            met.late.append(row)
        elif before["row_sha256"] == row["row_sha256"]:
            met.unchanged.append(before)
        elif stamp.is_late and not stamp.lease.is_reread:
            met.late.append(row)
        else:
            met.changed.append((before, row))
    return met


def _weigh(gate: Gate, met: MetStatements) -> None:
    """Lay the amounts this page would change beside those it would replace."""
    moves = [move for before, after in met.changed for move in list_moves(before, after)]
    unchanged = Counter[str | None]()
    for row in met.unchanged:
        unchanged[row["currency"]] += row["spend_lower_minor"] or 0
    gate.statements.weigh(moves, unchanged, len(met.changed) + len(met.unchanged))


def _is_behind(row: Values, before: Values) -> bool:
    return bool(row["observed_at"] < before["observed_at"])


def _read_current(session: Session, source: str, series: Sequence[str]) -> dict[str, Values]:
    columns = table_of(AdvertiserSpend).c
    compared, current = [columns[name] for name in COMPARED], columns.is_current.is_(True)
    rows = read_values(session, compared, columns.series, series, columns.source == source, current)
    return {row["series"]: row for row in rows}


def _make_row(record: AdvertiserSpendRecord, stamp: Stamp) -> Values:
    """A row without its id, as it is if nothing newer is known."""
    source, stated = stamp.lease.source, dict(record.__dict__)
    said = {name: value for name, value in stated.items() if name not in NOT_SAID}
    said["missing"] = {n: why for n, why in stated["missing"].items() if n not in NOT_SAID}
    shown, withheld = show_statement(stated, stamp.shown)
    return (
        shown
        | stamp.columns
        | {
            "withheld": withheld,
            "source": source,
            "series": name_series(record),
            "is_current": True,
            "is_withdrawn": False,
            "advertiser_id": advertiser_id(source, record.advertiser_ref, shown["advertiser_name"]),
            "row_sha256": hash_json(said),
        }
    )


def _count(met: MetStatements, entered: int) -> Counts:
    """A late statement that says what the history says already counts as unchanged."""
    return Counts(
        seen=len(met.fresh) + len(met.changed) + len(met.late) + len(met.unchanged),
        new=len(met.fresh),
        changed=len(met.changed) + entered,
        unchanged=len(met.unchanged) + len(met.late) - entered,
    )


def _correct(session: Session, stamp: Stamp, changed: Sequence[tuple[Values, Values]]) -> None:
    """Say publicly which statements are no growth; two of one run correct nothing."""
    told = [(b, a) for b, a in changed if b["run_id"] != stamp.lease.run_id]
    stated_at = _read_last_stated(session, stamp, [before for before, _ in told])
    rows = []
    for before, after in told:
        was = Figures(before, before["observed_at"])
        now = Figures(after, after["observed_at"])
        if before["is_withdrawn"]:
            rows.append(return_statement(name_subject(after), stamp, was, now))
        elif row := correct_statement(
            name_subject(after), stamp, was, now, stated_at[before["id"]]
        ):
            rows.append(row)
    write_corrections(session, rows)


def _read_last_stated(
    session: Session, stamp: Stamp, statements: Sequence[Values]
) -> dict[int, datetime]:
    """When each statement was last seen before this run.

    Only those of a period that was not over when it was first seen need the runs asked.
    """
    at = stamp.lease.observed_at
    found = {row["id"]: row["observed_at"] for row in statements}
    asked = [
        row["id"]
        for row in statements
        if row["period_end_on"] and row["period_end_on"] >= row["observed_at"].date()
    ]
    kind = ChangeKind.ADVERTISER_SPEND
    return found | find_last_before(session, stamp.lease.source, kind, asked, at)


def _retire(session: Session, source: str, series: Sequence[str]) -> None:
    for some in cut_batches(series):
        replaced = update(AdvertiserSpend).where(
            col(AdvertiserSpend.source) == source,
            col(AdvertiserSpend.series).in_(some),
            col(AdvertiserSpend.is_current).is_(True),
        )
        session.connection().execute(replaced.values(is_current=False))
