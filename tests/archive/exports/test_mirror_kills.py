"""Whoever is killed, and whenever one reads, the mirror is whole."""

import duckdb
import pyarrow.parquet as pq
import pytest

from archive.exports.mirror import compact_mirror, compacting, newest_rows_sql, sync_mirror, syncing
from archive.exports.mirror.manifest import require_manifest
from tests.archive.conftest import NOON
from tests.archive.exports.mirrored import (
    assert_equal,
    later,
    make_disclosure,
    make_statement,
    on_sqlite,
    rows_of_mirror,
)


class KilledError(BaseException):
    """Stands for the end of a process: nothing after it runs."""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "it's parquet"


@on_sqlite
@pytest.mark.parametrize("step", ["write_part", "write_curves", "write_manifest", "_note_position"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first sync", "later sync"])
def test_killed_at_any_step_of_a_sync_nothing_is_lost_or_doubled(
    engine, ingest_run, make_ad, folder, monkeypatch, step, is_first
):
    ingest_run([make_ad("a1"), make_statement(100), make_disclosure(1)], sweep=False)
    if not is_first:
        sync_mirror(engine, folder, NOON)
        ingest_run([make_ad("a1", bodies=["New"]), make_statement(2)], later(1), sweep=False)
    with monkeypatch.context() as patch:
        patch.setattr(syncing, step, kill)
        with pytest.raises(KilledError):
            sync_mirror(engine, folder, later(1))
    if not is_first:
        assert len(rows_of_mirror(folder, "public_ad")) == 1

    sync_mirror(engine, folder, later(2))

    assert_equal(engine, folder)
    assert_no_row_twice(folder)


def kill(*_, **__):
    raise KilledError


def assert_no_row_twice(folder):
    """No stretch of changes stands in two files that count."""
    for name, table in require_manifest(folder).tables.items():
        rows = [row for part in table.parts for row in read_part(folder / part.file)]
        assert len(rows) == len({(row["id"], row["mirror_seq"]) for row in rows}), name


def read_part(path):
    return pq.read_table(path).to_pylist()


@on_sqlite
@pytest.mark.parametrize("step", ["_write_newest", "write_manifest", "_delete_hidden"])
def test_killed_at_any_step_of_a_compaction_the_mirror_stays_whole(
    engine, ingest_run, make_ad, folder, monkeypatch, step
):
    for day in range(3):
        ingest_run([make_ad(bodies=[str(day)])], later(day))
        sync_mirror(engine, folder, later(day))
    with monkeypatch.context() as patch:
        patch.setattr(compacting, step, kill)
        with pytest.raises(KilledError):
            compact_mirror(folder, later(3))
    assert_equal(engine, folder)

    for day in (4, 5):
        compact_mirror(folder, later(day))
        assert_equal(engine, folder)

    listed = {p.file for t in require_manifest(folder).tables.values() for p in t.parts}
    assert {p.relative_to(folder).as_posix() for p in folder.glob("*/*.parquet")} == listed


@on_sqlite
def test_who_began_to_read_before_a_compaction_may_finish(engine, ingest_run, make_ad, folder):
    for day in range(2):
        ingest_run([make_ad(bodies=[str(day)])], later(day))
        sync_mirror(engine, folder, later(day))
    began = newest_rows_sql(folder, "public_ad")

    compact_mirror(folder, later(3))

    assert duckdb.sql(began).count("*").fetchall() == [(1,)]


@on_sqlite
def test_a_half_written_file_counts_for_nothing(engine, ingest_run, make_ad, folder):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    (folder / "public_ad" / "999999999999-dead.parquet").write_bytes(b"PAR1 half")

    assert_equal(engine, folder)
    compact_mirror(folder, NOON)
    assert not list(folder.glob("*/*dead.parquet"))
