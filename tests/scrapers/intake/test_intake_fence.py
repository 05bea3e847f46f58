"""One row or record that something fails on is put aside with its id; its neighbours are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from archive.ingest import pages as ingest
from archive.ingest.ads.take_ads import ingest_ads
from archive.models import Ad, QuarantinedPiece, Source
from archive.models.runs import RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, count_pages
from archive.runs.plausibility import open_gate
from archive.store.blobs import BlobStore
from archive.store.database import create_archive_engine, read, write
from archive.store.outages import Patience
from scrapers.intake.pages import Intake
from scrapers.readers.fields import Fields
from scrapers.spiders import snap
from tests.scrapers.crawls import Home
from tests.scrapers.stories import ROWS, run, spell_file

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read_pieces(engine: Engine) -> list[QuarantinedPiece]:
    with read(engine) as session:
        return list(session.exec(select(QuarantinedPiece).order_by(QuarantinedPiece.id)))


def list_refs(engine: Engine) -> list[str]:
    with read(engine) as session:
        return sorted(session.exec(select(Ad.ref)))


def test_a_row_its_reader_fails_on_is_put_aside_with_its_bytes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[str] = []

    def read_ad(fields: Fields) -> AdRecord:
        record = snap.read_ad(fields)
        met.append(record.ref)
        if len(met) == 2:
            raise RecursionError("a value of the source")
        return record

    monkeypatch.setattr(snap, "ADS", replace(snap.ADS, read_row=read_ad))
    report = run(home, spell_file(*ROWS), 0)

    assert list_refs(home.engine) == sorted({*met} - {met[1]})
    (piece,) = read_pieces(home.engine)
    assert (report.outcome, piece.stage, piece.line) == ("attention", "reading", 3)
    assert piece.reason == "our reader failed on it (RecursionError)"
    assert "a value of the source" in piece.detail
    assert met[1].encode() in BlobStore(home.settings.blobs_dir).read(piece.sha256 or "")


def test_a_file_its_reader_fails_on_is_put_aside_from_there_on(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_: Any) -> Iterator[Any]:
        yield from ()
        raise KeyError("nobody foresaw it")

    with monkeypatch.context() as patch:
        patch.setattr(snap.SnapSpider, "read", break_off)
        report = run(home, spell_file(*ROWS), 0)
    (piece,) = read_pieces(home.engine)
    assert (report.outcome, piece.reason) == ("attention", "our reader failed on it (KeyError)")


@pytest.fixture
def intake(archive_url: str, tmp_path: Path) -> Iterator[Intake]:
    engine = create_archive_engine(archive_url)
    with write(engine) as session:
        session.add(Source(**snap.SnapSpider.info.model_dump()))
        session.flush()
        lease = begin_run(session, "snap", "2026", RunKind.CRAWL, NOON)
        gate = open_gate(session, "snap")
    yield Intake(engine, BlobStore(tmp_path), lease, lambda: NOON, Patience(0), gate)
    engine.dispose()


def make_ads(*refs: str) -> list[AdRecord]:
    return [
        AdRecord(ref=ref, platform="snap", currency="EUR", spend_lower_minor=5, spend_upper_minor=5)
        for ref in refs
    ]


def test_a_record_the_archive_fails_on_is_put_aside_and_its_page_is_written(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ingest_most(session: Session, stamp: Any, ads: Sequence[AdRecord], gate: Any) -> Any:
        counts = ingest_ads(session, stamp, ads, gate)
        if any(ad.ref == "c" for ad in ads):
            raise OverflowError("a value of the source")
        return counts

    monkeypatch.setattr(ingest, "ingest_ads", ingest_most)
    capture = intake.keep_capture(
        intake.blobs.put_bytes(b"all of it"), url="https://a.example/x.csv"
    )
    intake.take_page(make_ads("a", "b", "c", "d", "e"), capture, cursor="2")

    assert list_refs(intake.engine) == ["a", "b", "d", "e"]
    (piece,) = read_pieces(intake.engine)
    assert (piece.stage, piece.subject, piece.file) == ("ingest", "snap:c", "x.csv")
    assert (piece.sha256, piece.reason) == (
        capture.sha256,
        "the archive could not take it in (OverflowError)",
    )
    assert (intake.counts.new, intake.counts.seen, intake.counts.quarantined) == (4, 4, 1)
    assert [each.subject for each in intake.unreadable] == ["snap:c"]
    with read(intake.engine) as session:
        assert count_pages(session, intake.lease) == 1


def test_a_number_no_column_can_hold_takes_only_its_own_record_with_it(intake: Intake) -> None:
    capture = intake.keep_capture(intake.blobs.put_bytes(b"all"), url="https://a.example/x.csv")
    ads = make_ads("a", "b", "c")
    ads[1].reach_lower = 2**63
    intake.take_page(ads, capture)

    assert list_refs(intake.engine) == ["a", "c"]
    assert [piece.subject for piece in read_pieces(intake.engine)] == ["snap:b"]
