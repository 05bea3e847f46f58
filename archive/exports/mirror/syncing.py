"""Brings the mirror up to the newest change: one more file for each table that changed.

The worker and `paidforby mirror sync` call it. Files first, then the manifest, then the mark in the database;
killed between any two, the next sync goes on from the manifest, and what no manifest lists counts for
nothing.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import pyarrow as pa  # type: ignore[import-untyped]
from sqlalchemy import Engine, func, select
from sqlmodel import Field, SQLModel

from archive.exports.mirror.curves import CURVE_SCHEMA, CURVES, count_ended, lay_out_moved
from archive.exports.mirror.manifest import (
    MirroredTable,
    MirrorManifest,
    ParquetPart,
    hold_mirror,
    read_manifest,
    write_manifest,
)
from archive.exports.mirror.tables import MIRRORED, ChangeRange, select_all, select_changed
from archive.exports.mirror.writing import SyncMoment, mirror_schema, write_curves, write_part
from archive.models import ConsumerPosition
from archive.reading.freshness import read_change_time
from archive.records import QuarantineStage
from archive.runs.quarantine import list_open_subjects, put_aside, settle_passed
from archive.store.changes import (
    Reach,
    last_change_seq,
    move_position,
    reach_quietly,
    read_position,
)
from archive.store.database import read, write


class MirrorReport(SQLModel):
    """What one sync did."""

    rebuilt: bool = Field(default=False, description="Whether the mirror was made anew.")
    seq: int = Field(default=0, description="Every change up to this one is in the files.")
    rows: dict[str, int] = Field(default_factory=dict, description="Rows written, by table.")
    most_parts: int = Field(default=0, description="Files of the table that has the most.")
    put_aside: list[str] = Field(
        default_factory=list, description="Rows no file can hold, as `<table>:<id>`."
    )


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
            ended_runs = count_ended(session)
            seq = last_change_seq(session)
            moment = SyncMoment(session, seq, ended_runs, now, sort_by_table(again), reach)
            if old is None or not _is_followed(moment, old):
                again = list_open_subjects(session, QuarantineStage.MIRROR)
                manifest = _build(folder, moment, old)
            else:
                is_behind = old.seq < moment.seq or again or old.ended_runs != ended_runs
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
        and has_all_columns(manifest)
    )


def has_all_columns(manifest: MirrorManifest) -> bool:
    """Whether the files have the tables and columns that this version writes."""
    return {name: table.columns for name, table in manifest.tables.items()} == _all_columns()


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
        ended_runs=moment.ended_runs,
        tables={name: _build_table(folder, moment, name) for name in MIRRORED}
        | {
            CURVES: MirroredTable(
                columns=_all_columns()[CURVES], parts=[write_curves(folder, moment)]
            )
        },
        retired=replaced,
    )


def _build_table(folder: Path, moment: SyncMoment, name: str) -> MirroredTable:
    part = write_part(folder, moment, name, select_all(name))
    return MirroredTable(
        columns=_columns_of(mirror_schema(name)), parts=[part], last_id=_highest_id(moment, name)
    )


def _append(folder: Path, moment: SyncMoment, old: MirrorManifest) -> MirrorManifest:
    """A further file for each table with changed rows."""
    tables = {
        name: _append_table(folder, moment, name, old.seq, old.tables[name]) for name in MIRRORED
    }
    curves = _append_curves(folder, moment, old)
    kept = {part.file for part in curves.parts}
    replaced = [part.file for part in old.tables[CURVES].parts if part.file not in kept]
    return old.model_copy(
        update={
            "seq": moment.seq,
            "follows_seq": old.seq,
            "data_as_of": _read_time(moment),
            "written_at": moment.now,
            "ended_runs": moment.ended_runs,
            "tables": tables | {CURVES: curves},
            "retired": [*old.retired, *replaced],
        }
    )


def _append_table(
    folder: Path, moment: SyncMoment, name: str, after_seq: int, held: MirroredTable
) -> MirroredTable:
    range_ = ChangeRange(after_seq, moment.seq, held.last_id)
    changed = select_changed(name, range_, moment.again[name])
    held = _add_part(folder, held, write_part(folder, moment, name, changed))
    return held.model_copy(update={"last_id": _highest_id(moment, name)})


def _add_part(folder: Path, held: MirroredTable, part: ParquetPart) -> MirroredTable:
    if part.rows == 0:
        (folder / part.file).unlink()
        return held
    return held.model_copy(update={"parts": [*held.parts, part]})


def _append_curves(folder: Path, moment: SyncMoment, old: MirrorManifest) -> MirroredTable:
    """A further file of the curves that moved, or one of all in the place of those there are."""
    held = old.tables[CURVES]
    moved = lay_out_moved(moment.session, old, moment.seq)
    part = write_curves(folder, moment, moved)
    if moved is None:
        return held.model_copy(update={"parts": [part]})
    return _add_part(folder, held, part)


def _columns_of(schema: pa.Schema) -> dict[str, str]:
    return {field.name: str(field.type) for field in schema}


def _all_columns() -> dict[str, dict[str, str]]:
    schemas = {name: mirror_schema(name) for name in MIRRORED} | {CURVES: CURVE_SCHEMA}
    return {name: _columns_of(schema) for name, schema in schemas.items()}


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
