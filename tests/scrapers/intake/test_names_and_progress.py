"""How an import names its files, and how it says how far it has come."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from sqlmodel import select

from archive.models import Capture, QuarantinedPiece
from archive.store.database import read
from archive.terminal import shown_stages
from scrapers.intake.importing import READING, ImportOrder, import_files
from scrapers.sources import spider
from scrapers.spiders.snap import COLUMNS, SnapSpider
from scrapers.work.crawl.releasing import release_quarantined
from scrapers.work.dispatch.following import (
    COPIES,
    CREATIVES,
    MIRROR,
    RULES,
    SEARCH_COPY,
    follow_changes,
)
from tests.scrapers.crawls import Home, now
from tests.scrapers.samples import import_paths, pack

SOURCE = "snap"
HEADER = sorted(COLUMNS.known)


def table(*rows: dict[str, str]) -> str:
    """A year's file with an ad for each row."""
    said = {"Currency Code": "EUR", "Impressions": "1", "Spend": "2"}
    lines = [[(said | row).get(name, "") for name in HEADER] for row in rows]
    return "\n".join(",".join(cells) for cells in [HEADER, *lines]) + "\n"


def lay_out(folder: Path) -> list[Path]:
    """The same name in three folders: a whole file, a damaged one, one with a bad row."""
    whole = pack({"ads/PoliticalAds.csv": table({"ADID": "a"})})
    bad = pack({"ads/PoliticalAds.csv": table({"ADID": "b", "Spend": "-1"})})
    paths = []
    for name, data in (("FI", whole), ("FR", whole[:90]), ("GR", bad)):
        (folder / name).mkdir(parents=True)
        paths.append(folder / name / "PoliticalAds.zip")
        paths[-1].write_bytes(data)
    return paths


@pytest.mark.parametrize("by_folder", [True, False])
def test_a_file_is_named_by_the_folder_and_the_zip_it_lies_in(
    home: Home,
    tmp_path: Path,
    by_folder: bool,
) -> None:
    paths = lay_out(tmp_path / "sent")
    report = import_paths(home, SOURCE, *([tmp_path / "sent"] if by_folder else paths))
    named = {piece.file for piece in report.unreadable}
    assert named == {"FR/PoliticalAds.zip", "GR/PoliticalAds.zip/ads/PoliticalAds.csv"}
    with read(home.engine) as session:
        assert {piece.file for piece in session.exec(select(QuarantinedPiece))} == named
        captured = session.exec(select(Capture.url).order_by(Capture.url)).all()
    assert captured == [f"{folder}/PoliticalAds.zip" for folder in ("FI", "FR", "GR")]


def test_a_file_taken_in_before_is_named_so_too_and_a_piece_of_it_is_found_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = lay_out(tmp_path)
    import_paths(home, SOURCE, *paths[::2])
    assert import_paths(home, SOURCE, *paths[::2]).already_captured == [
        "FI/PoliticalAds.zip",
        "GR/PoliticalAds.zip",
    ]
    monkeypatch.setattr("scrapers.spiders.snap.read_amount", lambda *_, **__: 1)
    told, _ = release_quarantined(home.settings, home.engine, "1", "A. Reader", "mended", now)
    assert told == "piece 1 of GR/PoliticalAds.zip/ads/PoliticalAds.csv"


def test_each_stage_says_how_far_it_has_come_and_none_is_whole_before_its_end(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spider, "PAGE_SIZE", 100)
    monkeypatch.setattr("search.copies.filling.CHANGES_AT_ONCE", 100)
    monkeypatch.setattr("scrapers.work.dispatch.consumers.MOST_AT_ONCE", 100)
    monkeypatch.setattr("archive.duplicates.changes.MOST_AT_ONCE", 100)
    ads = table(*({"ADID": f"x{number:060}"} for number in range(500)))
    for year in ("2025", "2026"):
        (tmp_path / "sent" / year).mkdir(parents=True)
        (tmp_path / "sent" / year / "a.csv").write_text(ads.replace("x", f"y{year}"))
    told = defaultdict[str, list[float]](list)

    def reach(stage: str, done: int, of: int) -> None:
        told[stage].append(done / of)

    order = ImportOrder((tmp_path / "sent",))
    import_files(home.settings, home.engine, SnapSpider, order, now, reach)
    follow_changes(home.settings, home.engine, now, mirror=True, copies=True, reach=reach)

    assert set(told) == {READING, RULES, SEARCH_COPY, MIRROR, COPIES, CREATIVES}
    for stage, shares in told.items():
        assert len(shares) >= (4 if stage == MIRROR else 10), stage
        assert shares == sorted(shares), stage
        assert 1 <= shares.count(1) <= 3, stage
    reading = told[READING]
    assert reading.count(1) == 1
    assert max(b - a for a, b in pairwise(reading)) < 0.25


def test_without_a_terminal_a_line_is_written_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = iter([0.0, 1.0, 6.0, 6.0, 7.0, 12.0, 12.0])
    with shown_stages(["a", "b"], lambda: next(seconds)) as reach:
        reach("a", 1_000, 4_000)
        reach("a", 2_999, 3_000)
        reach("a", 1, 1)
        reach("b", 1, 3_000)
        reach("b", 3_000, 3_000)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "a:  99 %, 2,999 of 3,000\na: done\nb: 100 %, 3,000 of 3,000\n"


def test_on_a_terminal_every_stage_has_its_bar_from_the_beginning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with shown_stages(["a stage", "another"]) as reach:
        reach("a stage", 1, 4)
    said = capsys.readouterr()
    assert said.out == ""
    for words in ("a stage", "25 %, 1 of 4", "another", "waiting"):
        assert words in said.err
