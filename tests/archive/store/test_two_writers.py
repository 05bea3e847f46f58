"""Two processes that write at once lose nothing, double nothing and keep one order."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import Engine, func
from sqlmodel import col, select

from archive.models import (
    Ad,
    AdMetric,
    AdVersion,
    AdvertiserSpend,
    Change,
    Disclosure,
    DisclosureVersion,
    LedgerLeaf,
    PublicAd,
    Run,
)
from archive.store.changes import last_change_seq, read_changes
from archive.store.database import create_archive_engine, read
from archive.store.ledger.root import read_ledger_head
from archive.store.setup import migrate
from tests import servers
from tests.archive.store.writing_process import ADS_A_PAGE, PAGES

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.postgresql

NAMES = ("first", "second")
ADS = PAGES * ADS_A_PAGE // 2 * (len(NAMES) + 1)
"""Each process's own ads, and those that all of them import."""


@pytest.fixture(scope="module")
def archive(postgresql_server):
    """What two processes wrote at once: the archive, their counts, and the changes a reader met."""
    with servers.make_database(postgresql_server) as url:
        engine = create_archive_engine(url)
        migrate(engine)
        yield engine, *write_at_once(engine, url)
        engine.dispose()


def write_at_once(engine: Engine, url: str) -> tuple[list[dict[str, int]], list[int]]:
    with ExitStack() as stack:
        writers = [stack.enter_context(start_writer(url, name)) for name in NAMES]
        for writer in writers:
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        met = list(follow_changes(engine, writers))
        answers = [writer.communicate(timeout=60)[0] for writer in writers]
    return [json.loads(answer) for answer in answers], met


def start_writer(url: str, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.archive.store.writing_process", url, name],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def follow_changes(engine: Engine, writers: list[subprocess.Popen[str]]) -> Iterator[int]:
    """The numbers of changes as a reader with a mark meets them, until the writers have ended."""
    mark, are_over = 0, False
    while True:
        with read(engine) as session:
            changes = read_changes(session, mark, 7)
        for change in changes:
            mark = change.seq
            yield mark
        if not changes and are_over:
            return
        are_over = all(writer.poll() is not None for writer in writers)


def count(engine: Engine, table: type) -> int:
    with read(engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_every_ad_is_there_once_with_one_version_and_one_metric_row(archive):
    engine, _, _ = archive

    counted = {table: count(engine, table) for table in (Ad, PublicAd, AdVersion, AdMetric)}

    assert set(counted.values()) == {ADS}
    with read(engine) as session:
        assert len(set(session.exec(select(Ad.ref)))) == ADS
        assert set(session.exec(select(Ad.versions))) == {1}


def test_every_statement_and_filing_is_there_once(archive):
    engine, _, _ = archive

    counted = [count(engine, t) for t in (AdvertiserSpend, Disclosure, DisclosureVersion)]

    assert counted == [PAGES, PAGES, PAGES]


def test_what_was_new_to_one_was_known_to_the_other(archive):
    engine, counts, _ = archive

    everything = PAGES * (ADS_A_PAGE + 2) * len(NAMES)
    assert sum(c["seen"] for c in counts) == everything
    assert sum(c["new"] for c in counts) == ADS + 2 * PAGES
    assert sum(c["new"] + c["unchanged"] for c in counts) == everything
    with read(engine) as session:
        runs = session.exec(select(Run).order_by(Run.partition)).all()
    assert [(run.new, run.unchanged) for run in runs] == [
        (c["new"], c["unchanged"]) for c in counts
    ]


def test_the_ledger_has_no_gap_and_every_version_one_leaf(archive):
    engine, _, _ = archive

    with read(engine) as session:
        head = read_ledger_head(session)
        leaves = session.exec(select(LedgerLeaf.kind, LedgerLeaf.subject_id)).all()

    assert head.size == ADS + PAGES
    assert len(set(leaves)) == head.size


def test_both_wrote_in_turns_and_not_one_after_the_other(archive):
    engine, _, _ = archive

    with read(engine) as session:
        versions = select(AdVersion.run_id).order_by(col(AdVersion.id))
        turns = [run_id for run_id, _ in groupby(session.exec(versions))]

    assert len(turns) > len(NAMES)


def test_a_reader_of_the_changes_met_each_of_them_once_in_order(archive):
    engine, _, met = archive

    with read(engine) as session:
        last = last_change_seq(session)
        subjects = session.exec(select(Change.kind, Change.subject_id)).all()

    assert met == list(range(1, last + 1))
    assert len(subjects) == len(set(subjects)) == ADS + 2 * PAGES
