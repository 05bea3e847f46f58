"""Commits whose answer is lost, and an SQLite file that another program holds: once each, and told."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import psycopg
import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run
from archive.runs.plausibility import Gate
from archive.store.blobs import BlobStore
from archive.store.database import open_archive, write
from archive.store.outages import DatabaseAwayError, Patience
from config.settings import Settings
from scrapers.intake.pages import Intake
from scrapers.spiders import find_spiders
from tests.faults.scenes import (
    make_archive,
    make_settings,
    read_last_reason,
    read_runs,
    tell_history,
)
from tests.faults.undisturbed import SOURCE, Sight, take_in

PAGES_OF_ADS = 3

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class DoubtfulCommits:
    """Every commit loses the connection once: after it went through, or before."""

    engine: Engine
    went_through: bool
    count: int = 0

    def commit(self, connection: object) -> None:
        self.count += 1
        if self.count % 2 == 0:
            connection.commit()
            return
        if self.went_through:
            connection.commit()
        else:
            connection.rollback()
        raise lose_connection(self.engine)


def lose_connection(engine: Engine) -> Exception:
    """What the driver says when the other side is gone."""
    if engine.dialect.name == "postgresql":
        return psycopg.OperationalError("server closed the connection unexpectedly")
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


@pytest.mark.parametrize("went_through", [True, False])
def test_a_commit_whose_answer_is_lost_counts_once_whether_it_went_through_or_not(
    undisturbed: Sight, tmp_path: Path, database_url: str, went_through: bool
) -> None:
    settings = make_settings(tmp_path / "home", database_url)
    commits: list[DoubtfulCommits] = []

    def doubt_all(engine: Engine) -> None:
        commits.append(DoubtfulCommits(engine, went_through))
        engine.dialect.do_commit = commits[0].commit

    report = take_in(settings, undisturbed.bundle, doubt_all)
    undisturbed.assert_same(settings)

    # Begin, evidence and end, and each page; rows of ads that are new are read between two tries of theirs.
    assert commits[0].count == 2 * (3 + undisturbed.run.pages + PAGES_OF_ADS)
    assert report.counts.seen == undisturbed.run.seen


def test_a_page_that_is_tried_again_is_weighed_once(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "home")
    make_archive(settings)
    engine = open_archive(settings)
    info = find_spiders()[SOURCE].info
    ad = AdRecord(ref="a1", platform="google", currency="EUR", spend_lower_minor=100)
    ad_less = ad.model_copy(update={"spend_lower_minor": 90})
    with write(engine) as session:
        run = begin_run(session, info.id, "world", RunKind.IMPORT, NOON)
    blobs, patience = BlobStore(settings.blobs_dir), Patience(1)
    intake = Intake(engine, blobs, run, lambda: NOON, patience, Gate(info))
    capture = intake.keep_capture(blobs.put_bytes(b"evidence"), url="ads.csv")
    intake.take_page([ad], capture)
    engine.dialect.do_commit = DoubtfulCommits(engine, went_through=False).commit
    intake.take_page([ad_less], capture)
    engine.dispose()

    weighed = intake.gate.ads
    assert intake.pages == 2
    assert weighed.known == 1
    assert (weighed.before["EUR"], weighed.after["EUR"]) == (100, 90)


def test_a_file_that_another_program_holds_is_waited_for_and_sources_say_so(
    undisturbed: Sight, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home")

    def hold_briefly(engine: Engine) -> None:
        Timer(0.5, hold_lock(settings, engine).close).start()

    take_in(settings, undisturbed.bundle, hold_briefly)
    run = undisturbed.assert_same(settings)

    assert run.reason.startswith("the database was away for ")
    assert read_last_reason(settings, SOURCE) == run.reason


def hold_lock(settings: Settings, engine: Engine) -> sqlite3.Connection:
    """Another program that holds the writers' lock; ours waits for a moment only."""
    timeout = "PRAGMA busy_timeout = 20"
    event.listen(engine, "connect", lambda connection, _: connection.execute(timeout))
    engine.dispose()
    other = sqlite3.connect(settings.home / "archive.sqlite3", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_a_file_that_another_program_keeps_fails_the_import(
    undisturbed: Sight, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home")
    impatient = settings.model_copy(update={"database_patience_seconds": 0.1})
    others: list[sqlite3.Connection] = []

    with pytest.raises(DatabaseAwayError, match=r"within 0\.1 s \(database is locked\)"):
        take_in(
            impatient,
            undisturbed.bundle,
            lambda engine: others.append(hold_lock(settings, engine)),
        )
    others[0].close()
    take_in(settings, undisturbed.bundle)

    assert tell_history(settings) == undisturbed.told


def test_an_error_that_no_waiting_mends_is_not_waited_for(
    undisturbed: Sight, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path / "home")

    def drop_table(engine: Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE ledger_leaf")

    with pytest.raises(OperationalError, match="no such table"):
        take_in(settings, undisturbed.bundle, drop_table)
    (run,) = read_runs(settings)
    assert run.outcome == Outcome.FAILED
    assert "no such table" in run.reason
