"""A step after the runs, or a source's spider, that fails as nobody foresaw holds up none of the others."""

from datetime import timedelta

import pytest
from sqlmodel import select

from archive.models import QuarantinedPiece
from archive.store.database import read
from archive.store.outages import DatabaseAwayError
from scrapers.spiders import find_spiders
from scrapers.work.dispatch import consumers
from scrapers.work.dispatch.following import follow_changes
from scrapers.work.plan.due import find_due
from scrapers.work.plan.schedule import Schedule
from tests.scrapers.crawls import now


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
