"""Filed expenditures and registered organisations into the archive.

Called by `archive.ingest.pages` only. An amended filing is a further version; one that arrives late enters
history in its place (`archive.ingest.spending.late_filings`). Of an organisation the last description is
kept.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from sqlalchemy import func
from sqlmodel import Session, select

from archive.ingest.corrections import (
    FILED,
    Figures,
    correct_filing,
    return_filing,
    write_corrections,
)
from archive.ingest.rows import Stamp
from archive.ingest.series import split_repeats
from archive.ingest.spending.amended_reports import replace_pairs
from archive.ingest.spending.filed_versions import (
    STANDING,
    Stated,
    make_version,
    name_row,
    read_runs,
    update_rows,
    write_versions,
)
from archive.ingest.spending.late_filings import place_filings
from archive.ingest.values import Values, insert_values, read_values
from archive.models import Committee, Disclosure
from archive.models.changes import ChangeKind
from archive.records import CommitteeRecord, DisclosureRecord
from archive.records.canonical import hash_json
from archive.records.shown_fields import show_statement
from archive.runs.lease import Counts
from archive.runs.plausibility import Gate, Move, list_moves
from archive.runs.sightings import find_first_after, note_sightings
from archive.store.bulk import table_of
from archive.store.changes import append_changes

COMPARED = ("id", "ref", "row_sha256", "versions", "observed_at")

OF_FILED = (*FILED, "is_memo", "is_notice", *STANDING)
"""What else ingest must know of a filed row."""


@dataclass
class MetFilings:
    """The rows of a page, by what the archive knows of them; pairs are what is known and what is said."""

    fresh: list[Values] = field(default_factory=list)
    changed: list[tuple[Values, Values]] = field(default_factory=list)
    late: list[tuple[Values, Values]] = field(default_factory=list)
    unchanged: list[Values] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """As if nothing late said anything new."""
        seen = len(self.fresh) + len(self.changed) + len(self.late) + len(self.unchanged)
        new, changed = len(self.fresh), len(self.changed)
        return Counts(seen=seen, new=new, changed=changed, unchanged=seen - new - changed)

    @property
    def seen_ids(self) -> list[int]:
        """Everything the page named."""
        pairs = [*self.changed, *self.late]
        return [
            *(row["id"] for row in [*self.unchanged, *self.fresh]),
            *(row["id"] for row, _ in pairs),
        ]


def ingest_disclosures(
    session: Session, stamp: Stamp, records: Sequence[DisclosureRecord], gate: Gate | None = None
) -> Counts:
    """Take filed expenditures in; what changed becomes a further version.

    Raises:
        ImplausibleBatchError: if the page is implausible.
    """
    counts = Counts()
    for distinct in split_repeats(records, attrgetter("ref")):
        met = _meet(session, Disclosure, stamp, distinct, OF_FILED)
        late = place_filings(session, stamp, met.late)
        met.changed += late.replacing
        _correct(session, stamp, met.changed)
        _write(session, Disclosure, met.fresh, [row for _, row in met.changed])
        update_rows(session, Disclosure, late.refreshed)
        update_rows(session, Disclosure, late.reworded)
        current = [*met.fresh, *(row for _, row in met.changed)]
        versions = [make_version(row, stamp) for row in current] + late.versions
        write_versions(session, stamp, versions)
        pairs = replace_pairs(session, stamp, [record.__dict__ for record in distinct])
        if gate is not None:
            _weigh(gate, [*met.changed, *pairs], met.unchanged)
        note_sightings(session, stamp.lease, ChangeKind.DISCLOSURE, met.seen_ids)
        counts.add(met.counts)
        counts.changed += late.entered
        counts.unchanged -= late.entered
    return counts


def ingest_committees(session: Session, stamp: Stamp, records: Sequence[CommitteeRecord]) -> Counts:
    """Take registered organisations in, as last described; an older description changes nothing."""
    counts = Counts()
    for distinct in split_repeats(records, attrgetter("ref")):
        met = _meet(session, Committee, stamp, distinct, ())
        met.changed += _drop_outdated(session, stamp, met.late)
        _write(session, Committee, met.fresh, [row for _, row in met.changed])
        described = [row["id"] for row in [*met.fresh, *(row for _, row in met.changed)]]
        append_changes(session, ChangeKind.COMMITTEE, described, stamp.now)
        note_sightings(session, stamp.lease, ChangeKind.COMMITTEE, met.seen_ids)
        counts.add(met.counts)
    return counts


def _meet(
    session: Session,
    table: type[Stated],
    stamp: Stamp,
    records: Sequence[DisclosureRecord] | Sequence[CommitteeRecord],
    figures: Sequence[str],
) -> MetFilings:
    """Sort rows, of which no two are of one ref."""
    known = _read_known(session, table, stamp.lease.source, [r.ref for r in records], figures)
    next_id = (session.exec(select(func.max(table.id))).one() or 0) + 1
    met = MetFilings()
    for record in records:
        row = _make_row(record, stamp) | {name: False for name in figures if name in STANDING}
        before = known.get(record.ref)
        if before is None:
            met.fresh.append(row | {"id": next_id + len(met.fresh), "versions": 1})
            continue
        row |= {"id": before["id"], "versions": before["versions"] + 1}
        if "is_superseded" in before:
            row["is_superseded"] = before["is_superseded"]
        is_same = before["row_sha256"] == row["row_sha256"] and not before.get("is_withdrawn")
        may_be_late = stamp.is_late and not is_same and not stamp.lease.is_reread
        if stamp.lease.observed_at < before["observed_at"] or may_be_late:
            met.late.append((before, row))
        elif is_same:
            met.unchanged.append(before)
        else:
            met.changed.append((before, row))
    return met


def _read_known(
    session: Session, table: type[Stated], source: str, refs: Sequence[str], figures: Sequence[str]
) -> dict[str, Values]:
    columns = table_of(table).c
    compared = [columns[name] for name in (*COMPARED, *figures)]
    rows = read_values(session, compared, columns.ref, refs, columns.source == source)
    return {row["ref"]: row for row in rows}


def _make_row(record: DisclosureRecord | CommitteeRecord, stamp: Stamp) -> Values:
    stated = dict(record.__dict__)
    shown, withheld = show_statement(stated, stamp.shown)
    # In the order in which the archive spells what is kept as JSON, however a row comes to be written.
    in_order = {name: dict(sorted(shown[name].items())) for name in ("missing", "source_fields")}
    return (
        shown
        | in_order
        | {
            "withheld": withheld,
            "source": stamp.lease.source,
            "row_sha256": hash_json(stated),
            "observed_at": stamp.lease.observed_at,
            "recorded_at": stamp.now,
        }
    )


def _drop_outdated(
    session: Session, stamp: Stamp, late: Sequence[tuple[Values, Values]]
) -> list[tuple[Values, Values]]:
    """Of descriptions that may be late those that are not: no newer run saw the organisation."""
    at = stamp.lease.observed_at
    ids = [before["id"] for before, _ in late]
    seen = find_first_after(session, stamp.lease.source, ChangeKind.COMMITTEE, ids, at)
    return [
        (before, row)
        for before, row in late
        if before["id"] not in seen and before["observed_at"] <= at
    ]


def _correct(session: Session, stamp: Stamp, changed: Sequence[tuple[Values, Values]]) -> None:
    """Say publicly which figures a filing amends; two rows of one run amend nothing."""
    rows = []
    brought = read_runs(session, [before["id"] for before, _ in changed])
    for before, after in changed:
        if before["is_superseded"] or (
            brought.get((before["id"], before["versions"])) == stamp.lease.run_id
        ):
            continue
        was = Figures(before, before["observed_at"])
        now = Figures(after, after["observed_at"])
        tell = return_filing if before["is_withdrawn"] else correct_filing
        rows.append(tell(name_row(stamp, after), stamp, was, now))
    write_corrections(session, [row for row in rows if row])


def _weigh(
    gate: Gate, stated: Sequence[tuple[Values, Values]], unchanged: Sequence[Values]
) -> None:
    """Lay the amounts that count before a page beside those that count after it."""
    moves: list[Move] = []
    for before, after in stated:
        if not before["is_withdrawn"]:
            moves += list_moves(_count_amount(before), _count_amount(after))
    sums = Counter[str | None]()
    for row in unchanged:
        sums[row["currency"]] += _count_amount(row)["spend_lower_minor"]
    gate.filings.weigh(moves, sums, len(stated) + len(unchanged))


def _count_amount(row: Values) -> Values:
    """What a filed row adds to what was paid: nothing where it is not counted or is a refund."""
    is_counted = not (row["is_memo"] or row["is_notice"] or row["is_superseded"])
    amount = max(row["amount_minor"], 0) if is_counted else 0
    return {"currency": row["currency"], "spend_lower_minor": amount}


def _write(
    session: Session, table: type[Stated], fresh: Sequence[Values], changed: Sequence[Values]
) -> None:
    insert_values(session, table, fresh)
    update_rows(session, table, changed)
