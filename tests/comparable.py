"""Two archives held against each other: what a machine's clock or its numbering decides left out."""

import json
from typing import Any

from sqlalchemy import Column, Integer, Table
from sqlmodel import Session, UTCDateTime

from archive.exports.dump import KEYED, dump_table, list_tables
from archive.models.changes import ChangeKind, LeafKind
from archive.records import AdContent
from archive.records.canonical import canonical_json

WORK = frozenset(
    {
        *("run", "run_country", "sighting", "consumer_position", "api_key"),
        *("monitor_finding", "crawl_promise", "mailed_alert", "request_budget", "singleton_lease"),
        *("worker_heartbeat", "named_row", "name_word"),
    }
)
"""Tables about the work itself: a run that was killed leaves its row, a key is drawn by lot; what was counted
of each row goes by numbers of spellings, which stand in the order in which changes were followed."""

NUMBERED_BY_US = frozenset(
    {
        *("ad", "ad_version", "public_ad", "advertiser_spend", "disclosure", "disclosure_version"),
        *("rule_version", "user", "flag", "signal", "decision"),
    }
)
"""Tables whose number other rows name; elsewhere it is the database's count, with gaps."""

COUNTED = frozenset(
    {"run_id", "capture_id", "lease_token", "lease_until", "leaf_sha256", "name_id"}
)
"""Columns that name a run or follow from its time; a leaf's hash covers the time of observation."""

IN_ORDER = frozenset({"change", "ledger_leaf"})
"""Tables in which the order of rows is what they say."""


def dump_comparable(session: Session) -> dict[str, list[str]]:
    """The lines of each table, equal for two histories that brought the same to light.

    Of an instant only whether there is one is told, but for the times an ad itself declares. Captures of
    the same bytes count once: who is killed between capture and commit fetches again.
    """
    return {
        table.name: _compare_rows(session, table)
        for table in list_tables()
        if table.name not in WORK
    }


def _compare_rows(session: Session, table: Table) -> list[str]:
    kept = [column for column in table.columns if not _is_counted(table, column)]
    lines = [
        canonical_json({c.name: _mask_instant(c, row[c.name]) for c in kept}).decode()
        for row in map(json.loads, dump_table(session, table))
        if not _is_of_work(table, row)
    ]
    if table.name in IN_ORDER:
        return lines
    return sorted(set(lines) if table.name == "capture" else lines)


def _is_of_work(table: Table, row: dict[str, Any]) -> bool:
    if table.name == "archive_fact":
        # Which fields each source may be quoted with, and whether asked countries are noted, as the last
        # `init` wrote it down; a name drawn by lot.
        return str(row["name"]).startswith(("shown:", "asked:", "archive_id"))
    if table.name == "change":
        # Which run saw ads again: each of two that a kill made of one says so.
        return row["kind"] == ChangeKind.AD_SEEN
    return table.name == "ledger_leaf" and row["kind"] == LeafKind.CAPTURE


def _is_counted(table: Table, column: Column[Any]) -> bool:
    if column.primary_key and isinstance(column.type, Integer):
        return table.name not in NUMBERED_BY_US
    return column.name in COUNTED | KEYED


def _mask_instant(column: Column[Any], value: object) -> object:
    if isinstance(column.type, UTCDateTime) and column.name not in AdContent.model_fields:
        return value is not None
    return value
