"""Every leaf of the ledger is recomputed from its row: whatever was rewritten past the archive is named."""

from datetime import timedelta
from fnmatch import fnmatchcase

import pytest
from sqlalchemy import text
from sqlmodel import select

from archive.curation.labels import LabelWord, label_ad, withdraw_label
from archive.curation.reference_texts import keep_reference_text
from archive.media.files import DueAd, FetchOutcome, MachineText, keep_file, note_fetches
from archive.media.pictures import FileFacts
from archive.models import Ad, AdVersion, LabelTerm, LedgerLeaf
from archive.models.changes import LeafKind
from archive.models.media import MediaState
from archive.models.oversight import ReferenceKind
from archive.privacy.redaction_log import log_cut_names
from archive.privacy.redactions import redact_field
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from archive.store.ledger.checking import check_ledger
from archive.store.ledger.kept_head import KeptHead
from archive.store.ledger.leaves import hash_leaf
from archive.store.ledger.root import read_block_roots, read_ledger_head
from archive.store.ledger.statements import LEAF_ROWS
from tests.archive.exports.backups import make_home
from tests.invented import NOW, decide_something, make_archive, record_run
from tests.invented_records import harbour_ads

REWRITTEN = {
    "UPDATE ad_version SET content = '{}' WHERE id = 2": [
        "ad_version 2: its words are not those of its hash"
    ],
    "UPDATE ad_version SET seq = 9 WHERE id = 2": [
        "ad_version 2: its row is not what the ledger holds"
    ],
    "UPDATE ad SET ref = 'another' WHERE id = 2": [
        "ad_version 2: its row is not what the ledger holds",
        "redaction 2: its row is not what the ledger holds",
        "media 1: its row is not what the ledger holds",
        "label 1: its row is not what the ledger holds",
    ],
    "UPDATE capture SET url = 'https://elsewhere.example' WHERE id = 1": [
        "capture 1: its row is not what the ledger holds"
    ],
    "UPDATE disclosure_version SET content = '{}' WHERE id = 1": [
        "disclosure_version 1: its words are not those of its hash"
    ],
    "UPDATE decision SET reasons = 'Nothing is wrong.'": [
        "decision 1: its row is not what the ledger holds"
    ],
    "UPDATE redaction SET basis = 'a whim' WHERE id = 1": [
        "redaction 1: its row is not what the ledger holds"
    ],
    "UPDATE redaction SET rule = '' WHERE id = 2": [
        "redaction 2: its row is not what the ledger holds"
    ],
    "DELETE FROM redaction": [
        "ad_version 1: its words are not those of its hash",
        "ad_version 5: its words are not those of its hash",
        "redaction 1: its leaf has no row",
        "redaction 2: its leaf has no row",
    ],
    "UPDATE ad_version SET withheld = '[1]' WHERE id = 1": [
        "ad_version 1: its words are not those of its hash"
    ],
    "UPDATE rule_version SET text = 'no law' WHERE id = 1": [
        "rule_version 1: its words are not those of its hash"
    ],
    "UPDATE ad_media SET url = 'https://elsewhere.example'": [
        "media 1: its row is not what the ledger holds"
    ],
    "UPDATE ad_media SET state = 'gone'": ["media 1: its leaf has no row"],
    "UPDATE rule_use SET stage = 'draft' WHERE id = 1": [
        "rule_use 1: its row is not what the ledger holds"
    ],
    "UPDATE reference_version SET by_name = 'Nobody' WHERE name = 'parties'": [
        "reference *: its row is not what the ledger holds"
    ],
    "UPDATE reference_version SET text = '[1]' WHERE name = 'parties'": [
        "reference *: its words are not those of its hash"
    ],
    "UPDATE ad_label SET method = NULL": ["label 2: its row is not what the ledger holds"],
    "UPDATE ad_label SET withdrawn_by = 'Nobody' WHERE id = 1": [
        "label 1: its row is not what the ledger holds"
    ],
    "DELETE FROM ledger_leaf WHERE kind = 'capture' AND subject_id = 1": [
        "capture 1: its row has no leaf in the ledger",
        "the ledger lacks leaf",
    ],
    "UPDATE ledger_leaf SET kind = 'rumour' WHERE kind = 'media'": [
        "leaves of kind 'rumour': this program knows no rows for them",
        "media 1: its row has no leaf in the ledger",
    ],
}


BY_PROGRAM = LabelWord(LabelTerm.SYNTHETIC, says=False, method="seer 2.1")


@pytest.fixture
def engine(archive_url, tmp_path):
    """An archive with a leaf of every kind."""
    settings = make_home(tmp_path, archive_url)
    engine = make_archive(settings)
    decide_something(settings, engine)
    later = NOW + timedelta(hours=1)
    with write(engine) as session:
        ads = session.exec(select(Ad).order_by(Ad.id)).all()
        redact_field(session, ads[0], "payer_name", "a court's order", "Ada", later)
        log_cut_names(session, ads[1].source, [(ads[1].id, ads[1].ref, {"payer_name": "?"})], later)
        label_ad(session, ads[1], "Ada", "It names a candidate.", later)
        withdraw_label(session, ads[1], "Ada", "It does not.", later)
        label_ad(session, ads[0], "Ada", "A program says so.", later, word=BY_PROGRAM)
        said = ("Ada", "The law names it.")
        keep_reference_text(session, ReferenceKind.REGISTER, "parties", "[]", said, later)
        blob = BlobStore(settings.blobs_dir).put_bytes(b"a picture")
        keep_file(session, blob, FileFacts("image/png"), MachineText(None, None, ""), later)
        kept = FetchOutcome(MediaState.KEPT, sha256=blob.sha256)
        due = DueAd(ads[1].id, ads[1].ref, 2, ("https://harbour.example/1.png",))
        note_fetches(session, ads[1].source, due, {due.addresses[0]: kept}, later)
    yield engine
    engine.dispose()


def check(session, kept=None):
    return check_ledger(session, kept, lambda _: None)


def test_what_was_rewritten_past_the_archive_is_named_row_by_row(engine):
    found = {}
    with write(engine) as session:
        assert set(session.exec(select(LedgerLeaf.kind))) == {kind.value for kind in LeafKind}
        assert check(session).bad == []
        for statement, named in REWRITTEN.items():
            with session.begin_nested() as attempt:
                session.connection().execute(text(statement))
                found[statement] = check(session).bad
                attempt.rollback()
            assert len(found[statement]) == len(named), found[statement]
            for what, expected in zip(found[statement], named, strict=True):
                assert fnmatchcase(what, f"{expected}*")


def test_rows_and_leaves_rewritten_together_no_longer_give_the_kept_root(engine, monkeypatch):
    monkeypatch.setattr("archive.store.ledger.root.BLOCK_LEAVES", 4)
    monkeypatch.setattr("archive.store.ledger.checking.BLOCK_LEAVES", 4)
    with write(engine) as session:
        head = read_ledger_head(session)
        blocks = read_block_roots(session, head.size)
        kept = KeptHead(ledger=head, kept_at=NOW, blocks=blocks)
        assert check(session, kept).ok
        session.connection().execute(text("UPDATE decision SET reasons = 'Nothing is wrong.'"))
        session.connection().execute(text("DELETE FROM ledger_leaf WHERE kind = 'decision'"))
        rows = LEAF_ROWS[LeafKind.DECISION]
        said = dict(session.connection().execute(rows.query).mappings().one())
        index = set(range(kept.ledger.size)) - set(session.exec(select(LedgerLeaf.leaf_index)))
        leaf_sha256 = hash_leaf(LeafKind.DECISION, said)
        place = index.pop()
        session.add(
            LedgerLeaf(
                leaf_index=place,
                kind=LeafKind.DECISION,
                subject_id=1,
                leaf_sha256=leaf_sha256,
                recorded_at=NOW,
            )
        )
        session.flush()

        assert check(session).ok
        (told,) = check(session, kept).bad
        (without,) = check(session, kept.model_copy(update={"blocks": []})).bad

    assert len(blocks) == -(-head.size // 4) > 1
    first = place // 4 * 4
    last = min(first + 4, head.size) - 1
    assert told.startswith(without)
    assert without.endswith(head.root_sha256)
    assert f"; the first that differs is among leaves {first} to {last}: " in told
    assert "decision 1 to 1" in told


def test_a_ledger_that_goes_on_from_the_kept_root_is_sound(engine, tmp_path):
    with write(engine) as session:
        kept = KeptHead(ledger=read_ledger_head(session), kept_at=NOW)
        blobs = BlobStore(tmp_path / "blobs")
        ads = [harbour_ads(0)[1].model_copy(update={"ref": "new"})]
        record_run(session, blobs, "harbour_ads", "2027", NOW + timedelta(days=1), ads)

        assert check(session, kept).ok


def test_words_that_are_withheld_are_counted_and_not_compared(engine):
    with read(engine) as session:
        held = session.exec(select(AdVersion).where(AdVersion.ad_id == 1)).all()

        assert check(session).detail.startswith(f"{len(held)} versions hold withheld fields")
