"""The mirror is the tables at its mark, whatever happened."""

import json
import random
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlmodel import select
from typer.testing import CliRunner

import paidforby
from archive.errors import ArchiveError
from archive.exports.mirror import (
    MirrorError,
    compact_mirror,
    read_mirror,
    read_status,
    sync_mirror,
    writing,
)
from archive.exports.mirror.manifest import hold_mirror, require_manifest
from archive.exports.mirror.syncing import name_consumer
from archive.models import Ad, ConsumerPosition, QuarantinedPiece
from archive.privacy.redactions import redact_field
from archive.store.changes import read_position
from archive.store.database import read, write
from tests.archive.conftest import NOON
from tests.archive.exports.mirrored import (
    assert_equal,
    later,
    make_disclosure,
    make_statement,
    on_sqlite,
)
from tests.invented import make_archive, make_settings


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "it's parquet"


class History:
    """Random runs of one source, some of them late, incomplete or with fields withheld."""

    def __init__(self, engine, ingest_run, make_ad, seed):
        self.engine, self.ingest_run, self.make_ad = engine, ingest_run, make_ad
        self.random = random.Random(seed)
        self.now = NOON

    def go_on(self):
        self.now += timedelta(hours=self.random.randint(1, 30))
        self.random.choice([self.see_ads, self.see_ads, self.see_money, self.withhold])()

    def see_ads(self):
        refs = self.random.sample([f"a{i}" for i in range(6)], self.random.randint(0, 5))
        late = self.random.random() < 0.3
        self.ingest_run(
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
        self.ingest_run(
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
def test_after_any_history_the_mirror_is_the_tables(engine, ingest_run, make_ad, folder, seed):
    history = History(engine, ingest_run, make_ad, seed)
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
    engine, ingest_run, make_ad, folder
):
    ingest_run([make_ad(f"a{i}") for i in range(3)])
    first = sync_mirror(engine, folder, NOON)
    ingest_run([make_ad(f"a{i}") for i in range(2)] + [make_ad("a2", bodies=["New"])], later(1))
    second = sync_mirror(engine, folder, later(1))

    assert first.rebuilt
    assert first.rows["public_ad"] == 3
    assert not second.rebuilt
    assert second.rows["public_ad"] == 1
    assert_equal(engine, folder)


def test_numbers_that_move_bring_one_row_and_not_the_whole_series(
    engine, ingest_run, make_ad, folder
):
    for day in range(3):
        ingest_run([make_ad(spend_lower_minor=day, spend_upper_minor=day)], later(day))
    sync_mirror(engine, folder, later(3))
    ingest_run([make_ad(spend_lower_minor=9, spend_upper_minor=9)], later(4))

    assert sync_mirror(engine, folder, later(4)).rows["ad_metric"] == 1
    assert_equal(engine, folder)


def test_a_statement_that_was_replaced_is_no_longer_current_in_the_mirror(
    engine, ingest_run, folder
):
    ingest_run([make_statement(100)], sweep=False)
    sync_mirror(engine, folder, NOON)
    ingest_run([make_statement(200)], later(1), sweep=False)
    sync_mirror(engine, folder, later(1))

    states = read_mirror(folder, "advertiser_spend").order("id").project("is_current").fetchall()
    assert states == [(False,), (True,)]


@on_sqlite
def test_when_nothing_changed_nothing_is_written(engine, ingest_run, make_ad, folder):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.*")}

    sync_mirror(engine, folder, later(1))

    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.*")} == before


def test_a_database_that_went_back_in_time_makes_the_mirror_anew(
    engine, ingest_run, make_ad, folder
):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    ingest_run([make_ad(bodies=["New"])], later(1))
    sync_mirror(engine, folder, later(1))
    manifest = require_manifest(folder)
    with write(engine) as session:
        session.delete(session.get(ConsumerPosition, name_consumer(manifest)))

    report = sync_mirror(engine, folder, later(2))

    assert report.rebuilt
    assert_equal(engine, folder)
    with read(engine) as session:
        assert read_position(session, name_consumer(manifest)) is None
        assert read_position(session, name_consumer(require_manifest(folder))).seq == report.seq


@on_sqlite
def test_a_table_that_got_another_column_makes_the_mirror_anew(engine, ingest_run, make_ad, folder):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, NOON)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"landing_domains"', '"hosts_as_it_was"'))

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


def test_status_says_the_mark_the_lag_and_the_sizes(engine, ingest_run, make_ad, folder):
    ingest_run([make_ad()])
    sync_mirror(engine, folder, later(1))
    ingest_run([make_ad(bodies=["New"])], later(2))

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


@on_sqlite
def test_a_row_no_file_can_hold_is_put_aside_and_tried_again(
    engine, ingest_run, make_ad, folder, monkeypatch
):
    ingest_run([make_ad(f"a{i}") for i in range(5)])
    make_batch = writing.make_batch

    def make_most(schema, columns):
        if "ref" in schema.names and "a3" in columns[schema.get_field_index("ref")]:
            raise OverflowError("a value of the source")
        return make_batch(schema, columns)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "make_batch", make_most)
        report = sync_mirror(engine, folder, NOON)
    (subject,) = report.put_aside
    assert report.rows["public_ad"] == 4
    with read(engine) as session:
        (piece,) = session.exec(select(QuarantinedPiece)).all()
        assert (piece.stage, piece.subject) == ("mirror", subject)
        assert "a value" not in piece.reason

    assert sync_mirror(engine, folder, later(1)).put_aside == []
    assert sync_mirror(engine, folder, later(1), again=[subject]).rows["public_ad"] == 1
    assert_equal(engine, folder)
    with read(engine) as session:
        assert session.exec(select(QuarantinedPiece.status)).one() == "released"
