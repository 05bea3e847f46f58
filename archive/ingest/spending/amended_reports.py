"""Reports filed again: the highest filing of a report counts whole, the earlier ones are kept beside it.

A report is a filer, a year and a period (52 U.S.C. 30104(a)); each filing of it repeats every row under
ids of its own. `archive.ingest.spending.filings` replaces the rows that a page pairs by the filer's id of
the payment, `archive.ingest.close_run` those that the later filing dropped, once it is read to its end.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, ColumnElement, select
from sqlmodel import Session

from archive.ingest.corrections import (
    Figures,
    correct_filing,
    return_filing,
    withdraw_filing,
    write_corrections,
)
from archive.ingest.rows import Stamp
from archive.ingest.spending.filed_versions import MARKED, mark_rows, name_row, read_runs
from archive.ingest.values import Values, read_values
from archive.models import Disclosure
from archive.store.batches import cut_batches
from archive.store.bulk import table_of

REPORT = ("committee_ref", "report_year", "report_kind")
"""Filer, year and period."""

Report = tuple[Any, ...]


@dataclass
class Misplaced:
    """Rows that stand otherwise than the filings of their reports say."""

    dropped: list[Values] = field(default_factory=list)
    """Those of earlier filings that the latest does not repeat."""
    returned: list[Values] = field(default_factory=list)
    """Those of the latest filing that stand replaced by one that is there no more."""
    since: dict[Report, datetime] = field(default_factory=dict)
    """When the latest filing of each report was read."""
    present: int = 0
    """Rows of the earlier filings."""


def replace_pairs(
    session: Session, stamp: Stamp, rows: Sequence[Values]
) -> list[tuple[Values, Values]]:
    """Let the payments of these rows stand in the words of the latest filing alone.

    Gives what stood before and what stands now; one correction tells of both.
    """
    committees = sorted({row["committee_ref"] for row in rows})
    latest = _find_latest(session, stamp.lease.source, committees)
    payments = {row["transaction_ref"] for row in rows if _name_report(row) in latest} - {None}
    pairs = _pair_rows(session, stamp.lease.source, latest, sorted(payments))
    brought = read_runs(session, [row["id"] for row, _ in pairs])
    corrections = [
        correct_filing(
            name_row(stamp, after),
            stamp,
            Figures(before, before["observed_at"]),
            Figures(after, after["observed_at"]),
        )
        for before, after in pairs
        if brought[before["id"], before["versions"]] != stamp.lease.run_id
    ]
    write_corrections(session, [row for row in corrections if row])
    mark_rows(session, stamp, [_replace(before, after["observed_at"]) for before, after in pairs])
    return pairs


def find_misplaced(session: Session, source: str) -> Misplaced:
    """Rows of the source's reports that do not stand as the latest filings say."""
    latest = _find_latest(session, source, None)
    filed = table_of(Disclosure).c
    committees = sorted({committee for committee, _, _ in latest})
    found = Misplaced()
    rows = _read_rows(session, filed.committee_ref, committees, filed.source == source)
    for row in rows:
        filing = latest.get(_name_report(row))
        if filing is None or row["filing_ref"] is None:
            continue
        is_latest = row["filing_ref"] == filing
        found.present += not is_latest
        if is_latest and row["is_superseded"]:
            found.returned.append(row)
        elif not is_latest and not row["is_superseded"]:
            found.dropped.append(row)
        elif is_latest:
            found.since.setdefault(_name_report(row), row["observed_at"])
    return found


def settle_reports(session: Session, stamp: Stamp, found: Misplaced) -> int:
    """Let the latest filing of every report count whole; gives how many rows it dropped."""
    brought = read_runs(session, [row["id"] for row in found.dropped])
    corrections = [
        withdraw_filing(name_row(stamp, row), stamp, Figures(row, row["observed_at"]))
        for row in found.dropped
        if brought[row["id"], row["versions"]] != stamp.lease.run_id
    ]
    for row in found.returned:
        was = Figures({}, row["observed_at"])
        now = Figures(row, stamp.lease.observed_at)
        corrections.append(return_filing(name_row(stamp, row), stamp, was, now))
    write_corrections(session, corrections)
    since = [found.since.get(_name_report(row)) or row["observed_at"] for row in found.dropped]
    mark_rows(session, stamp, list(map(_replace, found.dropped, since)))
    mark_rows(session, stamp, [row | {"is_superseded": False} for row in found.returned])
    return len(found.dropped)


def _replace(row: Values, at: datetime) -> Values:
    """The row as it stands once a later filing, read at a time, has its place."""
    return row | {"is_superseded": True, "observed_at": max(row["observed_at"], at)}


def _name_report(row: Values) -> Report:
    return row["committee_ref"], row["report_year"], row["report_kind"]


def _find_latest(
    session: Session, source: str, committees: Sequence[str] | None
) -> dict[Report, str]:
    """The latest filing of each report that was filed more than once, or stands replaced; `None`: of all."""
    filed = table_of(Disclosure).c
    reports = select(*(filed[name] for name in (*REPORT, "filing_ref"))).distinct()
    reports = reports.where(filed.source == source, filed.is_withdrawn.is_(False))
    reports = reports.where(*(filed[name].is_not(None) for name in (*REPORT, "filing_ref")))
    if committees is None:
        queries = [reports]
    else:
        queries = [reports.where(filed.committee_ref.in_(some)) for some in cut_batches(committees)]
    filings: defaultdict[Report, set[str]] = defaultdict(set)
    for query in queries:
        for *report, filing in session.connection().execute(query):
            filings[tuple(report)].add(filing)
    told = {report for report, of_report in filings.items() if len(of_report) > 1}
    if committees is None:
        replaced = session.connection().execute(reports.where(filed.is_superseded.is_(True)))
        told |= {tuple(report) for *report, _ in replaced}
    return {report: max(filings[report], key=_number_filing) for report in sorted(told)}


def _number_filing(ref: str) -> tuple[int, str]:
    """Numbers of filings rise, and so does their length."""
    return len(ref), ref


def _pair_rows(
    session: Session, source: str, latest: Mapping[Report, str], payments: Sequence[str]
) -> list[tuple[Values, Values]]:
    """Rows of earlier filings that count, each with the same payment in the latest."""
    filed = table_of(Disclosure).c
    now: dict[tuple[Report, str], Values] = {}
    earlier: list[Values] = []
    for row in _read_rows(session, filed.transaction_ref, payments, filed.source == source):
        report = _name_report(row)
        if row["filing_ref"] == latest.get(report):
            now[report, row["transaction_ref"]] = row
        elif report in latest and row["filing_ref"] and not row["is_superseded"]:
            earlier.append(row)
    named = [(row, now.get((_name_report(row), row["transaction_ref"]))) for row in earlier]
    return [(before, after) for before, after in named if after]


def _read_rows(
    session: Session, key: Column[Any], keys: Sequence[Any], *conditions: ColumnElement[bool]
) -> list[Values]:
    """Rows that were not withdrawn, by rising id."""
    filed = table_of(Disclosure).c
    columns = [filed[name] for name in MARKED]
    found = read_values(session, columns, key, keys, filed.is_withdrawn.is_(False), *conditions)
    return sorted(found, key=itemgetter("id"))
