"""From an ad record to the rows it is kept as: content, numbers, their hashes, their ledger leaf.

Ad ingest and late history build their rows here, so that both mean the same by "the same content".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.canonical import hash_json
from archive.models import AdMetric, AdVersion
from archive.projection import NUMBER_FIELDS
from archive.records import AdRecord
from archive.runs import Look

Values = dict[str, Any]
"""The columns of one row, by name."""


@dataclass(frozen=True)
class Prepared:
    """A record with what is stored of it."""

    record: AdRecord
    content: Values
    numbers: Values
    content_sha256: str
    numbers_sha256: str


@dataclass(frozen=True)
class Stamp:
    """Where a row comes from and when: shared by all rows of one page."""

    look: Look
    capture_id: int | None
    now: datetime

    @property
    def columns(self) -> Values:
        """The columns every version and metric row carries."""
        return {
            "observed_at": self.look.observed_at,
            "recorded_at": self.now,
            "run_id": self.look.run_id,
            "capture_id": self.capture_id,
        }


def prepare_record(record: AdRecord) -> Prepared:
    """Split a record into content and numbers, each with its own missing reasons, and hash both."""
    content = record.model_dump(mode="json")
    missing: dict[str, str] = content.pop("missing")
    numbers: Values = {name: content.pop(name) for name in NUMBER_FIELDS}
    numbers["missing"] = {k: v for k, v in missing.items() if k in NUMBER_FIELDS}
    content["missing"] = {k: v for k, v in missing.items() if k not in NUMBER_FIELDS}
    return Prepared(record, content, numbers, hash_json(content), hash_json(numbers))


def version_row(p: Prepared, stamp: Stamp, version_id: int, ad_id: int, seq: int) -> Values:
    """A row of `ad_version`."""
    return stamp.columns | {
        "id": version_id,
        "ad_id": ad_id,
        "seq": seq,
        "content_sha256": p.content_sha256,
        "content": p.content,
    }


def metric_row(p: Prepared, stamp: Stamp, ad_id: int, seq: int) -> Values:
    """A row of `ad_metric`."""
    return (
        p.numbers | stamp.columns | {"ad_id": ad_id, "seq": seq, "numbers_sha256": p.numbers_sha256}
    )


def version_leaf(p: Prepared, stamp: Stamp, version: Mapping[str, Any]) -> tuple[int, Values]:
    """What the ledger says about a version: enough to find it at the source and to check it here."""
    statement = {
        "source": stamp.look.source,
        "ref": p.record.ref,
        "seq": version["seq"],
        "content_sha256": p.content_sha256,
        "observed_at": stamp.look.observed_at.isoformat(),
    }
    return version["id"], statement


def next_version_id(session: Session) -> int:
    """The version id after the highest; safe because writers are one at a time."""
    return (session.exec(select(func.max(AdVersion.id))).one() or 0) + 1


def next_seq(session: Session, table: type[AdMetric] | type[AdVersion], ad_id: int) -> int:
    """The next number in an ad's own series of versions or metric rows."""
    query = select(func.max(table.seq)).where(col(table.ad_id) == ad_id)
    return (session.exec(query).one() or 0) + 1
