"""Runs that pass over unchanged rows leave the same archive as runs that read every row."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from archive.exports.dump import dump_comparable
from archive.models import Ad, Run
from archive.models.changes import ChangeKind
from archive.records import AdRecord
from archive.runs.sightings import read_seen
from archive.runs.unchanged_rows import QuietAd
from archive.store.database import read
from config.settings import Settings
from scrapers.readers import blocks, matching, snapshots
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import Reading
from scrapers.readers.row_memory import RowMemory
from scrapers.replica.serve import running_replica
from scrapers.sources import spider as paging
from scrapers.sources.spider import read_delivery
from tests.migrated import init_fresh
from tests.scrapers.crawls import Home
from tests.scrapers.samples import pack, records, refusal
from tests.scrapers.stories import (
    FILE,
    HEADER,
    ROWS,
    SNAP,
    Story,
    know_all,
    remember,
    run,
    spell_file,
    spell_row,
)


@contextmanager
def open_home(folder: Path) -> Iterator[Home]:
    settings = Settings(home=folder, meilisearch_url=None)
    engine = init_fresh(settings, [SNAP.info])
    yield Home(settings, engine)
    engine.dispose()


def tell_history(home: Home) -> tuple[object, ...]:
    """All that is in an archive, and what each run counted and saw."""
    with read(home.engine) as session:
        runs = [
            (
                *(run.model_dump(exclude={"observed_at"})[name] for name in COUNTED),
                see(session, run),
            )
            for run in session.exec(select(Run).order_by(col(Run.id)))
        ]
        return runs, dump_comparable(session)


COUNTED = (
    *("partition", "outcome", "reason", "complete", "pages", "seen", "new", "changed"),
    *("unchanged", "vanished", "quarantined"),
)


def see(session: Session, run: Run) -> list[int]:
    blocks = read_seen(session, run.id or 0, ChangeKind.AD_CONTENT)
    return sorted({one for ids in blocks for one in ids})


@pytest.mark.parametrize("seed", range(5))
def test_what_is_passed_over_comes_out_as_if_it_were_read(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_SIZE", 7)
    monkeypatch.setattr(matching, "LINES_AT_ONCE", 5)
    monkeypatch.setattr(blocks, "END_BITS", 3)
    story = Story(seed)
    with open_home(tmp_path / "quick") as quick, open_home(tmp_path / "slow") as slow:
        for day in range(7):
            data = story.tell_day()
            partition = story.dice.choice(["2026"] * 5 + ["2025", None])
            for home in (quick, slow):
                shutil.rmtree(slow.settings.home / "snapshots", ignore_errors=True)
                run(home, data, day, partition=partition)
        assert tell_history(quick) == tell_history(slow)


def read_with(memory: RowMemory, data: bytes, name: str = FILE) -> list[Reading]:
    file = SourceFile(name, SourceFile.from_bytes(name, data).open, memory)
    readings = list(read_delivery(SNAP, file))
    memory.close(is_kept=False)
    return readings


def read_refs(readings: list[Reading]) -> list[str | None]:
    """The refs of what was read, in order; `None` for each row that was passed over."""
    found = [None if isinstance(r, QuietAd) else r for r in readings]
    return [r.ref if isinstance(r, AdRecord) else None for r in found]


def test_of_a_file_that_is_as_it_was_no_row_is_read(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    assert read_refs(read_with(memory, spell_file(*ROWS))) == [None] * 6


def test_only_rows_that_differ_are_read_in_their_place(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    changed = [*ROWS[:2], spell_row("ad2", 999), *ROWS[3:], spell_row("ad9")]
    readings = read_with(memory, spell_file(*changed))
    assert read_refs(readings) == [None, None, "ad2", None, None, None, "ad9"]


def test_a_row_that_is_refused_among_known_ones_keeps_its_line_and_its_bytes(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    refused = spell_row("ad3", -1)
    held = refusal(read_with(memory, spell_file(*ROWS, refused)))
    assert (held.line, held.raw) == (8, f"{refused}\n".encode())


def test_an_ad_that_something_else_touched_is_read(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), lambda refs: know_all({*refs} - {"ad4"}))
    assert read_refs(read_with(memory, spell_file(*ROWS))) == [None] * 4 + ["ad4", None]


def test_a_row_is_read_again_after_another_row_of_its_ad(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    rows = [spell_row("ad3", 5), *ROWS]
    assert read_refs(read_with(memory, spell_file(*rows))) == [
        "ad3",
        *[None] * 3,
        "ad3",
        None,
        None,
    ]


def test_a_known_line_inside_a_longer_row_is_part_of_that_row(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    swallowing = spell_row("ad9", name=f"first\n{ROWS[1]}\nlast")
    readings = read_with(memory, spell_file(ROWS[0], swallowing, ROWS[2]))
    assert read_refs(readings) == [None, "ad9", None]
    (ad,) = [r for r in readings if isinstance(r, AdRecord)]
    assert ad.advertiser_name is not None
    assert ROWS[1] in ad.advertiser_name


def test_a_zip_is_compared_member_by_member(home: Home) -> None:
    memory = remember(home, pack({FILE: spell_file(*ROWS)}), know_all, "bundle.zip")
    data = pack({FILE: spell_file(*ROWS, spell_row("ad9")), "Other.csv": spell_file(*ROWS[:1])})
    assert read_refs(read_with(memory, data, "bundle.zip")) == [*[None] * 6, "ad9", "ad0"]


@pytest.mark.parametrize(
    "data",
    [
        spell_file(*ROWS, header=f"{HEADER},Mood").replace(b"finland", b"finland,glad"),
        spell_file(*ROWS).replace(b"\n", b"\r\n"),
        spell_file(*ROWS, spell_row("ad9", name="a" * blocks.LONGEST_LINE)),
    ],
    ids=["another header", "carriage returns", "a line of megabytes"],
)
def test_where_there_is_doubt_each_row_is_read(home: Home, data: bytes) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    assert not any(isinstance(reading, QuietAd) for reading in read_with(memory, data))


@pytest.mark.parametrize("name", ["B\udce4r", "a\x1fb", "a\rb"])
def test_a_line_of_strange_bytes_is_read_and_hides_no_other(home: Home, name: str) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    readings = read_with(memory, spell_file(*ROWS, spell_row("ad9", name=name)))
    assert [isinstance(reading, QuietAd) for reading in readings] == [True] * 6 + [False]


@pytest.mark.parametrize("spelled", ['"ad3"', " ad3", "\u00a0ad3 "])
def test_a_known_row_is_read_when_a_row_to_be_read_may_be_of_its_ad(
    home: Home, spelled: str
) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    other = spell_row("ad3", 999).replace("ad3", spelled, 1)
    assert read_refs(read_with(memory, spell_file(*ROWS, other)))[:5] == [*[None] * 3, "ad3", None]


def test_other_readers_read_each_row(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    memory.readers_sha256 = "another release"
    assert len(records(read_with(memory, spell_file(*ROWS)))) == 6


def test_a_table_in_which_each_ad_stands_twice_holds_up_no_other(home: Home) -> None:
    twice = pack(
        {"Other.csv": spell_file(*ROWS, *(f"{row}x" for row in ROWS)), FILE: spell_file("")}
    )
    memory = remember(home, twice, know_all, "bundle.zip")
    assert read_refs(read_with(memory, twice, "bundle.zip"))[:6] == [f"ad{n}" for n in range(6)]
    assert memory.before is not None


def test_a_damaged_snapshot_is_no_snapshot(home: Home) -> None:
    memory = remember(home, spell_file(*ROWS), know_all)
    assert memory.before is not None
    memory.before.write_bytes(b"PAR1 and nothing else")
    assert len(records(read_with(memory, spell_file(*ROWS)))) == 6


def test_unchanged_ads_are_seen_and_none_of_them_vanishes(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    report = run(home, spell_file(*ROWS[:5]), 1)
    assert (report.counts.seen, report.counts.unchanged, report.counts.vanished) == (5, 5, 1)
    with read(home.engine) as session:
        gone = session.exec(select(Ad.ref).where(col(Ad.vanished_at).is_not(None))).all()
    assert gone == ["ad5"]


def test_a_crawl_passes_over_what_the_crawl_before_it_read(home: Home) -> None:
    folder = snapshots.name_folder(home.settings.home, "snap", "2026")
    with running_replica(day=1) as url:
        first = home.crawl(url)
    assert first.outcome == "done"
    before = snapshots.find_snapshot(folder)
    assert before is not None
    with running_replica(day=2) as url:
        second = home.crawl(url)
    assert (second.outcome, second.new, second.changed, second.vanished) == ("done", 3, 6, 1)
    assert second.seen == first.seen + 2
    after = snapshots.find_snapshot(folder)
    assert after is not None
    # The key of the hashes is handed on by a run that found the snapshot.
    assert snapshots.SnapshotName.of(after).key == snapshots.SnapshotName.of(before).key
