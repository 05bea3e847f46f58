"""Imports that leave unchanged rows unread leave the same archive as imports that read every row."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from archive.exports.dump import dump_comparable
from archive.models import Ad, AdMetric, AdVersion, ArchiveSecret, Run
from archive.models.changes import Change, ChangeKind
from archive.privacy.redactions import redact_field
from archive.records import AdRecord
from archive.runs.sightings import read_seen
from archive.store.database import create_archive_engine, read, write
from config.settings import Settings
from scrapers.intake import pages as intake
from scrapers.intake.importing import ImportReport
from scrapers.intake.pages import read_rows_but
from scrapers.readers.fields import Fields
from scrapers.readers.reading import Reading
from scrapers.replica.serve import running_replica
from scrapers.sources import spider
from scrapers.spiders import snap
from tests.migrated import init_fresh
from tests.scrapers.crawls import Home
from tests.scrapers.samples import pack
from tests.scrapers.stories import (
    FILE,
    HEADER,
    ROWS,
    SNAP,
    START,
    Story,
    run,
    spell_file,
    spell_row,
)

NOTHING_NEW = (6, 0, 0, 6, 0, 0)
"""Counts of one more look at `ROWS`."""


@pytest.fixture
def refs_read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The refs of Snap's rows that were read, in order, since the list was emptied."""
    refs: list[str] = []

    def read_ad(fields: Fields) -> AdRecord:
        record = snap.read_ad(fields)
        refs.append(record.ref)
        return record

    monkeypatch.setattr(snap, "ADS", replace(snap.ADS, read_row=read_ad))
    return refs


@contextmanager
def open_home(folder: Path) -> Iterator[Home]:
    settings = Settings(home=folder, meilisearch_url=None)
    engine = init_fresh(settings, [SNAP.info])
    yield Home(settings, engine)
    engine.dispose()


def count(report: ImportReport) -> tuple[int, ...]:
    counts = report.counts
    return (
        *(counts.seen, counts.new, counts.changed, counts.unchanged),
        *(counts.vanished, counts.quarantined),
    )


def forget_hashes(home: Home) -> None:
    """Make the next run read every row."""
    with write(home.engine) as session:
        session.connection().execute(update(Ad).values(row_hash=None))


def read_hashes(home: Home) -> dict[str, bytes | None]:
    with read(home.engine) as session:
        return dict(session.exec(select(Ad.ref, Ad.row_hash)).all())


def tell_history(home: Home) -> tuple[object, ...]:
    """All that is in an archive, and what each run counted and saw."""
    with read(home.engine) as session:
        runs = [
            (*(run.model_dump()[name] for name in COUNTED), see(session, run))
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


def test_all_rows_of_an_ad_that_stands_twice_are_read(home: Home, refs_read: list[str]) -> None:
    rows = [*ROWS, spell_row("ad3", 999), ROWS[5], ROWS[5]]
    run(home, spell_file(*rows), 0)
    refs_read.clear()
    assert count(run(home, spell_file(*rows, ""), 1)) == (9, 0, 2, 7, 0, 0)
    assert refs_read == ["ad3", "ad5", "ad3", "ad5", "ad5"]
    with read(home.engine) as session:
        spent = select(AdMetric.spend_lower_minor).order_by(col(AdMetric.id))
        assert session.exec(spent).all()[-1] == 999_00


@pytest.mark.parametrize("page_size", [2, 100], ids=["on two pages", "on one page"])
@pytest.mark.parametrize("spelled", ["ad3", '"ad3"', " ad3", "\u00a0ad3 "])
def test_the_last_row_of_an_ad_holds_however_its_id_is_spelled(
    home: Home, monkeypatch: pytest.MonkeyPatch, spelled: str, page_size: int
) -> None:
    monkeypatch.setattr(spider, "PAGE_SIZE", page_size)
    run(home, spell_file(*ROWS), 0)
    other = spell_row("ad3", 999).replace("ad3", spelled, 1)
    report = run(home, spell_file(other, *ROWS), 1)
    assert (report.counts.changed, report.counts.unchanged) == (2, 5)
    with read(home.engine) as session:
        ad = session.exec(select(Ad.id).where(Ad.ref == "ad3")).one()
        spent = select(AdMetric.spend_lower_minor).where(AdMetric.ad_id == ad)
        assert session.exec(spent.order_by(col(AdMetric.seq))).all() == [100_00, 999_00, 100_00]


def test_a_row_that_could_not_be_read_is_read_again_and_held_again(
    home: Home, refs_read: list[str]
) -> None:
    refused = spell_row("ad9", -1)
    run(home, spell_file(*ROWS, refused), 0)
    refs_read.clear()
    report = run(home, spell_file(refused, *ROWS), 1)
    assert count(report) == NOTHING_NEW
    assert report.outcome == "attention"
    (held,) = report.unreadable
    assert (held.line, held.raw) == (2, f"{refused}\n".encode())
    assert refs_read == []


def test_a_row_that_is_good_again_after_a_bad_one_is_unchanged(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    bad = run(home, spell_file(*ROWS[:5], spell_row("ad5", -1)), 1)
    assert count(bad) == (5, 0, 0, 5, 0, 1)
    assert count(run(home, spell_file(*ROWS, ""), 2)) == NOTHING_NEW


def test_a_known_line_inside_a_longer_row_is_part_of_that_row(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    swallowing = spell_row("ad9", name=f"first\n{ROWS[1]}\nlast")
    report = run(home, spell_file(ROWS[0], swallowing, ROWS[2]), 1)
    assert count(report) == (3, 1, 0, 2, 4, 0)


def test_unchanged_ads_are_seen_and_none_of_them_vanishes(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    assert count(run(home, spell_file(*ROWS[:5]), 1)) == (5, 0, 0, 5, 1, 0)
    with read(home.engine) as session:
        gone = session.exec(select(Ad.ref).where(col(Ad.vanished_at).is_not(None))).all()
        assert [len(see(session, run)) for run in session.exec(select(Run))] == [6, 5]
    assert gone == ["ad5"]


def test_an_ad_that_vanished_is_read_when_it_comes_back(home: Home, refs_read: list[str]) -> None:
    run(home, spell_file(*ROWS), 0)
    run(home, spell_file(*ROWS[:5]), 1)
    refs_read.clear()
    assert count(run(home, spell_file(*ROWS, ""), 2)) == NOTHING_NEW
    assert refs_read == ["ad5"]
    with read(home.engine) as session:
        assert session.exec(select(Ad).where(col(Ad.vanished_at).is_not(None))).all() == []


def test_an_ad_that_moved_to_another_partition_is_read_there(
    home: Home, refs_read: list[str]
) -> None:
    run(home, spell_file(*ROWS), 0)
    refs_read.clear()
    run(home, spell_file(ROWS[0]), 1, partition="2025")
    assert refs_read == ["ad0"]
    refs_read.clear()
    run(home, spell_file(*ROWS[:2]), 2, partition="2025")
    assert refs_read == ["ad1"]
    with read(home.engine) as session:
        moved = session.exec(select(Ad.ref).where(Ad.partition == "2025").order_by(Ad.ref)).all()
    assert moved == ["ad0", "ad1"]


def test_a_run_of_before_an_ad_was_known_reads_it(home: Home, refs_read: list[str]) -> None:
    run(home, spell_file(*ROWS), 5)
    run(home, spell_file(*ROWS, spell_row("ad9")), 7)
    refs_read.clear()
    run(home, spell_file(*ROWS, spell_row("ad9"), ""), 6)
    assert refs_read == ["ad9"]
    with read(home.engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "ad9")).one()
        assert ad.first_observed_at == START + timedelta(days=6)


@pytest.mark.parametrize(
    ("spend", "outcome"), [(90, "done"), (1, "partial")], ids=["a little", "too much"]
)
def test_unchanged_rows_weigh_as_much_as_if_they_were_read(
    home: Home, spend: int, outcome: str
) -> None:
    rows = [spell_row(f"ad{number}") for number in range(30)]
    run(home, spell_file(*rows), 0)
    lowered = [spell_row(f"ad{number}", spend) for number in range(20)]
    report = run(home, spell_file(*lowered, *rows[20:]), 1)
    assert report.outcome == outcome
    if spend == 1:
        assert "of 30 known ads, 20 state less" in report.reason
        assert "from 3,000 EUR to 1,020 EUR" in report.reason


def test_a_page_that_is_held_leaves_the_hashes_of_what_is_accepted(
    home: Home, refs_read: list[str]
) -> None:
    rows = [spell_row(f"ad{number}") for number in range(30)]
    run(home, spell_file(*rows), 0)
    before = read_hashes(home)
    run(home, spell_file(*(spell_row(f"ad{number}", 1) for number in range(30))), 1)
    assert read_hashes(home) == before
    refs_read.clear()
    assert count(run(home, spell_file(*rows, ""), 2)) == (30, 0, 0, 30, 0, 0)
    assert refs_read == []


def test_a_field_that_is_withheld_stays_withheld_and_its_row_unchanged(home: Home) -> None:
    run(home, spell_file(*ROWS), 0)
    with write(home.engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "ad3")).one()
        redact_field(session, ad, "payer_name", "a request", "N. N.", START + timedelta(hours=1))
    assert count(run(home, spell_file(*ROWS, ""), 1)) == NOTHING_NEW
    reworded = spell_row("ad3", name="Quay Party")
    assert count(run(home, spell_file(*ROWS[:3], reworded, *ROWS[4:]), 2)) == (6, 0, 1, 5, 0, 0)
    with read(home.engine) as session:
        versions = session.exec(select(AdVersion).where(AdVersion.ad_id == ad.id)).all()
    assert [version.content["payer_name"] for version in versions] == [None, None]


def test_a_row_is_read_after_all_if_its_ad_changed_before_the_page_is_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(home, spell_file(*ROWS), 0)
    asked: list[int] = []

    def read_slowly(unchanged: Collection[str], readings: Sequence[Reading]) -> list[Reading]:
        asked.append(len(unchanged))
        if len(asked) == 2:
            change_ad(home, "ad3")
        return read_rows_but(unchanged, readings)

    monkeypatch.setattr(intake, "read_rows_but", read_slowly)
    assert count(run(home, spell_file(spell_row("ad0", 999), *ROWS[1:]), 1)) == (6, 0, 2, 4, 0, 0)
    assert asked == [6, 5, 4]


def change_ad(home: Home, ref: str) -> None:
    """Let an ad be in another state, as another run would leave it."""
    other = create_archive_engine(str(home.engine.url))
    with write(other) as session:
        values = {"numbers_sha256": "other", "row_hash": None}
        session.connection().execute(update(Ad).where(col(Ad.ref) == ref).values(**values))
    other.dispose()


def test_hashes_of_another_archive_are_others(home: Home, tmp_path: Path) -> None:
    with open_home(tmp_path / "other") as other:
        with write(other.engine) as session:
            session.exec(select(ArchiveSecret)).one().value = b"another secret"
        for one in (home, other):
            run(one, spell_file(*ROWS), 0)
        assert read_hashes(home).keys() == read_hashes(other).keys()
        assert not {*read_hashes(home).values()} & {*read_hashes(other).values()}


def test_a_table_whose_column_of_refs_names_another_ad_is_no_table(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snap, "ADS", replace(snap.ADS, ref="OrganizationName"))
    with pytest.raises(ValueError, match="another ad"):
        run(home, spell_file(*ROWS), 0)


def test_a_crawl_leaves_unread_what_the_crawl_before_it_read(home: Home) -> None:
    with running_replica(day=1) as url:
        first = home.crawl(url)
    assert first.outcome == "done"
    before = read_hashes(home)
    assert all(before.values())
    with running_replica(day=2) as url:
        second = home.crawl(url)
    assert (second.outcome, second.new, second.changed, second.vanished) == ("done", 3, 6, 1)
    assert second.seen == first.seen + 2
    after = read_hashes(home)
    assert all(after.values())
    assert sum(before[ref] != after[ref] for ref in before) == 6
