"""One ad that evaluation fails on is put aside; the others are evaluated, and an outage swallows nothing."""

import errno
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from archive.models import PublicAd, QuarantinedPiece
from archive.store.database import read
from archive.store.outages import DatabaseAwayError
from oversight.evaluation import changes
from oversight.evaluation.one_ad import AdAnswer, evaluate_ad
from oversight.rules.loading import Rule
from tests.oversight.evaluation.conftest import LATER, Evaluate, Keep, make_ad


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
