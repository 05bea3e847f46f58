"""A step after the runs, or a source's spider, that fails as nobody foresaw holds up none of the others."""

import os
import signal
from datetime import timedelta

import pytest
from sqlmodel import select

from archive.models import QuarantinedPiece
from archive.store.database import open_archive, read
from archive.store.outages import DatabaseAwayError
from oversight.evaluation import changes
from oversight.evaluation.one_ad import evaluate_ad
from scrapers.spiders import find_spiders
from scrapers.work.crawl.children import FORKS
from scrapers.work.dispatch import consumers
from scrapers.work.dispatch.following import follow_changes
from scrapers.work.plan.due import find_due
from scrapers.work.plan.schedule import Schedule
from tests.scrapers.crawls import now
from tests.scrapers.stories import ROWS, run, spell_file


def read_pieces(home):
    with read(home.engine) as session:
        pieces = session.exec(select(QuarantinedPiece).order_by(QuarantinedPiece.id)).all()
        return [(piece.stage, piece.source, piece.subject, piece.status) for piece in pieces]


def fail_with(error):
    def fail(*_, **__):
        raise error

    return fail


def test_a_step_that_fails_is_put_aside_once_and_settled_when_it_goes_through(home, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(consumers, "evaluate_changes", fail_with(AttributeError("no such thing")))
        assert follow_changes(home.settings, home.engine, now, mirror=True) == 1
        assert follow_changes(home.settings, home.engine, now) == 1
    assert read_pieces(home) == [("evaluation", "", "all of it", "quarantined")]

    assert follow_changes(home.settings, home.engine, now, index=False) == 0
    assert read_pieces(home) == [("evaluation", "", "all of it", "released")]


def test_an_outage_is_no_fault_of_the_step_it_arose_in(home, monkeypatch):
    monkeypatch.setattr(consumers, "evaluate_changes", fail_with(DatabaseAwayError("away")))
    with pytest.raises(DatabaseAwayError):
        follow_changes(home.settings, home.engine, now)
    assert read_pieces(home) == []


def test_a_source_that_cannot_say_what_is_due_leaves_the_others_theirs(home, monkeypatch):
    hourly = Schedule(every="1h")
    schedules = {"snap": hourly, "us_fec_bulk": hourly}
    monkeypatch.setattr(find_spiders()["snap"], "list_partitions", fail_with(OverflowError("9999")))

    due = find_due(home.engine, home.settings, schedules, now() + timedelta(days=1))

    assert {crawl_job.source for crawl_job in due} == {"us_fec_bulk"}
    assert read_pieces(home) == [("crawl", "snap", "snap", "quarantined")]


def follow_until_killed(settings):
    """What a worker's process does, in which one ad kills whoever evaluates it."""

    def evaluate(ad, *rest):
        if ad.public_id == "snap:ad2":
            os.kill(os.getpid(), signal.SIGKILL)
        return evaluate_ad(ad, *rest)

    changes.evaluate_ad = evaluate
    follow_changes(settings, open_archive(settings), now, index=False)


def test_an_ad_that_kills_every_worker_is_put_aside_and_the_next_one_goes_on(home):
    run(home, spell_file(*ROWS), 0)
    ended = []
    while not ended or ended[-1]:
        process = FORKS.Process(target=follow_until_killed, args=(home.settings,))
        process.start()
        process.join()
        ended.append(process.exitcode)
        assert len(ended) < 9
    assert set(ended[:-1]) == {-signal.SIGKILL}
    assert read_pieces(home) == [("evaluation", "snap", "snap:ad2", "quarantined")]
    assert follow_changes(home.settings, home.engine, now, index=False) == 0
