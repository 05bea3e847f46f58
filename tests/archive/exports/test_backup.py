"""A backup is the whole archive of one moment, and comes back on either database."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner

import paidforby
from archive.exports.backup import BackupError, make_backup, restore_backup
from archive.exports.backup.making import BackupWriter
from archive.models import Capture
from archive.store.blobs import BlobStore
from archive.store.database import create_archive_engine, open_archive, read, write
from archive.store.setup import migrate
from tests.archive.exports.backups import dump_all, fill, make_home, root_of, tell
from tests.invented import NOW, make_archive, record_run
from tests.invented_records import harbour_ads


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """A folder with a filled archive on SQLite, `first`, and its backup, `backup`."""
    folder = tmp_path_factory.mktemp("originals")
    settings = make_home(folder / "first")
    engine = fill(settings)
    make_backup(engine, settings, folder / "backup", NOW, tell)
    engine.dispose()
    return folder


@pytest.fixture
def sqlite_archive(originals, tmp_path):
    """A filled archive of this test's own."""
    settings = make_home(tmp_path / "first")
    shutil.copytree(originals / "first", settings.home)
    engine = open_archive(settings)
    yield settings, engine
    engine.dispose()


@pytest.fixture
def backup(originals, tmp_path):
    """A backup of that archive, of this test's own."""
    return shutil.copytree(originals / "backup", tmp_path / "backup")


def test_a_backup_shows_one_moment_although_others_write_meanwhile(sqlite_archive, tmp_path):
    settings, engine = sqlite_archive
    before, written = dump_all(engine), []

    def write_meanwhile(what: str, _size: int) -> None:
        if what.startswith("tables/") and not written:
            written.append(what)
            with write(engine) as session:
                record_run(
                    session,
                    BlobStore(settings.blobs_dir),
                    "harbour_ads",
                    "2027",
                    NOW + timedelta(days=1),
                    [harbour_ads(0)[1].model_copy(update={"ref": "meanwhile"})],
                )

    make_backup(engine, settings, tmp_path / "backup", NOW, write_meanwhile)
    again = make_home(tmp_path / "second")
    restore_backup(again, tmp_path / "backup", tell)

    assert written
    assert dump_all(engine) != before
    assert dump_all(open_archive(again)) == before


def test_every_file_can_be_checked_with_a_standard_tool(backup):
    listed = dict(
        line.split("  ")[::-1] for line in (backup / "SHA256SUMS").read_text().splitlines()
    )

    files = {p.relative_to(backup).as_posix() for p in backup.rglob("*") if p.is_file()}
    assert files - listed.keys() == {"SHA256SUMS", "manifest.json"}
    assert len(listed) == len(files) - 2


def test_evidence_that_is_gone_or_damaged_is_named_and_the_rest_is_kept(sqlite_archive, tmp_path):
    settings, engine = sqlite_archive
    store = BlobStore(settings.blobs_dir)
    with read(engine) as session:
        gone, damaged = sorted(set(session.exec(select(Capture.sha256))))[:2]
    store.path_of(gone).unlink()
    store.path_of(damaged).write_bytes(b"no longer what it was")

    manifest = make_backup(engine, settings, tmp_path / "backup", NOW, tell)

    assert manifest.missing_blobs == sorted([gone, damaged])
    assert manifest.blobs == sum(1 for p in (tmp_path / "backup/blobs").rglob("*") if p.is_file())
    restore_backup(make_home(tmp_path / "second"), tmp_path / "backup", tell)


def test_a_backup_that_breaks_off_leaves_nothing_that_looks_like_one(
    sqlite_archive, tmp_path, monkeypatch
):
    settings, engine = sqlite_archive

    def fill_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(BackupWriter, "copy", fill_disk)
    with pytest.raises(OSError, match="No space"):
        make_backup(engine, settings, tmp_path / "backup", NOW, tell)

    assert not (tmp_path / "backup").exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_folder_with_something_in_it_is_left_alone(sqlite_archive, tmp_path):
    settings, engine = sqlite_archive
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear")

    with pytest.raises(BackupError, match="folder of its own"):
        make_backup(engine, settings, tmp_path / "letters", NOW, tell)

    assert [p.name for p in (tmp_path / "letters").iterdir()] == ["dear.txt"]


@pytest.mark.parametrize("kind", ["tables", "blobs", "config"])
def test_one_changed_byte_is_found_before_anything_is_loaded(backup, tmp_path, kind):
    path = max(
        (p for p in (backup / kind).rglob("*") if p.is_file()), key=lambda p: p.stat().st_size
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(BackupError, match="not what was written"):
        restore_backup(make_home(tmp_path / "second"), backup, tell)

    assert not (tmp_path / "second").exists()


def test_a_file_that_is_gone_or_too_many_is_found(backup, tmp_path):
    (backup / "config" / "stranger.yaml").write_text("x")
    with pytest.raises(BackupError, match="does not name"):
        restore_backup(make_home(tmp_path / "second"), backup, tell)

    (backup / "config" / "stranger.yaml").unlink()
    (backup / "tables" / "ad.jsonl.zst").unlink()
    with pytest.raises(BackupError, match=r"ad\.jsonl\.zst is missing"):
        restore_backup(make_home(tmp_path / "second"), backup, tell)


def test_a_list_that_was_rewritten_is_implausible(backup, tmp_path):
    with (backup / "SHA256SUMS").open("a") as sums:
        sums.write("\n")

    with pytest.raises(BackupError, match="not the list of files"):
        restore_backup(make_home(tmp_path / "second"), backup, tell)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"tables": {"ad": "many"}},
        {"tables": {"../ad": 1}},
        {"schema_revision": "9999"},
    ],
    ids=["another form", "nonsense", "a stranger's table", "a newer program"],
)
def test_a_manifest_this_program_cannot_follow_is_refused(backup, tmp_path, changes):
    manifest = json.loads((backup / "manifest.json").read_text())
    (backup / "manifest.json").write_text(json.dumps(manifest | changes))

    with pytest.raises(BackupError):
        restore_backup(make_home(tmp_path / "second"), backup, tell)


def test_a_restore_that_does_not_come_out_as_stated_leaves_no_tables(originals, backup, tmp_path):
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["ledger"]["root_sha256"] = "0" * 64
    (backup / "manifest.json").write_text(json.dumps(manifest))
    settings = make_home(tmp_path / "second")

    with pytest.raises(BackupError, match="the ledger's root"):
        restore_backup(settings, backup, tell)

    # The same home takes the right backup afterwards.
    shutil.copy(originals / "backup" / "manifest.json", backup)
    restore_backup(settings, backup, tell)


def test_an_archive_that_is_there_is_never_written_over(sqlite_archive, backup):
    settings, engine = sqlite_archive
    before = dump_all(engine)

    with pytest.raises(BackupError, match="empty database"):
        restore_backup(settings, backup, tell)

    assert dump_all(engine) == before


@pytest.mark.parametrize(
    "stranger", ["blobs/aa/x.zst", "config/mine.yaml", "parquet/manifest.json"]
)
def test_a_home_with_anything_else_in_it_is_refused(backup, tmp_path, stranger):
    path = tmp_path / "second" / stranger
    path.parent.mkdir(parents=True)
    path.write_text("x")

    with pytest.raises(BackupError, match="in the way"):
        restore_backup(make_home(tmp_path / "second"), backup, tell)


def test_tables_of_another_revision_are_not_backed_up_half(tmp_path):
    settings = make_home(tmp_path / "old")
    engine = create_archive_engine(settings.resolved_database_url)
    with pytest.raises(BackupError, match="paidforby init"):
        make_backup(engine, settings, tmp_path / "backup", NOW, tell)


def test_an_empty_archive_comes_back_empty(tmp_path):
    settings = make_home(tmp_path / "first")
    engine = create_archive_engine(settings.resolved_database_url)
    migrate(engine)

    manifest = make_backup(engine, settings, tmp_path / "backup", NOW, tell)
    restore_backup(make_home(tmp_path / "second"), tmp_path / "backup", tell)

    assert (manifest.realm, manifest.ledger.size, manifest.blobs) == (None, 0, 0)


def run(home: Path, *arguments: str):
    return CliRunner().invoke(paidforby.app, list(arguments), env={"PAIDFORBY_HOME": str(home)})


def test_the_commands_say_the_same_root_and_that_what_came_back_is_sound(tmp_path):
    settings = make_home(tmp_path / "first")
    engine = make_archive(settings)

    made = run(settings.home, "backup", "--to", str(tmp_path / "b"))
    back = run(tmp_path / "second", "restore", "--from", str(tmp_path / "b"), "--json")

    assert (made.exit_code, back.exit_code) == (0, 0)
    assert root_of(engine) in made.output
    told = json.loads(back.stdout)
    assert told["ledger"]["root_sha256"] == root_of(engine)
    assert [check["name"] for check in told["checks"]] == [
        *("tables", "blobs", "ledger", "shown", "names", "search", "mirror")
    ]
    assert all(not check["bad"] for check in told["checks"])
    again = run(tmp_path / "second", "restore", "--from", str(tmp_path / "b"))
    assert again.exit_code == 1
    assert "empty database" in again.output


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE ad_version SET content = 'no JSON' WHERE id = 2",
            "ad_version 2: its content is no JSON",
        ),
        ("UPDATE run SET ended_at = 'late' WHERE id = 2", "run 2: its ended_at is no time"),
        (
            "UPDATE ledger_leaf SET leaf_sha256 = 'x' WHERE leaf_index = 2",
            "leaf 2 of the ledger is no hash",
        ),
    ],
)
def test_a_value_that_cannot_be_read_is_named_and_nothing_is_left(
    sqlite_archive, tmp_path, statement, told
):
    settings, engine = sqlite_archive
    with write(engine) as session:
        session.connection().execute(text(statement))

    made = run(settings.home, "backup", "--to", str(tmp_path / "b"))

    assert made.exit_code == 1
    assert made.stderr.splitlines()[-1].startswith(told)
    assert isinstance(made.exception, SystemExit)
    assert not list(tmp_path.glob("*b*"))


def test_a_backup_without_all_evidence_ends_with_three(sqlite_archive, tmp_path):
    settings, _ = sqlite_archive
    shutil.rmtree(settings.blobs_dir)

    done = run(settings.home, "backup", "--to", str(tmp_path / "b"), "--json")

    back = run(tmp_path / "second", "restore", "--from", str(tmp_path / "b"))

    assert (done.exit_code, back.exit_code) == (3, 3)
    assert json.loads(done.stdout)["missing_blobs"]
    assert re.search(r"blobs +BAD", back.output)
