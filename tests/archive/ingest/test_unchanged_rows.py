"""Hashes of rows in the archive: which ads they show to be unchanged, when they move, where they never go."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from archive.exports.backup import make_backup, restore_backup
from archive.exports.dump import dump_table, list_tables
from archive.ingest.ads.unchanged_rows import (
    UnchangedAd,
    find_unchanged,
    note_unchanged,
    read_row_hash_key,
)
from archive.ingest.ads.vanished_ads import mark_vanished
from archive.ingest.pages import ingest_page
from archive.ingest.rows import Stamp
from archive.models import Ad, ArchiveSecret
from archive.models.runs import RunKind
from archive.records import AdRecord
from archive.runs.lease import Counts, RunLease, begin_run
from archive.store.database import open_archive, read, write
from tests.archive.conftest import NOON
from tests.archive.exports.backups import fill, make_home, tell
from tests.comparable import dump_comparable

A, B, C = (bytes([number]) * 16 for number in (1, 2, 3))
DAY = timedelta(days=1)


def begin(
    engine: Engine,
    at: datetime,
    source: str = "example",
    partition: str = "2026",
    sweep: bool = True,
) -> RunLease:
    with write(engine) as session:
        now = at + 100 * DAY
        return begin_run(
            session, source, partition, RunKind.IMPORT, now, observed_on=at, is_sweep=sweep
        )


def take(
    engine: Engine,
    lease: RunLease,
    records: list[AdRecord],
    hashes: Mapping[str, bytes] | None = None,
) -> Counts:
    with write(engine) as session:
        return ingest_page(session, lease, records, None, lease.observed_at, row_hashes=hashes)


def read_hashes(engine: Engine) -> dict[str, bytes | None]:
    with read(engine) as session:
        return dict(session.exec(select(Ad.ref, Ad.row_hash)).all())


@pytest.fixture
def known(engine: Engine, make_ad) -> RunLease:
    """Two ads with hashes, a cheap one and one in another currency, and the run that brought them."""
    lease = begin(engine, NOON)
    ads = [make_ad("a"), make_ad("b", currency="NOK", spend_lower_minor=None)]
    take(engine, lease, ads, {"a": A, "b": B})
    return lease


def ask(engine: Engine, lease: RunLease, hashes: Mapping[str, bytes]) -> dict[str, UnchangedAd]:
    with read(engine) as session:
        return find_unchanged(session, lease, hashes)


@pytest.mark.usefixtures("known")
def test_ads_of_the_same_hash_are_found_with_what_the_gate_weighs(engine):
    later = begin(engine, NOON + DAY)
    found = ask(engine, later, {"a": A, "b": B, "c": C})
    assert {ref: ad[1:] for ref, ad in found.items()} == {"a": ("EUR", 100_00), "b": ("NOK", 0)}
    assert ask(engine, later, {"a": B, "b": A}) == {}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("where", "is_found"),
    [
        ({"partition": "2025"}, False),
        ({"partition": "2025", "sweep": False}, True),
        ({"source": "other"}, False),
    ],
    ids=["a sweep elsewhere", "a file of no partition", "another source"],
)
def test_only_a_run_where_the_ad_lives_finds_it(engine, where, is_found):
    assert bool(ask(engine, begin(engine, NOON + DAY, **where), {"a": A})) is is_found


@pytest.mark.parametrize(("days", "is_found"), [(-1, False), (0, True)])
@pytest.mark.usefixtures("known")
def test_a_run_of_before_does_not_find_what_came_later(engine, days, is_found):
    lease = begin(engine, NOON + days * DAY, sweep=False)
    assert bool(ask(engine, lease, {"a": A})) is is_found


@pytest.mark.usefixtures("known")
def test_an_ad_is_found_before_it_vanished_and_not_after(engine):
    gone = begin(engine, NOON + 2 * DAY)
    with write(engine) as session:
        assert mark_vanished(session, gone, NOON + 2 * DAY) == 2
    for days, found in ((1, {"a"}), (3, set())):
        lease = begin(engine, NOON + days * DAY, sweep=False, partition=f"{days}")
        assert {*ask(engine, lease, {"a": A})} == found


@pytest.mark.usefixtures("known")
def test_an_ad_without_a_hash_is_never_found(engine, make_ad):
    take(engine, begin(engine, NOON), [make_ad("d")])
    assert ask(engine, begin(engine, NOON + DAY), {"d": C}) == {}


@pytest.mark.usefixtures("known")
def test_unchanged_ads_are_counted_in_the_run_and_in_what_is_given_back(engine):
    lease = begin(engine, NOON + DAY)
    with write(engine) as session:
        ads = find_unchanged(session, lease, {"a": A, "b": B}).values()
        stamp = Stamp(lease, None, NOON)
        assert note_unchanged(session, stamp, ads) == Counts(seen=2, unchanged=2)
        assert note_unchanged(session, stamp, []) == Counts()
        assert mark_vanished(session, lease, lease.observed_at) == 0


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("values", "hashes", "kept"),
    [
        ({}, {"a": C}, C),
        ({}, {}, A),
        ({"spend_lower_minor": 150_00}, {"a": C}, C),
        ({"spend_lower_minor": 150_00}, {}, None),
        ({"bodies": ["Vote again"]}, {"a": C}, C),
        ({"bodies": ["Vote again"]}, {}, None),
    ],
    ids=["same row", "same", "moved row", "moved", "reworded row", "reworded"],
)
def test_the_hash_is_of_the_row_that_says_what_is_current(engine, make_ad, values, hashes, kept):
    counts = take(engine, begin(engine, NOON + DAY), [make_ad("a", **values)], hashes)
    assert counts.changed == bool(values)
    assert read_hashes(engine) == {"a": kept, "b": B}


@pytest.mark.usefixtures("known")
def test_what_came_late_leaves_the_hash_of_what_is_current(engine, make_ad):
    late = begin(engine, NOON - DAY, sweep=False)
    take(engine, late, [make_ad("a", bodies=["Vote soon"])], {"a": C})
    assert read_hashes(engine)["a"] == A


@pytest.mark.usefixtures("known")
def test_an_ad_that_returns_gets_the_hash_of_the_row_it_returned_in(engine, make_ad):
    gone = begin(engine, NOON + DAY)
    with write(engine) as session:
        mark_vanished(session, gone, gone.observed_at)
    take(engine, begin(engine, NOON + 2 * DAY), [make_ad("a")], {"a": C})
    assert read_hashes(engine)["a"] == C


@pytest.mark.usefixtures("known")
def test_hashes_and_their_secret_are_in_no_copy(engine):
    with read(engine) as session:
        secret = read_row_hash_key(session)
        tables = {table.name: b"\n".join(dump_table(session, table)) for table in list_tables()}
        compared = "".join(line for lines in dump_comparable(session).values() for line in lines)
    assert len(secret) == 32
    assert "archive_secret" not in tables
    assert b'"ref":"a"' in tables["ad"]
    assert b"row_hash" not in b"".join(tables.values())
    assert "row_hash" not in compared


def test_a_restored_archive_has_a_secret_of_its_own_and_no_hashes(tmp_path):
    settings = make_home(tmp_path / "first")
    engine = fill(settings)
    with write(engine) as session:
        for number, ad in enumerate(session.exec(select(Ad))):
            ad.row_hash = bytes([number]) * 16
        secret = session.exec(select(ArchiveSecret)).one().value
    make_backup(engine, settings, tmp_path / "backup", NOON, tell)
    engine.dispose()

    again = make_home(tmp_path / "second")
    restore_backup(again, tmp_path / "backup", tell)

    restored = open_archive(again)
    assert {*read_hashes(restored).values()} == {None}
    with read(restored) as session:
        assert read_row_hash_key(session) not in {secret, b""}
    restored.dispose()
