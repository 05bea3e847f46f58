"""However much of a file cannot be read, or fits on no page: memory stays small and good rows are kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import func, select

from archive import bounds
from archive.bounds import UNKNOWN_TEXT
from archive.models import QuarantinedPiece
from archive.records import Unreadable
from archive.store.database import read
from scrapers.intake import pages
from scrapers.readers.files import SourceFile
from scrapers.sources import spider
from scrapers.spiders.ad_feed import AdFeedSpider
from tests.scrapers.crawls import Home
from tests.scrapers.samples import import_paths

AD = {"ref": "1", "platform": "meta", "bodies": ["Vote for the harbour"]}


def write_ads(path: Path, *ads: dict[str, object]) -> Path:
    path.write_text("".join(f"{json.dumps(ad)}\n" for ad in ads))
    return path


def read_ads(*ads: dict[str, object]) -> list[object]:
    data = "".join(f"{json.dumps(ad)}\n" for ad in ads).encode()
    return list(spider.read_delivery(AdFeedSpider, SourceFile.from_bytes("ads.jsonl", data)))


def reasons(readings: list[object]) -> list[str]:
    return [reading.reason for reading in readings if isinstance(reading, Unreadable)]


def test_of_very_many_unreadable_pieces_one_stands_for_the_rest_and_every_good_row_is_kept(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PIECES", replace(bounds.PIECES, most=3))
    monkeypatch.setattr(spider, "PAGE_SIZE", 4)
    ads = [AD | {"ref": str(number)} | ({"url": 7} if number % 2 else {}) for number in range(20)]
    report = import_paths(home, "ad_feed", write_ads(tmp_path / "ads.jsonl", *ads))
    with read(home.engine) as session:
        held = session.exec(select(QuarantinedPiece.reason)).all()
        assert session.exec(select(func.count(QuarantinedPiece.id.distinct()))).one() == 4
    assert (report.counts.new, report.outcome) == (10, "attention")
    assert [reason for reason in held if "3 unreadable pieces of one file" in reason] == held[-1:]


def test_a_file_of_which_nothing_can_be_read_is_not_tried_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spider, "HOPELESS", replace(bounds.HOPELESS, most=5))
    bad = [{"ref": str(number)} for number in range(50)]
    assert len(read_ads(*bad)) == 7
    assert "of which none can be read" in reasons(read_ads(*bad))[-1]
    now_and_then = [ad for some in (bad[:4], bad[4:8], bad[8:12]) for ad in (*some, AD)]
    assert len(read_ads(*now_and_then)) == 15, "one that can be read is reason to go on"


def test_a_page_ends_where_it_would_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spider, "PAGE_CHARACTERS", 1_000)
    ads = [AD | {"ref": str(number), "bodies": ["x" * 400]} for number in range(10)]
    file = SourceFile.from_bytes(
        "ads.jsonl", b"".join(json.dumps(ad).encode() + b"\n" for ad in ads)
    )
    readings = spider.read_delivery(AdFeedSpider, file)
    sizes = [len(page.readings) for page in spider.page_readings(readings, None, file)]
    assert (sum(sizes), max(sizes)) == (10, 3)


def test_more_of_a_field_nobody_knows_than_is_kept_costs_its_own_record_only() -> None:
    huge = AD | {"ref": "2", "mood": ["glad"] * UNKNOWN_TEXT.most}
    readings = read_ads(AD | {"mood": "glad"}, huge, AD | {"ref": "3"})
    assert [getattr(reading, "ref", None) for reading in readings] == [
        None,
        "plain/1",
        "plain/2",
        "plain/3",
    ]
    assert isinstance(readings[2], Unreadable)
    assert f"{UNKNOWN_TEXT.most:,} characters of the fields of one record" in reasons(readings)[-1]


def test_objects_with_ever_new_keys_are_refused_once_there_are_very_many_of_them() -> None:
    ads = [AD | {"ref": str(n)} | {f"key {n} {m}": m for m in range(700)} for n in range(5)]
    readings = read_ads(*ads, AD | {"ref": "plain"})
    assert [r.ref for r in readings if not isinstance(r, Unreadable)] == [
        f"plain/{name}" for name in ("0", "1", "plain")
    ]
    assert sum("2,000 columns or keys" in reason for reason in reasons(readings)) == 3
