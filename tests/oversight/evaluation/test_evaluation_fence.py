"""One ad that evaluation fails on is put aside; the others are evaluated, and an outage swallows nothing."""

import errno
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from archive.models import Evaluation, PublicAd, QuarantinedPiece
from archive.runs.tries import begin_try, end_try
from archive.store.database import read, write
from archive.store.outages import DatabaseAwayError
from oversight.evaluation import changes
from oversight.evaluation.changes import (
    CONSUMER,
    MOST_AT_ONCE,
    count_waiting,
    evaluate_changes,
)
from oversight.evaluation.one_ad import AdAnswer, evaluate_ad
from oversight.reference.elections import Election
from oversight.rules.loading import Rule
from tests.oversight.evaluation.conftest import LATER, NOW, Evaluate, Keep, make_ad


def test_an_ad_that_fails_is_put_aside_and_no_other_is_held_up(
    archive_url: str, engine: Engine, rules: list[Rule], keep: Keep, evaluate: Evaluate, monkeypatch
) -> None:
    keep([make_ad(f"a{number}", payer_name="") for number in range(7)])
    with monkeypatch.context() as patch:
        patch.setattr(changes, "evaluate_ad", fail_for("example:a3"))
        report = evaluate()
        assert (report.ads, report.put_aside, report.has_more) == (6, 1, False)
        assert evaluate().put_aside == 0, "the mark has moved on"
        walk = evaluate(only=rules[:1])
        assert walk.put_aside == 1, "a walk over all ads meets it again"
    with read(engine) as session:
        (piece,) = session.exec(select(QuarantinedPiece)).all()
    assert (piece.stage, piece.subject, piece.source) == ("evaluation", "example:a3", "example")
    assert piece.reason == "it could not be held against the rules (OverflowError)"
    assert "a secret address" in piece.detail

    keep([make_ad("a3", payer_name="", bodies=["other words"])], LATER)
    assert evaluate(LATER).put_aside == 0
    with read(engine) as session:
        assert session.exec(select(QuarantinedPiece.status)).one() == "released"


@pytest.mark.parametrize(
    "outage", [MemoryError(), OSError(errno.ENOSPC, "full"), DatabaseAwayError("away")]
)
def test_an_outage_puts_nothing_aside(
    engine: Engine, keep: Keep, evaluate: Evaluate, monkeypatch, outage: Exception
) -> None:
    keep([make_ad(), make_ad("b")])

    def fail(*_: object) -> None:
        raise outage

    with monkeypatch.context() as patch:
        patch.setattr(changes, "evaluate_ad", fail)
        with pytest.raises(type(outage)):
            evaluate()
    assert evaluate().ads == 2
    with read(engine) as session:
        assert session.exec(select(QuarantinedPiece)).all() == []


def fail_for(public_id: str) -> Callable[..., list[AdAnswer]]:
    def evaluate_one(ad: PublicAd, *rest: Any) -> list[AdAnswer]:
        if ad.public_id == public_id:
            raise OverflowError("a secret address")
        return evaluate_ad(ad, *rest)

    return evaluate_one


def test_an_ad_that_kills_the_process_is_put_aside_untouched(
    engine: Engine, keep: Keep, rules: list[Rule], elections: list[Election], monkeypatch
) -> None:
    keep([make_ad(f"a{number}", payer_name="") for number in range(7)])
    monkeypatch.setattr(changes, "evaluate_ad", kill_for("example:a4"))
    deaths, put_aside = 0, 0
    for _ in range(20):
        with read(engine) as session:
            waiting = count_waiting(session, rules, elections, MOST_AT_ONCE)
        if not waiting:
            break
        noted = begin_try(engine, CONSUMER, waiting, NOW)
        try:
            with write(engine) as session:
                report = evaluate_changes(session, rules, elections, NOW, noted.most, noted)
        except KilledHereError:
            deaths += 1
            continue
        put_aside += report.put_aside
        end_try(engine, noted)
    assert (put_aside, deaths) == (1, 4)
    with read(engine) as session:
        assert session.exec(select(QuarantinedPiece.subject)).all() == ["example:a4"]
        assert "ProcessKilledError" in session.exec(select(QuarantinedPiece.reason)).one()
        assert len(set(session.exec(select(Evaluation.ad_id)))) == 6


class KilledHereError(BaseException):
    """The process ends here; nothing after it runs."""


def kill_for(public_id: str) -> Callable[..., list[AdAnswer]]:
    def evaluate_one(ad: PublicAd, *rest: Any) -> list[AdAnswer]:
        if ad.public_id == public_id:
            raise KilledHereError
        return evaluate_ad(ad, *rest)

    return evaluate_one
