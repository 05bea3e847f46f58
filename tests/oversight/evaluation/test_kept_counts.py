"""What rules answered about all archived ads: every answer under one key, and none that nobody gave."""

from datetime import date, datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from archive.models import PublicAd
from archive.reading.rules import RuleCounts
from archive.store.database import read, write
from oversight.evaluation.changes import put_aside_ad
from oversight.evaluation.decidable import find_decidable
from oversight.evaluation.kept_counts import count_decided, count_kept
from oversight.evaluation.questions import ask_rule
from oversight.reference.elections import Election
from oversight.rules.loading import Rule
from tests.oversight.evaluation.conftest import LATER, NOW, Evaluate, Keep, make_ad

US, EVE = "us-30120-payer-named", "started-on-the-eve"
ADS = [
    make_ad("before", countries=["US"], started_on=date(2019, 5, 1), ended_on=date(2019, 5, 9)),
    make_ad("after", countries=["US"], started_on=date(2024, 5, 1), ended_on=date(2024, 5, 9)),
    make_ad(
        "elsewhere", countries=["GR"], started_on=date(2023, 5, 20), ended_on=date(2023, 5, 21)
    ),
    make_ad("nowhere", payer_name="", started_on=date(2024, 5, 1), ended_on=date(2024, 5, 9)),
]

Count = tuple[dict[str, RuleCounts], dict[str, int | None]]


def count(
    engine: Engine, rules: list[Rule], elections: list[Election], now: datetime = NOW
) -> Count:
    hashes = [rule.sha256 for rule in rules]
    with read(engine) as session:
        kept = count_kept(session, hashes, rules, elections, now)
        decided = {r.id: count_decided(session, r, rules, elections) for r in rules}
    return {rule.id: kept[rule.sha256] for rule in rules}, decided


@pytest.mark.usefixtures("archive_url")
def test_every_answer_is_counted_once_and_why_a_rule_does_not_apply(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule], elections: list[Election]
) -> None:
    keep(ADS)
    report = evaluate()
    kept, _ = count(engine, rules, elections)
    assert kept[US].does_not_apply.model_dump() == {
        "not_about_it": 1,
        "not_in_force": 1,
        "exception": 0,
    }
    assert (kept[US].met, kept[US].cannot_tell, kept[US].applies) == (1, 1, 2)
    for rule in rules:
        if rule.is_evaluated:
            counts, asked = kept[rule.id], len(ADS) * len(ask_rule(rule, elections, NOW))
            assert counts.kept + (counts.does_not_apply.not_about_it or 0) == asked
            told = report.answers[rule.id].model_dump()
            assert told == counts.model_dump(exclude={"unlabelled"})


def test_an_exception_that_holds_is_counted_as_one(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule], elections: list[Election]
) -> None:
    eve = {"countries": ["GR"], "started_on": date(2023, 5, 20), "ended_on": date(2023, 5, 20)}
    keep(
        [
            make_ad("helps", bodies=["Here is where to vote"], **eve),
            make_ad("asks", bodies=["Vote"], **eve),
        ]
    )
    report = evaluate()
    kept, _ = count(engine, rules, elections)
    assert (kept[EVE].does_not_apply.exception, kept[EVE].not_met) == (1, 1)
    assert report.answers[EVE].does_not_apply.exception == 1


def test_ads_that_wait_or_failed_leave_open_how_many_a_rule_is_not_about(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule], elections: list[Election]
) -> None:
    keep(ADS[:2])
    evaluate()
    kept, decided = count(engine, rules, elections)
    assert (kept[US].does_not_apply.not_about_it, decided[US]) == (0, 2)
    keep(ADS[2:], LATER)
    kept, decided = count(engine, rules, elections)
    assert (kept[US].does_not_apply.not_about_it, decided[US]) == (None, None)
    evaluate(LATER)
    kept, decided = count(engine, rules, elections)
    assert (kept[US].does_not_apply.not_about_it, decided[US]) == (1, 3)
    with write(engine) as session:
        ad_id = session.exec(select(PublicAd.id)).first()
        put_aside_ad(session, ad_id or 0, ValueError("unforeseen"), LATER)
    kept, decided = count(engine, rules, elections)
    assert (kept[US].does_not_apply.not_about_it, decided[US]) == (None, None)


def test_what_is_decided_is_the_same_counted_from_answers_and_looked_at_anew(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule], elections: list[Election]
) -> None:
    keep(ADS)
    reworded = {"countries": ["GR"], "bodies": ["Other words"], "payer_name": ""}
    keep([make_ad("elsewhere", started_on=date(2023, 5, 20), **reworded)], LATER)
    evaluate(LATER)
    _, decided = count(engine, rules, elections, LATER)
    with read(engine) as session:
        looked = {r.id: find_decidable(session, r, elections, LATER).decided for r in rules}
    in_use = [rule.id for rule in rules if rule.is_evaluated]
    assert {i: decided[i] for i in in_use} == {i: looked[i] for i in in_use}
    assert 0 < decided[US] < len(ADS)
    draft = next(rule for rule in rules if not rule.is_evaluated)
    assert decided[draft.id] is None
