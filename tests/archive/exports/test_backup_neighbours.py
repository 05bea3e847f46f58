"""A backup beside earlier ones: it copies what is new, stands alone, and sweeps what a killed one left."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest
from sqlalchemy import Engine

from archive.exports.backup import make_backup, restore_backup
from archive.exports.backup.folder import SUMS
from archive.exports.backup.making import hold_folder
from archive.media.files import MachineText, keep_file
from archive.media.pictures import FileFacts
from archive.records import MissingReason
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from archive.store.home_facts import read_last_backup
from config.settings import Settings
from tests.archive.exports.backups import make_home, tell
from tests.archive.moments import DAY
from tests.invented import NOW, make_archive

UNREAD = MachineText(None, MissingReason.NOT_LOOKED, "nobody looked")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[tuple[Settings, Engine]]:
    settings = make_home(tmp_path / "first")
    engine = make_archive(settings)
    yield settings, engine
    engine.dispose()


def list_blobs(backup: Path) -> dict[str, int]:
    """The inode of each piece of evidence in a backup."""
    return {path.name: path.stat().st_ino for path in (backup / "blobs").rglob("*.zst")}


def test_a_backup_beside_an_earlier_one_copies_new_evidence_only_and_stands_alone(
    archive, tmp_path
):
    settings, engine = archive
    make_backup(engine, settings, tmp_path / "all" / "monday", NOW, tell)
    with write(engine) as session:
        new = BlobStore(settings.blobs_dir).put_bytes(b"a new picture")
        keep_file(session, new, FileFacts("image/png"), UNREAD, NOW)
    tuesday = make_backup(engine, settings, tmp_path / "all" / "tuesday", NOW + DAY, tell)

    before, after = (list_blobs(tmp_path / "all" / name) for name in ("monday", "tuesday"))
    assert before.items() < after.items()
    assert [name for name in after if name not in before] == [f"{new.sha256}.zst"]
    shutil.rmtree(tmp_path / "all" / "monday")
    assert restore_backup(make_home(tmp_path / "second"), tmp_path / "all/tuesday", tell) == (
        tuesday.model_copy(update={"ledger_check": ANY})
    )


def test_evidence_that_is_damaged_in_an_earlier_backup_is_copied_anew(archive, tmp_path):
    settings, engine = archive
    make_backup(engine, settings, tmp_path / "all" / "monday", NOW, tell)
    damaged = next((tmp_path / "all/monday/blobs").rglob("*.zst"))
    damaged.write_bytes(b"scratched")
    manifest = make_backup(engine, settings, tmp_path / "all" / "tuesday", NOW + DAY, tell)

    assert manifest.missing_blobs == []
    restore_backup(make_home(tmp_path / "second"), tmp_path / "all" / "tuesday", tell)


def test_what_a_killed_backup_left_is_swept_by_the_next_and_one_under_way_is_left(
    archive, tmp_path
):
    settings, engine = archive
    left, under_way = tmp_path / ".monday.1.part", tmp_path / ".tuesday.2.part"
    for part in (left, under_way):
        part.mkdir()
        (part / SUMS).write_text("")
    with hold_folder(under_way):
        make_backup(engine, settings, tmp_path / "wednesday", NOW, tell)

    assert not left.exists()
    assert under_way.exists()


def test_what_is_left_by_one_that_was_killed_at_its_first_file_is_swept_too(archive, tmp_path):
    settings, engine = archive
    left = tmp_path / ".sunday.0.part"

    def leave(*_: object) -> None:
        part = next(tmp_path.glob(".monday.*.part"))
        if not left.exists():
            shutil.copytree(part, left)

    make_backup(engine, settings, tmp_path / "monday", NOW, leave)
    assert left.exists()
    make_backup(engine, settings, tmp_path / "tuesday", NOW, tell)

    assert not left.exists()


def test_an_archive_knows_when_it_was_last_backed_up(archive, tmp_path):
    settings, engine = archive
    with read(engine) as session:
        assert read_last_backup(session) is None
    make_backup(engine, settings, tmp_path / "monday", NOW, tell)
    with read(engine) as session:
        assert read_last_backup(session) == NOW


def test_no_transaction_lasts_while_evidence_is_copied(archive, tmp_path):
    settings, engine = archive
    held = {}

    def note_held(what: str, _size: int) -> None:
        held.setdefault(what.partition("/")[0], set()).add(engine.pool.checkedout())

    make_backup(engine, settings, tmp_path / "monday", NOW, note_held)

    assert held["tables"] == {1}
    assert held["blobs"] == {0}
