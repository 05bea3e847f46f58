"""The mirror is the tables at its mark, whatever happened, whoever was killed, whenever one reads."""

import json
import random
from contextlib import suppress
from datetime import date, timedelta

import duckdb
import pyarrow.parquet as pq
import pytest
from sqlmodel import select
from typer.testing import CliRunner

import paidforby
from archive.changes import last_change_seq, read_mark
from archive.database import read, write
from archive.errors import ArchiveError
from archive.mirror import (
    MirrorError,
    compact_mirror,
    compacting,
    newest_rows_sql,
    read_mirror,
    read_status,
    sync_mirror,
    syncing,
)
from archive.mirror.manifest import hold_mirror, require_manifest
from archive.mirror.syncing import name_consumer
from archive.mirror.tables import MIRRORED
from archive.models import Ad, ConsumerMark
from archive.parquet import arrow_schema, to_record_batch
from archive.records import AdvertiserSpendRecord, DisclosureRecord
from archive.redactions import redact_field
from tests.archive.conftest import NOON
from tests.invented import make_archive, make_settings

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what happens to files alone, whatever database they come from."""


class KilledError(BaseException):
    """Stands for the end of a process: nothing after it runs."""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "it's parquet"


def rows_of_table(engine, name):
    """The rows of a table in the mirror's form, by id."""
    table, _ = MIRRORED[name]
    with read(engine) as session:
        rows = session.connection().execute(select(table).order_by(table.c.id)).mappings().all()
    return to_record_batch(arrow_schema(table.columns), rows).to_pylist()


def rows_of_mirror(folder, name):
    return read_mirror(folder, name).order("id").to_arrow_table().to_pylist()


def assert_equal(engine, folder):
    with read(engine) as session:
        assert require_manifest(folder).seq == last_change_seq(session)
    for name in MIRRORED:
        assert rows_of_mirror(folder, name) == rows_of_table(engine, name), name


def make_statement(amount, **values):
    given = {
        "dataset": "weekly",
        "platform": "examplatform",
        "grain": "week",
        "period_start_on": date(2026, 2, 1),
        "period_end_on": date(2026, 2, 7),
        "advertiser_ref": "page-1",
        "currency": "EUR",
        "spend_lower_minor": amount,
        "spend_upper_minor": amount,
    }
    return AdvertiserSpendRecord(**(given | values))


def make_disclosure(amount, ref="d1"):
    return DisclosureRecord(
        ref=ref,
        committee_ref="c1",
        currency="EUR",
        amount_minor=amount,
        is_memo=False,
        is_correction=False,
        spent_on=date(2026, 2, 3),
    )


class History:
    """Random looks at one source, some of them late, incomplete or with fields withheld."""

    def __init__(self, engine, look_at, make_ad, seed):
        self.engine, self.look_at, self.make_ad = engine, look_at, make_ad
        self.random = random.Random(seed)
        self.now = NOON

    def go_on(self):
        self.now += timedelta(hours=self.random.randint(1, 30))
        self.random.choice([self.see_ads, self.see_ads, self.see_money, self.withhold])()

    def see_ads(self):
        refs = self.random.sample([f"a{i}" for i in range(6)], self.random.randint(0, 5))
        late = self.random.random() < 0.3
        self.look_at(
            [
                self.make_ad(
                    ref,
                    bodies=[self.random.choice(["Vote", "Do not vote"])],
                    spend_lower_minor=(spend := self.random.choice([100, 200, 300])),
                    spend_upper_minor=spend,
                    countries=self.random.choice([[], ["FR"], ["DE", "FR"]]),
                )
                for ref in refs
            ],
            self.now,
            sweep=self.random.random() < 0.7,
            observed_on=self.now - timedelta(days=9) if late else None,
        )

    def see_money(self):
        late = self.random.random() < 0.3
        self.look_at(
            [
                make_statement(self.random.choice([100, 200])),
                make_statement(self.random.choice([100, 200]), advertiser_ref="page-2"),
                make_disclosure(self.random.choice([100, 200])),
                make_disclosure(self.random.choice([100, 200]), "d2"),
            ],
            self.now,
            partition="money",
            sweep=self.random.random() < 0.5,
            observed_on=self.now - timedelta(days=9) if late else None,
        )

    def withhold(self):
        with write(self.engine) as session:
            ad = session.exec(select(Ad).order_by(Ad.id.desc())).first()
            field = self.random.choice(["bodies", "payer_name", "advertiser_name"])
            # It may be withheld already.
            with suppress(ArchiveError):
                if ad is not None:
                    redact_field(session, ad, field, "a court", "officer", self.now)


@pytest.mark.parametrize("seed", range(3))
def test_after_any_history_the_mirror_is_the_tables(engine, look_at, make_ad, folder, seed):
    history = History(engine, look_at, make_ad, seed)
    for _ in range(20):
        history.go_on()
        if history.random.random() < 0.5:
            sync_mirror(engine, folder, history.now)
        if history.random.random() < 0.2 and folder.exists():
            compact_mirror(folder, history.now)
    sync_mirror(engine, folder, history.now)

    assert_equal(engine, folder)
    compact_mirror(folder, history.now)
    assert_equal(engine, folder)


def test_an_archive_that_is_years_old_is_mirrored_whole_and_then_followed(
    engine, look_at, make_ad, folder
):
    look_at([make_ad(f"a{i}") for i in range(3)])
    first = sync_mirror(engine, folder, NOON)
    look_at([make_ad(f"a{i}") for i in range(2)] + [make_ad("a2", bodies=["New"])], later(1))
    second = sync_mirror(engine, folder, later(1))

    assert first.rebuilt
    assert first.rows["public_ad"] == 3
    assert not second.rebuilt
    assert second.rows["public_ad"] == 1
    assert_equal(engine, folder)


def later(days):
    return NOON + timedelta(days=days)


def test_numbers_that_move_bring_one_row_and_not_the_whole_series(engine, look_at, make_ad, folder):
    for day in range(3):
        look_at([make_ad(spend_lower_minor=day, spend_upper_minor=day)], later(day))
    sync_mirror(engine, folder, later(3))
    look_at([make_ad(spend_lower_minor=9, spend_upper_minor=9)], later(4))

    assert sync_mirror(engine, folder, later(4)).rows["ad_metric"] == 1
    assert_equal(engine, folder)


def test_a_statement_that_was_replaced_is_no_longer_current_in_the_mirror(engine, look_at, folder):
    look_at([make_statement(100)], sweep=False)
    sync_mirror(engine, folder, NOON)
    look_at([make_statement(200)], later(1), sweep=False)
    sync_mirror(engine, folder, later(1))

    states = read_mirror(folder, "advertiser_spend").order("id").project("is_current").fetchall()
    assert states == [(False,), (True,)]


@on_sqlite
def test_when_nothing_changed_nothing_is_written(engine, look_at, make_ad, folder):
    look_at([make_ad()])
    sync_mirror(engine, folder, NOON)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.*")}

    sync_mirror(engine, folder, later(1))

    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.*")} == before


@on_sqlite
@pytest.mark.parametrize("step", ["_write_part", "write_manifest", "_note_mark"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first sync", "later sync"])
def test_killed_at_any_step_of_a_sync_nothing_is_lost_or_doubled(
    engine, look_at, make_ad, folder, monkeypatch, step, is_first
):
    look_at([make_ad("a1"), make_statement(100), make_disclosure(1)], sweep=False)
    if not is_first:
        sync_mirror(engine, folder, NOON)
        look_at([make_ad("a1", bodies=["New"]), make_statement(2)], later(1), sweep=False)
    with monkeypatch.context() as patch:
        patch.setattr(syncing, step, kill)
        with pytest.raises(KilledError):
            sync_mirror(engine, folder, later(1))
    if not is_first:
        assert len(rows_of_mirror(folder, "public_ad")) == 1

    sync_mirror(engine, folder, later(2))

    assert_equal(engine, folder)
    assert_no_row_twice(folder)


def kill(*_, **__):
    raise KilledError


def assert_no_row_twice(folder):
    """No stretch of changes stands in two files that count."""
    for name, table in require_manifest(folder).tables.items():
        rows = [row for part in table.parts for row in read_part(folder / part.file)]
        assert len(rows) == len({(row["id"], row["mirror_seq"]) for row in rows}), name


def read_part(path):
    return pq.read_table(path).to_pylist()


@on_sqlite
@pytest.mark.parametrize("step", ["_write_newest", "write_manifest", "_delete_unlisted"])
def test_killed_at_any_step_of_a_compaction_the_mirror_stays_whole(
    engine, look_at, make_ad, folder, monkeypatch, step
):
    for day in range(3):
        look_at([make_ad(bodies=[str(day)])], later(day))
        sync_mirror(engine, folder, later(day))
    with monkeypatch.context() as patch:
        patch.setattr(compacting, step, kill)
        with pytest.raises(KilledError):
            compact_mirror(folder, later(3))
    assert_equal(engine, folder)

    for day in (4, 5):
        compact_mirror(folder, later(day))
        assert_equal(engine, folder)

    listed = {p.file for t in require_manifest(folder).tables.values() for p in t.parts}
    assert {p.relative_to(folder).as_posix() for p in folder.glob("*/*.parquet")} == listed


@on_sqlite
def test_who_began_to_read_before_a_compaction_may_finish(engine, look_at, make_ad, folder):
    for day in range(2):
        look_at([make_ad(bodies=[str(day)])], later(day))
        sync_mirror(engine, folder, later(day))
    began = newest_rows_sql(folder, "public_ad")

    compact_mirror(folder, later(3))

    assert duckdb.sql(began).count("*").fetchall() == [(1,)]


@on_sqlite
def test_a_half_written_file_counts_for_nothing(engine, look_at, make_ad, folder):
    look_at([make_ad()])
    sync_mirror(engine, folder, NOON)
    (folder / "public_ad" / "999999999999-dead.parquet").write_bytes(b"PAR1 half")

    assert_equal(engine, folder)
    compact_mirror(folder, NOON)
    assert not list(folder.glob("*/*dead.parquet"))


def test_a_database_that_went_back_in_time_makes_the_mirror_anew(engine, look_at, make_ad, folder):
    look_at([make_ad()])
    sync_mirror(engine, folder, NOON)
    look_at([make_ad(bodies=["New"])], later(1))
    sync_mirror(engine, folder, later(1))
    manifest = require_manifest(folder)
    with write(engine) as session:
        session.delete(session.get(ConsumerMark, name_consumer(manifest)))

    report = sync_mirror(engine, folder, later(2))

    assert report.rebuilt
    assert_equal(engine, folder)
    with read(engine) as session:
        assert read_mark(session, name_consumer(manifest)) is None
        assert read_mark(session, name_consumer(require_manifest(folder))).seq == report.seq


@on_sqlite
def test_a_table_that_got_another_column_makes_the_mirror_anew(engine, look_at, make_ad, folder):
    look_at([make_ad()])
    sync_mirror(engine, folder, NOON)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"text_folded"', '"text_as_it_was"'))

    assert sync_mirror(engine, folder, NOON).rebuilt
    assert_equal(engine, folder)


def test_an_empty_archive_has_an_empty_mirror(engine, folder):
    sync_mirror(engine, folder, NOON)

    assert_equal(engine, folder)
    assert require_manifest(folder).data_as_of is None


@on_sqlite
def test_only_one_process_changes_the_mirror_at_a_time(engine, folder):
    with hold_mirror(folder), pytest.raises(MirrorError, match="another process"):
        sync_mirror(engine, folder, NOON)


def test_without_a_mirror_one_is_told_what_to_type(folder):
    with pytest.raises(MirrorError, match="paidforby mirror sync"):
        read_mirror(folder, "public_ad")


def test_status_says_the_mark_the_lag_and_the_sizes(engine, look_at, make_ad, folder):
    look_at([make_ad()])
    sync_mirror(engine, folder, later(1))
    look_at([make_ad(bodies=["New"])], later(2))

    status = read_status(engine, folder)

    assert (status.data_as_of, status.lag_changes) == (NOON, 1)
    assert status.tables["public_ad"].rows == 1
    assert status.tables["public_ad"].bytes > 0


def test_the_commands_make_tidy_and_describe_the_mirror(tmp_path):
    settings = make_settings(tmp_path)
    make_archive(settings).dispose()

    done = {name: run(tmp_path, name, "--json") for name in ("sync", "compact", "status")}
    told = {name: run(tmp_path, name).output for name in done}

    assert [result.exit_code for result in done.values()] == [0, 0, 0]
    status = json.loads(done["status"].stdout)
    assert status["lag_changes"] == 0
    assert (
        status["tables"]["public_ad"]["rows"]
        == json.loads(done["sync"].stdout)["rows"]["public_ad"]
    )
    assert "nothing is left to do" in told["status"]


def test_a_home_without_a_mirror_is_told_what_to_type(tmp_path):
    make_archive(make_settings(tmp_path)).dispose()

    done = run(tmp_path, "status")

    assert done.exit_code == 1
    assert "paidforby mirror sync" in done.output


def run(home, *arguments):
    settings = {"PAIDFORBY_HOME": str(home)}
    return CliRunner().invoke(paidforby.app, ["mirror", *arguments], env=settings)
