"""Evidence is kept by its hash, once, and no secret is stored with it."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import ArchiveError, EvidenceError
from archive.models.runs import Outcome, PieceStatus, RunKind
from archive.records import Unreadable
from archive.runs.captures import last_applied_at, redact_url, save_capture
from archive.runs.lease import begin_run, end_run
from archive.runs.quarantine import list_quarantined, quarantine_pieces, read_quarantined, settle
from archive.store.blobs import BlobStore
from archive.store.database import read, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(tmp_path / "blobs")


def test_bytes_come_back_as_they_were(blobs, tmp_path):
    data = b"Vote for the harbour\n" * 10_000
    (tmp_path / "file").write_bytes(data)

    from_bytes = blobs.put_bytes(data)
    from_file = blobs.put_file(tmp_path / "file")

    assert from_bytes == from_file
    assert blobs.read(from_bytes.sha256) == data
    assert len(list(blobs.root.rglob("*.zst"))) == 1


def test_evidence_that_was_altered_is_refused(blobs):
    blob = blobs.put_bytes(b"as delivered")
    other = blobs.put_bytes(b"something else")
    blobs.path_of(blob.sha256).write_bytes(blobs.path_of(other.sha256).read_bytes())

    with pytest.raises(EvidenceError, match="not what its name says"):
        blobs.read(blob.sha256)


@pytest.mark.parametrize("damage", [b"", b"scratched"])
def test_the_same_bytes_heal_evidence_that_was_damaged(blobs, tmp_path, damage):
    data = b"as delivered"
    (tmp_path / "file").write_bytes(data)
    blob = blobs.put_bytes(data)

    for put_again in (lambda: blobs.put_bytes(data), lambda: blobs.put_file(tmp_path / "file")):
        blobs.path_of(blob.sha256).write_bytes(damage)
        assert not blobs.is_whole(blob.sha256)
        put_again()
        assert blobs.read(blob.sha256) == data


def test_a_blob_and_the_folders_it_lies_in_are_on_the_disk_before_it_is_named(blobs, monkeypatch):
    synced = []
    sync = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda file: (synced.append(Path(f"/proc/self/fd/{file}").readlink()), sync(file)),
    )
    path = blobs.path_of(blobs.put_bytes(b"as delivered").sha256)

    folders = [path.parent, path.parent.parent, blobs.root, blobs.root.parent]
    assert [name for name in synced if name.is_dir()][-1] == path.parent
    assert set(folders) <= set(synced)


def test_evidence_that_is_gone_is_named(blobs):
    with pytest.raises(EvidenceError, match="is not in"):
        blobs.read("0" * 64)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/x?access_token=SECRET&limit=5", "limit=5"),
        ("https://a.example/x?api_key=SECRET", "api_key=REDACTED"),
        ("https://a.example/x?X-Amz-Signature=SECRET", "REDACTED"),
        ("https://a.example/x", "https://a.example/x"),
    ],
)
def test_a_stored_address_holds_no_secret(url, kept):
    assert "SECRET" not in redact_url(url)
    assert kept in redact_url(url)


@pytest.mark.parametrize(("outcome", "applied"), [(Outcome.DONE, True), (Outcome.FAILED, False)])
def test_bytes_count_as_taken_in_only_after_a_run_that_ended_well(engine, blobs, outcome, applied):
    blob = blobs.put_bytes(b"a file")
    with write(engine) as session:
        lease = begin_run(session, "example", "import", RunKind.IMPORT, NOON)
        save_capture(session, lease, blob, url="file.csv", now=NOON)
        end_run(session, lease, outcome, NOON)

    with read(engine) as session:
        seen_at = last_applied_at(session, "example", "import", blob.sha256)
    assert (seen_at == NOON) is applied


def test_a_piece_is_held_once_with_its_bytes_and_settled_once(engine, blobs):
    piece = Unreadable(file="x.csv", line=7, field="Spend", reason="is negative", raw=b"row")
    with write(engine) as session:
        lease = begin_run(session, "example", "import", RunKind.IMPORT, NOON)
        capture = save_capture(session, lease, blobs.put_bytes(b"all"), url="x.csv", now=NOON)
        held = [
            quarantine_pieces(session, blobs, lease, [piece], capture, NOON),
            quarantine_pieces(session, blobs, lease, [piece], capture, NOON),
        ]
    assert held == [1, 0]

    with write(engine) as session:
        (row,) = list_quarantined(session, None, 10)
        assert blobs.read(row.sha256) == b"row"
        settle(session, str(row.id), PieceStatus.REJECTED, "Ada", "a stray line", NOON)
    again = "piece 1 of x.csv was rejected by Ada before, because: a stray line"
    with write(engine) as session, pytest.raises(ArchiveError, match=again):
        settle(session, "1", PieceStatus.RELEASED, "Bo", "it is good", NOON)
    with read(engine) as session:
        kept = read_quarantined(session, "1")
    assert (kept.status, kept.settled_by, kept.settled_at) == ("rejected", "Ada", NOON)
