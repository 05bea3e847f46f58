"""Imports that leave unchanged rows unread leave the same archive as imports that read every row."""

from pathlib import Path

import pytest
from sqlmodel import select

from archive.models import AdMetric, AdVersion
from archive.models.changes import Change
from archive.store.database import read
from scrapers.sources import spider
from tests.scrapers.crawls import Home
from tests.scrapers.intake.unread_rows import (
    NOTHING_NEW,
    count,
    forget_hashes,
    open_home,
    read_hashes,
    tell_history,
)
from tests.scrapers.samples import pack
from tests.scrapers.stories import (
    FILE,
    HEADER,
    ROWS,
    Story,
    run,
    spell_file,
    spell_row,
)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_left_unread_comes_out_as_if_it_were_read(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spider, "PAGE_SIZE", 7)
    story = Story(seed)
    with open_home(tmp_path / "quick") as quick, open_home(tmp_path / "slow") as slow:
        for number in range(7):
            data = story.tell_day()
            partition = story.dice.choice(["2026"] * 5 + ["2025", None])
            day = number - story.dice.choice([0] * 4 + [3])
            for home in (quick, slow):
                forget_hashes(slow)
                run(home, data, day, partition=partition)
        assert tell_history(quick) == tell_history(slow)


def test_of_a_file_that_is_as_it_was_no_row_is_read(home: Home, refs_read: list[str]) -> None:
    run(home, spell_file(*ROWS), 0)
    refs_read.clear()
    assert count(run(home, spell_file(*ROWS, ""), 1)) == NOTHING_NEW
    assert refs_read == []


def test_only_rows_that_differ_are_read(home: Home, refs_read: list[str]) -> None:
    run(home, spell_file(*ROWS), 0)
    refs_read.clear()
    changed = [*ROWS[:2], spell_row("ad2", 999), *ROWS[3:5], spell_row("ad9")]
    assert count(run(home, spell_file(*changed), 1)) == (6, 1, 1, 4, 1, 0)
    assert refs_read == ["ad2", "ad9"]


def test_rows_in_another_order_and_in_a_zip_are_not_read(home: Home, refs_read: list[str]) -> None:
    run(home, pack({f"2026/{FILE}": spell_file(*ROWS)}), 0, name="bundle.zip")
    refs_read.clear()
    moved = pack({"readme.txt": "of 2026", FILE: spell_file(*reversed(ROWS))})
    assert count(run(home, moved, 1, name="moved.zip")) == NOTHING_NEW
    assert refs_read == []


def test_a_file_of_no_partition_is_compared_too(home: Home, refs_read: list[str]) -> None:
    run(home, spell_file(*ROWS), 0)
    refs_read.clear()
    assert count(run(home, spell_file(*ROWS[:3], ""), 1, partition=None)) == (3, 0, 0, 3, 0, 0)
    assert refs_read == []


def other_bytes(row: str) -> str:
    return row.replace("Harbour Party", '"Harbour Party"')


def test_the_same_content_in_other_bytes_moves_the_hash_and_nothing_else(
    home: Home, refs_read: list[str]
) -> None:
    run(home, spell_file(*ROWS), 0)
    before, changes = read_hashes(home), count_changes(home)
    spelled = spell_file(*map(other_bytes, ROWS[:4]), *ROWS[4:])
    assert count(run(home, spelled, 1)) == NOTHING_NEW
    after = read_hashes(home)
    assert [after[ref] == before[ref] for ref in sorted(after)] == [False] * 4 + [True] * 2
    assert count_changes(home) == changes
    refs_read.clear()
    assert count(run(home, spelled + b"\n", 2)) == NOTHING_NEW
    assert refs_read == []


def count_changes(home: Home) -> list[int]:
    with read(home.engine) as session:
        tables = (AdVersion, AdMetric, Change)
        return [len(session.exec(select(table)).all()) for table in tables]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (
            spell_file(*(f"{row},glad" for row in ROWS), header=f"{HEADER},Mood").replace(
                b"glad", b""
            ),
            FILE,
        ),
        (spell_file(*ROWS).replace(b"\n", b"\r\n"), FILE),
        (spell_file(*ROWS, ""), "OtherAds.csv"),
    ],
    ids=["another header", "carriage returns", "another table"],
)
def test_rows_that_may_mean_something_else_are_read(
    home: Home, refs_read: list[str], data: bytes, name: str
) -> None:
    run(home, spell_file(*ROWS), 0)
    refs_read.clear()
    run(home, data, 1, name=name)
    assert len(refs_read) == 6


def test_a_reader_of_other_code_reads_each_row_once(
    home: Home, refs_read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home, spell_file(*ROWS), 0)
    refs_read.clear()
    monkeypatch.setattr(spider, "describe_reader", lambda _: "the next release")
    assert count(run(home, spell_file(*ROWS, ""), 1)) == NOTHING_NEW
    assert len(refs_read) == 6
    assert count(run(home, spell_file(*ROWS, "", ""), 2)) == NOTHING_NEW
    assert len(refs_read) == 6
