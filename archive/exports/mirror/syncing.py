"""Brings the mirror up to the newest change: one more file for each table that changed.

The worker and `paidforby mirror sync` call it. Files first, then the manifest, then the mark in the database;
killed between any two, the next sync goes on from the manifest, and what no manifest lists counts for
nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from sqlalchemy import Engine, Row, Select, func, select
from sqlmodel import Field, Session, SQLModel

from archive.exports.mirror.manifest import (
    MirroredTable,
    MirrorManifest,
    ParquetPart,
    describe_part,
    hold_mirror,
    read_manifest,
    write_manifest,
)
from archive.exports.mirror.tables import (
    MIRRORED,
    ChangeRange,
    list_columns,
    select_all,
    select_changed,
)
from archive.exports.parquet import arrow_schema, make_batch
from archive.exports.rows import read_blocks, spell_each, spell_json
from archive.models import ConsumerPosition
from archive.models.columns import holds_json
from archive.reading.freshness import read_change_time
from archive.records import QuarantineStage
from archive.runs.fence import take_each
from archive.runs.quarantine import list_open_subjects, put_aside, settle_passed
from archive.store.changes import (
    Reach,
    last_change_seq,
    move_position,
    reach_quietly,
    read_position,
)
from archive.store.database import read, write
from archive.store.disk import sync_file, sync_path

ROWS_AT_ONCE = 5_000


class MirrorReport(SQLModel):
    """What one sync did."""

    rebuilt: bool = Field(default=False, description="Whether the mirror was made anew.")
    seq: int = Field(default=0, description="Every change up to this one is in the files.")
    rows: dict[str, int] = Field(default_factory=dict, description="Rows written, by table.")
    most_parts: int = Field(default=0, description="Files of the table that has the most.")
    put_aside: list[str] = Field(
        default_factory=list, description="Rows no file can hold, as `<table>:<id>`."
    )


@dataclass(frozen=True)
class SyncMoment:
    """What one sync shows: the session that sees it, its newest change, and when it is written."""

    session: Session
    seq: int
    now: datetime
    again: Mapping[str, Collection[int]]
    """Ids of rows that are to be written once more, by table."""
    reach: Reach = reach_quietly
    """Told how many tables are written, of how many."""
    written: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)
    """Rows no file can hold, by `<table>:<id>`."""


def sync_mirror(
    engine: Engine,
    folder: Path,
    now: datetime,
    again: Collection[str] = (),
    reach: Reach = reach_quietly,
) -> MirrorReport:
    """Add what changed since the manifest's mark; make the mirror anew where it cannot be followed.

    A row that no file can hold is put aside. `again`: rows put aside before, as `<table>:<id>`, that are to
    be tried once more.

    Raises:
        MirrorError: if another process is changing the mirror.
    """
    with hold_mirror(folder):
        old = read_manifest(folder)
        with read(engine) as session:
            moment = SyncMoment(session, last_change_seq(session), now, sort_by_table(again), reach)
            if old is None or not _is_followed(moment, old):
                again = list_open_subjects(session, QuarantineStage.MIRROR)
                manifest = _build(folder, moment, old)
            else:
                is_behind = old.seq < moment.seq or again
                manifest = _append(folder, moment, old) if is_behind else old
        if manifest is not old:
            write_manifest(folder, manifest)
        _settle_rows(engine, moment, set(again))
        _note_position(engine, old, manifest, now)
    return _report(old, manifest, moment)


def sort_by_table(subjects: Collection[str]) -> dict[str, list[int]]:
    """Ids of rows that were put aside as `<table>:<id>`, by table."""
    named = [subject.partition(":") for subject in subjects]
    return {name: [int(row_id) for each, _, row_id in named if each == name] for name in MIRRORED}


def _settle_rows(engine: Engine, moment: SyncMoment, again: set[str]) -> None:
    """Put aside the rows that no file can hold, and settle those of before that are in one now."""
    if not moment.failed and not again:
        return
    with write(engine) as session:
        passed = again - moment.failed.keys()
        settle_passed(session, QuarantineStage.MIRROR, passed, moment.now)
        for subject, error in moment.failed.items():
            put_aside(session, QuarantineStage.MIRROR, "", subject, error, moment.now)


def _is_followed(moment: SyncMoment, manifest: MirrorManifest) -> bool:
    """Whether this database has gone on from what the files hold.

    One that was restored, or put in another's place, has no mark of this mirror or an older one; tables
    that were migrated have other columns.
    """
    mark = read_position(moment.session, name_consumer(manifest))
    return (
        mark is not None
        and mark.seq in (manifest.seq, manifest.follows_seq)
        and manifest.seq <= moment.seq
        and {name: table.columns for name, table in manifest.tables.items()} == _all_columns()
    )


def name_consumer(manifest: MirrorManifest) -> str:
    """The name of a mirror's mark among the readers of the change sequence."""
    return f"mirror:{manifest.mirror_id}"


def _build(folder: Path, moment: SyncMoment, old: MirrorManifest | None) -> MirrorManifest:
    """Everything anew; the old files stay for those who read them."""
    replaced = [p.file for table in old.tables.values() for p in table.parts] if old else []
    return MirrorManifest(
        mirror_id=token_hex(8),
        seq=moment.seq,
        follows_seq=None,
        data_as_of=_read_time(moment),
        written_at=moment.now,
        tables={name: _build_table(folder, moment, name) for name in MIRRORED},
        retired=replaced,
    )


def _build_table(folder: Path, moment: SyncMoment, name: str) -> MirroredTable:
    part = _write_part(folder, moment, name, select_all(name))
    return MirroredTable(columns=_columns_of(name), parts=[part], last_id=_highest_id(moment, name))


def _append(folder: Path, moment: SyncMoment, old: MirrorManifest) -> MirrorManifest:
    """A further file for each table with changed rows."""
    tables = {
        name: _append_table(folder, moment, name, old.seq, held)
        for name, held in old.tables.items()
    }
    return old.model_copy(
        update={
            "seq": moment.seq,
            "follows_seq": old.seq,
            "data_as_of": _read_time(moment),
            "written_at": moment.now,
            "tables": tables,
        }
    )


def _append_table(
    folder: Path, moment: SyncMoment, name: str, after_seq: int, held: MirroredTable
) -> MirroredTable:
    range_ = ChangeRange(after_seq, moment.seq, held.last_id)
    changed = select_changed(name, range_, moment.again[name])
    part = _write_part(folder, moment, name, changed)
    if part.rows == 0:
        (folder / part.file).unlink()
        return held
    return MirroredTable(
        columns=held.columns, parts=[*held.parts, part], last_id=_highest_id(moment, name)
    )


def _write_part(folder: Path, moment: SyncMoment, name: str, query: Select[Any]) -> ParquetPart:
    """A new file with the rows of a query, on the disk when this returns."""
    file = f"{name}/{moment.seq:012}-{token_hex(4)}.parquet"
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = mirror_schema(name)
    nested = [holds_json(column.type) for column in list_columns(name)]
    count = 0
    with path.open("wb") as sink:
        with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
            for block in read_blocks(moment.session, query, ROWS_AT_ONCE):
                shaped, failed = take_each(block, partial(_shape_rows, schema, nested, moment.seq))
                for batch in shaped:
                    writer.write_batch(batch)
                    count += batch.num_rows
                moment.failed.update({f"{name}:{row.id}": error for row, error in failed})
        sync_file(sink)
    sync_path(path.parent)
    moment.written.append(name)
    moment.reach(len(moment.written), len(MIRRORED))
    return describe_part(folder, file, count)


def _shape_rows(
    schema: pa.Schema, nested: Sequence[bool], seq: int, rows: Sequence[Row[Any]]
) -> pa.RecordBatch:
    columns = [
        spell_each(values, spell_json) if is_nested else values
        for values, is_nested in zip(zip(*rows, strict=True), nested, strict=True)
    ]
    return make_batch(schema, [*columns, [seq] * len(rows)])


def mirror_schema(name: str) -> pa.Schema:
    """The columns of a mirrored table and `mirror_seq`, the mark of the sync that wrote the row."""
    return arrow_schema(list_columns(name)).append(
        pa.field("mirror_seq", pa.int64(), nullable=False)
    )


def _columns_of(name: str) -> dict[str, str]:
    return {field.name: str(field.type) for field in mirror_schema(name)}


def _all_columns() -> dict[str, dict[str, str]]:
    return {name: _columns_of(name) for name in MIRRORED}


def _highest_id(moment: SyncMoment, name: str) -> int:
    table, _ = MIRRORED[name]
    return moment.session.connection().scalar(select(func.max(table.c.id))) or 0


def _read_time(moment: SyncMoment) -> datetime | None:
    return read_change_time(moment.session, moment.seq)


def _note_position(
    engine: Engine, old: MirrorManifest | None, manifest: MirrorManifest, now: datetime
) -> None:
    """Move the mirror's mark, and take away that of a mirror which was made anew."""
    name = name_consumer(manifest)
    with read(engine) as session:
        mark = read_position(session, name)
    if mark is not None and mark.seq == manifest.seq:
        return
    with write(engine) as session:
        move_position(session, name, manifest.seq, "", now)
        replaced = session.get(ConsumerPosition, name_consumer(old)) if old else None
        if replaced is not None and replaced.consumer != name:
            session.delete(replaced)


def _report(
    old: MirrorManifest | None, manifest: MirrorManifest, moment: SyncMoment
) -> MirrorReport:
    known = {p.file for table in old.tables.values() for p in table.parts} if old else set()
    return MirrorReport(
        rebuilt=old is None or old.mirror_id != manifest.mirror_id,
        seq=manifest.seq,
        rows={
            name: sum(part.rows for part in table.parts if part.file not in known)
            for name, table in manifest.tables.items()
        },
        most_parts=max(len(table.parts) for table in manifest.tables.values()),
        put_aside=sorted(moment.failed),
    )
