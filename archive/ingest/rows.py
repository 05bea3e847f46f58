"""From an ad record to the rows it is kept as: content, numbers, their hashes, their ledger leaf.

Ad ingest and late history build their rows here, so that both mean the same by "the same content".
Rows are tuples in the order of the names beside them, as `archive.store.bulk` takes them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Date
from sqlmodel import UTCDateTime

from archive.models import PublicAd
from archive.records import AdRecord
from archive.records.canonical import canonical_json, hash_bytes
from archive.records.projection import CONTENT_NAMES, DERIVED_FIELDS, NUMBER_FIELDS, derive_fields
from archive.records.shown_fields import ShownFields, show_content
from archive.runs.lease import RunLease
from archive.store.bulk import StoredRow, Storing, table_of

NUMBER_NAMES = tuple(sorted(NUMBER_FIELDS))
CONTENT_KEYS, NUMBER_KEYS = (*CONTENT_NAMES, "missing"), (*NUMBER_NAMES, "missing")
TAKE_CONTENT, TAKE_NUMBERS = itemgetter(*CONTENT_KEYS), itemgetter(*NUMBER_KEYS)
EMPTY_NESTED = {
    name: "[]" if field.default_factory is list else "{}"
    for name, field in AdRecord.model_fields.items()
    if field.default_factory is not None
}
"""The fields that hold lists or objects, each as it is spelled when empty."""

STAMP_NAMES = ("observed_at", "recorded_at", "run_id", "capture_id")
VERSION_NAMES = ("id", "ad_id", "seq", "content_sha256", "content", "withheld", *STAMP_NAMES)
IDENTITY_NAMES = (
    "id",
    "source",
    "ref",
    "partition",
    "content_sha256",
    "numbers_sha256",
    "versions",
    "content_observed_at",
    "numbers_observed_at",
    "first_observed_at",
    "recorded_at",
    "row_hash",
)


Values = dict[str, Any]
"""The columns of one row, by name."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record with what tells whether it says anything new."""

    record: AdRecord
    nested: Mapping[str, str]
    """Lists and objects of the record as canonical JSON, each spelled once."""
    content: str
    """The content as canonical JSON; numbers are no part of it."""
    numbers_missing: str
    """Reasons for the numbers without a value, as canonical JSON."""
    content_sha256: str
    numbers_sha256: str
    withheld: Values | None = None
    """What the source said and the record does not show; the hashes are of all it said."""

    @property
    def shown_sha256(self) -> str | None:
        """The content's hash as everybody may see it."""
        return None if self.withheld else self.content_sha256


@dataclass(frozen=True)
class Stamp:
    """Where a row comes from and when: shared by all rows of one page."""

    lease: RunLease
    capture_id: int | None
    now: datetime
    is_late: bool = False
    """A newer run of the source was taken in before: what this one says may be history only."""
    row_hashes: Mapping[str, bytes] = field(default_factory=dict)
    """Hash of the raw row by ref, of ads that stand in one row of the page alone."""
    shown: ShownFields = field(default_factory=ShownFields)
    """What the source may be quoted with."""
    asked_country: str | None = None
    """The one country that the run asked its source for."""

    @property
    def columns(self) -> Values:
        """The columns every version and metric row carries."""
        return {
            "observed_at": self.lease.observed_at,
            "recorded_at": self.now,
            "run_id": self.lease.run_id,
            "capture_id": self.capture_id,
        }


def prepare_record(record: AdRecord) -> Prepared:
    """Split a record into content and numbers, each with its own missing reasons, and hash both."""
    values = record.__dict__
    of_content, of_numbers = spell_missing(tuple(values["missing"].items()))
    nested = {name: canonical_json(values[name]) for name in EMPTY_NESTED if values[name]}
    # What is spelled once is not spelled again: as pieces both of the whole and of the row.
    shown = values | {name: orjson.Fragment(spelled) for name, spelled in nested.items()}
    shown["missing"] = orjson.Fragment(of_content)
    content = canonical_json(dict(zip(CONTENT_KEYS, TAKE_CONTENT(shown), strict=True)))
    shown["missing"] = orjson.Fragment(of_numbers)
    numbers = canonical_json(dict(zip(NUMBER_KEYS, TAKE_NUMBERS(shown), strict=True)))
    return Prepared(
        record,
        EMPTY_NESTED | {name: spelled.decode() for name, spelled in nested.items()},
        content.decode(),
        of_numbers.decode(),
        hash_bytes(content),
        hash_bytes(numbers),
    )


# The records of one file have a few dozen shapes, by which of their fields have no value.
@lru_cache(maxsize=1_024)
def spell_missing(missing: tuple[tuple[str, str], ...]) -> tuple[bytes, bytes]:
    """The reasons of content fields, and those of numbers, as canonical JSON."""
    of_content, of_numbers = split_missing(dict(missing))
    return canonical_json(of_content), canonical_json(of_numbers)


def split_missing(missing: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The reasons of content fields, and those of numbers."""
    content: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for name, reason in missing.items():
        (numbers if name in NUMBER_FIELDS else content)[name] = reason
    return content, numbers


class FieldRow:
    """Takes the named fields out of a record in the form the engine stores, in a fixed order."""

    def __init__(self, names: Sequence[str]) -> None:
        kinds = {name: table_of(PublicAd).c[name].type for name in names}
        nested = [n for n in names if isinstance(kinds[n], JSON)]
        times = [n for n in names if isinstance(kinds[n], UTCDateTime)]
        days = [n for n in names if isinstance(kinds[n], Date)]
        plain = [n for n in names if n not in {*nested, *times, *days}]
        self._take_plain, self._take_nested = itemgetter(*plain), itemgetter(*nested)
        self._times, self._days = times, days
        self.names = (*plain, *nested, *times, *days)

    def take(self, p: Prepared, storing: Storing) -> StoredRow:
        """The fields' values in the order of `names`."""
        values = p.record.__dict__
        row: StoredRow = self._take_plain(values) + self._take_nested(p.nested)
        if self._times:
            row += tuple([storing.time(values[name]) for name in self._times])
        if self._days:
            row += tuple([storing.day(values[name]) for name in self._days])
        return row


NUMBERS = FieldRow(NUMBER_NAMES)
FIELDS = FieldRow([*AdRecord.model_fields])
METRIC_NAMES = (*NUMBERS.names, "missing", "ad_id", "seq", "numbers_sha256", *STAMP_NAMES)
PUBLIC_NAMES = (*FIELDS.names, *DERIVED_FIELDS)
FIRST_NAMES = (
    *("id", "state", "versions", "version_id", "content_sha256"),
    *("first_seen_at", "last_changed_at", "recorded_at"),
)
"""What the public view of a new ad holds beside `PUBLIC_NAMES`."""


class RowMaker:
    """Makes the rows of one page; where the engine needs another form of a value, it knows it."""

    def __init__(self, stamp: Stamp, storing: Storing) -> None:
        lease = stamp.lease
        self._source, self._partition = lease.source, lease.partition
        self._storing = storing
        self._said_at = lease.observed_at.isoformat()
        self.observed_at, self.now = storing.time(lease.observed_at), storing.time(stamp.now)
        self._row_hashes = stamp.row_hashes
        self._stamped = (self.observed_at, self.now, lease.run_id, stamp.capture_id)

    def identity_row(self, p: Prepared, ad_id: int) -> StoredRow:
        """A row of `ad`, for `IDENTITY_NAMES`."""
        seen, ref = self.observed_at, p.record.ref
        return (
            *(ad_id, self._source, ref, self._partition, p.content_sha256, p.numbers_sha256, 1),
            *(seen, seen, seen, self.now, self._row_hashes.get(ref)),
        )

    def version(self, p: Prepared, version_id: int, ad_id: int, seq: int) -> StoredRow:
        """A row of `ad_version`, for `VERSION_NAMES`."""
        withheld = canonical_json(p.withheld).decode() if p.withheld else None
        return (version_id, ad_id, seq, p.content_sha256, p.content, withheld, *self._stamped)

    def metric(self, p: Prepared, ad_id: int, seq: int) -> StoredRow:
        """A row of `ad_metric`, for `METRIC_NAMES`."""
        numbers = NUMBERS.take(p, self._storing)
        return (*numbers, p.numbers_missing, ad_id, seq, p.numbers_sha256, *self._stamped)

    def public(self, p: Prepared) -> StoredRow:
        """What the public view shows of a record, for `PUBLIC_NAMES`."""
        *derived, domains = derive_fields(self._source, p.record.__dict__, p.withheld)
        return (*FIELDS.take(p, self._storing), *derived, canonical_json(domains).decode())

    def first(self, p: Prepared, ad_id: int, version_id: int) -> StoredRow:
        """The rest of a new ad's public view, for `FIRST_NAMES`."""
        seen = self.observed_at
        return (ad_id, "seen", 1, version_id, p.shown_sha256, seen, seen, self.now)

    def numbers(self, p: Prepared) -> StoredRow:
        """What the public view shows of the numbers, for `NUMBERS.names` and `missing`."""
        return (*NUMBERS.take(p, self._storing), p.nested["missing"])

    def leaf(self, p: Prepared, version_id: int, seq: int) -> tuple[int, Values]:
        """Our id of a version, and its ledger leaf."""
        leaf = spell_leaf(self._source, p.record.ref, seq, p.content_sha256, self._said_at)
        return version_id, leaf


def spell_leaf(source: str, ref: str, seq: int, content_sha256: str, said_at: str) -> Values:
    """What the ledger says about a version: enough to find it at the source and to check it here."""
    return {
        "source": source,
        "ref": ref,
        "seq": seq,
        "content_sha256": content_sha256,
        "observed_at": said_at,
    }


def show_prepared(p: Prepared, shown: ShownFields, redacted: Collection[str] = ()) -> Prepared:
    """The record as everybody may see it; its hashes stay those of what the source said."""
    content, withheld = show_content(p.record.__dict__, shown, sorted(redacted))
    if withheld is None:
        return p
    public = prepare_record(AdRecord(**content))
    return replace(
        public,
        content_sha256=p.content_sha256,
        numbers_sha256=p.numbers_sha256,
        withheld=withheld,
    )
