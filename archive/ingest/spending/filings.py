"""Filed expenditures and registered organisations into the archive.

Called by `archive.ingest.pages` only. An amended filing is a further version; one that arrives late enters
history in its place (`archive.ingest.spending.late_filings`). Of an organisation the last description is
kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeVar

from sqlalchemy import bindparam, func, update
from sqlmodel import Session, col, select

from archive.ingest.corrections import FILED, Figures, Subject, correct_filing, write_corrections
from archive.ingest.rows import Stamp
from archive.ingest.series import split_repeats
from archive.ingest.spending.late_filings import place_filings, spell_filing
from archive.ingest.values import Values, insert_values, read_values
from archive.models import Committee, Disclosure, DisclosureVersion
from archive.models.changes import ChangeKind, LeafKind
from archive.models.corrections import SpendMeasure
from archive.records import CommitteeRecord, DisclosureRecord
from archive.records.canonical import hash_json
from archive.records.identity import public_id
from archive.records.shown_fields import show_statement
from archive.runs.lease import Counts
from archive.runs.sightings import find_first_after, note_sightings
from archive.store.bulk import table_of
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves

Stated = TypeVar("Stated", Disclosure, Committee)

COMPARED = ("id", "ref", "row_sha256", "versions", "observed_at")


@dataclass
class MetFilings:
    """The rows of a page, by what the archive knows of them; pairs are what is known and what is said."""

    fresh: list[Values] = field(default_factory=list)
    changed: list[tuple[Values, Values]] = field(default_factory=list)
    late: list[tuple[Values, Values]] = field(default_factory=list)
    unchanged_ids: list[int] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """As if nothing late said anything new."""
        seen = len(self.fresh) + len(self.changed) + len(self.late) + len(self.unchanged_ids)
        new, changed = len(self.fresh), len(self.changed)
        return Counts(seen=seen, new=new, changed=changed, unchanged=seen - new - changed)

    @property
    def seen_ids(self) -> list[int]:
        """Everything the page named."""
        pairs = [*self.changed, *self.late]
        return [
            *self.unchanged_ids,
            *(row["id"] for row in self.fresh),
            *(row["id"] for row, _ in pairs),
        ]


def ingest_disclosures(
    session: Session, stamp: Stamp, records: Sequence[DisclosureRecord]
) -> Counts:
    """Take filed expenditures in; what changed becomes a further version."""
    counts = Counts()
    for distinct in split_repeats(records, attrgetter("ref")):
        met = _meet(session, Disclosure, stamp, distinct, FILED)
        late = place_filings(session, stamp, met.late)
        met.changed += late.replacing
        _correct(session, stamp, met.changed)
        _write(session, Disclosure, met.fresh, [row for _, row in met.changed])
        _update(session, Disclosure, late.refreshed)
        current = [*met.fresh, *(row for _, row in met.changed)]
        versions = [_make_version(row, stamp) for row in current] + late.versions
        _write_versions(session, stamp, versions)
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
        row = _make_row(record, stamp)
        before = known.get(record.ref)
        if before is None:
            met.fresh.append(row | {"id": next_id + len(met.fresh), "versions": 1})
            continue
        row |= {"id": before["id"], "versions": before["versions"] + 1}
        is_same = before["row_sha256"] == row["row_sha256"]
        may_be_late = stamp.is_late and not is_same and not stamp.lease.is_reread
        if stamp.lease.observed_at < before["observed_at"] or may_be_late:
            met.late.append((before, row))
        elif is_same:
            met.unchanged_ids.append(before["id"])
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
    return shown | {
        "withheld": withheld,
        "source": stamp.lease.source,
        "row_sha256": hash_json(stated),
        "observed_at": stamp.lease.observed_at,
        "recorded_at": stamp.now,
    }


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
    brought = _read_runs(session, [before["id"] for before, _ in changed])
    for before, after in changed:
        subject = Subject(SpendMeasure.DISCLOSED, public_id(stamp.lease.source, after["ref"]))
        was = Figures(before, before["observed_at"])
        row = correct_filing(subject, stamp, was, Figures(after, after["observed_at"]))
        if (
            row is not None
            and brought.get((before["id"], before["versions"])) != stamp.lease.run_id
        ):
            rows.append(row)
    write_corrections(session, rows)


def _read_runs(session: Session, ids: Sequence[int]) -> dict[tuple[int, int], int]:
    """The run that brought each version of these filings, by filing and number."""
    columns = table_of(DisclosureVersion).c
    told = (columns.disclosure_id, columns.seq, columns.run_id)
    rows = read_values(session, told, columns.disclosure_id, ids)
    return {(row["disclosure_id"], row["seq"]): row["run_id"] for row in rows}


def _write(
    session: Session, table: type[Stated], fresh: Sequence[Values], changed: Sequence[Values]
) -> None:
    insert_values(session, table, fresh)
    _update(session, table, changed)


def _update(session: Session, table: type[Stated], rows: Sequence[Values]) -> None:
    """Set every given column of rows found by their id; all rows give the same columns."""
    if not rows:
        return
    # A bound value may not have the name of a column that the statement sets.
    values: Values = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
    statement = update(table).where(col(table.id) == bindparam("new_id")).values(**values)
    bound = [{f"new_{name}": value for name, value in row.items()} for row in rows]
    session.connection().execute(statement, bound)


def _make_version(row: Values, stamp: Stamp) -> Values:
    """A version without its id, of a row that is current."""
    return stamp.columns | {
        "disclosure_id": row["id"],
        "ref": row["ref"],
        "seq": row["versions"],
        "row_sha256": row["row_sha256"],
        "content": spell_filing(row),
        "withheld": row["withheld"],
    }


def _write_versions(session: Session, stamp: Stamp, versions: Sequence[Values]) -> None:
    """Add versions, each with its leaf and its place in the change sequence."""
    if not versions:
        return
    first = (session.exec(select(func.max(DisclosureVersion.id))).one() or 0) + 1
    leaves = [(first + i, _state_leaf(v, stamp)) for i, v in enumerate(versions)]
    rows = [
        {name: value for name, value in version.items() if name != "ref"} | {"id": first + i}
        for i, version in enumerate(versions)
    ]
    insert_values(session, DisclosureVersion, rows)
    append_leaves(session, LeafKind.DISCLOSURE_VERSION, leaves, stamp.now)
    changed = dict.fromkeys(version["disclosure_id"] for version in versions)
    append_changes(session, ChangeKind.DISCLOSURE, changed, stamp.now)


def _state_leaf(version: Values, stamp: Stamp) -> Values:
    return {
        "source": stamp.lease.source,
        "ref": version["ref"],
        "seq": version["seq"],
        "row_sha256": version["row_sha256"],
        "observed_at": version["observed_at"].isoformat(),
    }
