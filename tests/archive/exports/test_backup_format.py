"""The lines of a backup made at revision 0011, kept as they were written, still make an archive."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.exports.backup import Manifest, restore_backup
from archive.exports.backup.folder import BackupWriter, name_table_file
from archive.models import Disclosure, QuarantinedBatch, QuarantinedPiece, Run, Source
from archive.models.changes import ChangeKind
from archive.models.runs import Outcome
from archive.records import MissingReason
from archive.runs.sightings import read_seen
from archive.store.database import open_archive, read
from archive.store.ledger.root import read_ledger_head
from config.settings import Settings
from tests.invented import make_settings
from tests.migrated import init_fresh

LINES = Path(__file__).parent / "backup_of_0011"
MADE_AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def restored(tmp_path):
    empty = init_fresh(Settings(home=tmp_path / "empty"), [])
    with read(empty) as session:
        head = read_ledger_head(session)
    empty.dispose()
    folder = tmp_path / "backup"
    folder.mkdir()
    writer = BackupWriter(folder, lambda *_: None)
    tables = {
        path.stem: writer.write_lines(name_table_file(path.stem), path.read_bytes().splitlines())
        for path in sorted(LINES.glob("*.jsonl"))
    }
    manifest = Manifest(
        schema_revision="0011",
        made_at=MADE_AT,
        realm=None,
        ledger=head,
        tables=tables,
        blobs=0,
        missing_blobs=[],
        sums_sha256=writer.close_sums(),
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    settings = make_settings(tmp_path / "home")
    restore_backup(settings, folder, lambda *_: None)
    engine = open_archive(settings)
    yield engine
    engine.dispose()


def test_instants_days_nested_values_and_bytes_come_back_as_they_were_written(restored):
    with read(restored) as session:
        filed = session.get_one(Disclosure, 1)
        assert filed.spent_on.isoformat() == "2026-11-01"
        assert filed.recorded_at == datetime(2026, 11, 23, 7, 20, 5, tzinfo=UTC)
        assert filed.missing["category"] == MissingReason.NOT_PROVIDED
        assert filed.amount_minor == 5000_00
        assert list(read_seen(session, 1, ChangeKind.AD_CONTENT)) == [[1, 2, 3, 4]]
        assert session.get_one(Run, 1).outcome == Outcome.DONE
        source = session.get_one(Source, "harbour_ads")
        assert source.seconds_between_requests == 1.0
        assert source.most_records_per_run is None


def test_what_was_settled_then_is_settled_and_a_piece_has_no_reason(restored):
    with read(restored) as session:
        batch = session.get_one(QuarantinedBatch, 1)
        assert (batch.status, batch.settled_by, batch.figures["gone"]) == ("released", "Ada", 30)
        assert "<script>" in session.get_one(QuarantinedBatch, 2).reason
        piece = session.get_one(QuarantinedPiece, 1)
        assert (piece.status, piece.settled_because) == ("rejected", None)
        assert piece.settled_at == datetime(2026, 11, 23, 7, 21, 0, 123456, tzinfo=UTC)
