"""The dump is the same text from both databases, and what cannot be compared is left out of it."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from archive.exports.dump import dump_table, list_tables
from archive.ingest.pages import ingest_page
from archive.models import Advertiser
from archive.models.runs import RunKind
from archive.runs.lease import begin_run
from archive.store.changes import move_position
from archive.store.database import create_archive_engine, read, write
from archive.store.setup import migrate
from tests.archive.conftest import NOON
from tests.archive.store.filled_tables import fill_empty_tables
from tests.comparable import dump_comparable
from tests.migrated import copy_tables

TABLES = {table.name: table for table in list_tables()}


def dump_all(session: Session) -> dict[str, list[bytes]]:
    return {name: list(dump_table(session, table)) for name, table in TABLES.items()}


@pytest.mark.postgresql
def test_both_databases_give_the_same_text(tmp_path, postgresql_url):
    texts = []
    for url in (f"sqlite:///{tmp_path / 'archive.sqlite3'}", postgresql_url):
        engine = create_archive_engine(url)
        migrate(engine)
        with write(engine) as session:
            fill_empty_tables(session.connection(), list_tables())
            for name in ("b", "B", "ä", "a-c", "a b", "Z"):
                session.add(
                    Advertiser(id=name, source="s", name=name, is_weak=False, recorded_at=NOON)
                )
        with read(engine) as session:
            texts.append(dump_all(session))
        engine.dispose()

    assert all(texts[0].values())
    assert texts[0] == texts[1]


def test_how_far_a_copy_has_come_is_no_part_of_the_archive(engine):
    with write(engine) as session:
        for consumer in ("oversight", "search:embedded:1", "mirror:abc", "copies"):
            move_position(session, consumer, 7, "", NOON)

    with read(engine) as session:
        marks = list(dump_table(session, TABLES["consumer_position"]))

    assert len(marks) == 1
    assert b'"oversight"' in marks[0]
    assert TABLES.keys().isdisjoint({"ad_text", "shown_text", "text_band"}), "they are made anew"


def test_a_run_that_was_broken_off_and_begun_again_tells_the_same_history(tmp_path, make_ad):
    told = []
    for is_broken_off in (False, True):
        folder = tmp_path / str(is_broken_off)
        folder.mkdir()
        engine = create_archive_engine(copy_tables(folder))
        at = NOON
        if is_broken_off:
            with write(engine) as session:
                begin_run(session, "example", "2026", RunKind.CRAWL, at)
            at += timedelta(hours=1)
        take_in(engine, at, [make_ad("a1"), make_ad("a2")])
        with read(engine) as session:
            told.append(dump_comparable(session))
        engine.dispose()

    assert told[0] == told[1]


def test_another_word_of_an_ad_is_another_history(tmp_path, make_ad):
    told = []
    for body in ("Vote", "Do not vote"):
        folder = tmp_path / body
        folder.mkdir()
        engine = create_archive_engine(copy_tables(folder))
        take_in(engine, NOON, [make_ad(bodies=[body])])
        with read(engine) as session:
            told.append(dump_comparable(session))
        engine.dispose()

    assert {name for name in told[0] if told[0][name] != told[1][name]} == {
        "ad",
        "ad_version",
        "public_ad",
    }


def take_in(engine, at, records):
    with write(engine) as session:
        lease = begin_run(session, "example", "2026", RunKind.CRAWL, at, is_sweep=True)
        ingest_page(session, lease, records, None, at)
