"""Whether a signal still stands: newer words, rules and answers supersede it, people take it back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from archive.curation.people import add_user
from archive.models import Evaluation, RuleUse, Signal
from archive.models.oversight import RuleAction, SignalStatus
from archive.models.people import Role
from archive.reading.rules import count_answers
from archive.store.database import read, write
from oversight.cases import (
    DecisionDraft,
    DecisionOutcome,
    appeal_decision,
    decide_flag,
    settle_appeal,
)
from oversight.cases.states import CaseEvent
from oversight.evaluation.changes import evaluate_changes
from oversight.evaluation.signal_list import SignalFilter, SignalView, list_signals
from oversight.evaluation.signals import EVALUATOR
from oversight.reference.elections import Election
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook, find_rule
from tests.flagging import flag_ad
from tests.oversight.evaluation.conftest import LATER, NOW, Evaluate, Keep, make_ad

RULE, VOTE = "payer-left-blank", "gr-2023-05-21-parliament"
OPINION = DecisionDraft(
    DecisionOutcome.OPINION_CONCERN, "Blank.", "Our pattern", "Nobody is named."
)
EVE = datetime(2023, 5, 20, 9, tzinfo=UTC)


def show(engine: Engine, rule_id: str = RULE, **wanted: object) -> list[SignalView]:
    with read(engine) as session:
        return list_signals(session, SignalFilter(rule_id=rule_id, **wanted)).items  # type: ignore[arg-type]


def tell(engine: Engine, **wanted: object) -> list[tuple[int, str, str | None]]:
    return [(s.ad_version, s.status, s.status_because) for s in show(engine, **wanted)]  # type: ignore[arg-type]


@pytest.mark.usefixtures("archive_url")
def test_a_payer_named_before_anybody_looked_leaves_the_signal_about_the_version_without(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    keep([make_ad(payer_name="")])
    keep([make_ad(payer_name="Jo")], LATER)
    evaluate(LATER)
    assert tell(engine) == [(1, "superseded", "newer_ad_version")]
    assert tell(engine, status=SignalStatus.CURRENT) == []
    assert [s.evaluator for s in show(engine)] == [EVALUATOR]
    blank = find_rule(rules, RULE)
    with read(engine) as session:
        counts = count_answers(session, [blank.sha256])[blank.sha256]
    assert (counts.applies, counts.not_met, counts.met) == (1, 1, 0), "an ad counts once"


@pytest.mark.usefixtures("archive_url")
def test_a_rule_that_changes_in_words_alone_writes_nothing_and_keeps_its_signals(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    keep([make_ad(payer_name="")])
    evaluate()
    others = [rule for rule in rules if rule.id != RULE]
    file = find_rule(rules, RULE).file.model_copy(update={"says": "Other words.", "version": 99})
    reworded = replace(find_rule(rules, RULE), file=file, sha256="f" * 64, text="other words")
    with read(engine) as session:
        before = [session.exec(select(t.id)).all() for t in (Evaluation, Signal)]
    assert evaluate(LATER, only=[reworded, *others]).ads == 0
    with read(engine) as session:
        assert [session.exec(select(t.id)).all() for t in (Evaluation, Signal)] == before
        assert count_answers(session, [reworded.sha256])[reworded.sha256].not_met == 1
    assert tell(engine) == [(1, "current", None)]


def test_a_rule_that_asks_otherwise_supersedes_its_signals_until_it_asks_so_again(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    keep([make_ad(payer_name="")])
    evaluate()
    old, others = find_rule(rules, RULE), [rule for rule in rules if rule.id != RULE]
    file = old.file.model_copy(update={"asks_where": ("ad.platform",)})
    newer = replace(old, file=file, sha256="f" * 64, text="newer")
    assert evaluate(LATER, only=[newer, *others]).new_signals == 1
    assert tell(engine) == [(1, "current", None)]
    assert tell(engine, status=SignalStatus.SUPERSEDED) == [(1, "superseded", "newer_rule")]
    assert evaluate(LATER, only=rules).new_signals == 0
    assert [s.rule_sha256 for s in show(engine)] == [old.sha256]


@pytest.mark.usefixtures("archive_url")
def test_an_election_that_moves_takes_its_signals_with_it(
    engine: Engine, keep: Keep, rules: list[Rule], elections: list[Election]
) -> None:
    ran = {"started_at": EVE, "ended_at": EVE + timedelta(hours=3)}
    keep([make_ad(countries=["GR"], bodies=["Vote"], **ran)])
    moved = [
        e.model_copy(update={"polling_days": (date(2027, 5, 21),)}) if e.id == VOTE else e
        for e in elections
    ]
    wanted = {"rule_id": "started-on-the-eve", "historic": True}
    with write(engine) as session:
        evaluate_changes(session, rules, elections, EVE)
    assert [(s.election_id, s.is_historic) for s in show(engine, **wanted)] == [(VOTE, False)]
    with write(engine) as session:
        evaluate_changes(session, rules, elections, NOW)
    assert [s.is_historic for s in show(engine, **wanted)] == [True]
    with write(engine) as session:
        evaluate_changes(session, rules, moved, NOW)
    assert show(engine, **wanted) == []
    ended = show(engine, status=SignalStatus.SUPERSEDED, **wanted)
    assert [(s.status_because, s.is_historic) for s in ended] == [("newer_answer", False)]
    with write(engine) as session:
        evaluate_changes(session, rules, elections, NOW)
    assert [(s.status, s.is_historic) for s in show(engine, **wanted)] == [("current", True)]


def use(rule: Rule, action: RuleAction, stage: str = "", by: str = "Ada") -> RuleUse:
    said = {"by_name": by, "because": "?", "at": NOW, "stage": stage}
    return RuleUse(rule_id=rule.id, action=action, rule_sha256=rule.sha256, **said)


def test_a_suspended_rule_and_an_annulled_decision_take_signals_back(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule], book: RuleBook
) -> None:
    keep([make_ad(payer_name="")])
    evaluate()
    rule = find_rule(rules, RULE)
    with write(engine) as session:
        session.add(use(rule, RuleAction.SUSPEND))
    assert tell(engine) == []
    assert tell(engine, status=SignalStatus.WITHDRAWN) == [(1, "withdrawn", "suspended")]
    with write(engine) as session:
        session.add(use(rule, RuleAction.RESUME))
        session.flush()
        people = [add_user(session, n, [Role.REVIEWER], NOW)[0] for n in ("Ann", "Bo", "Cleo")]
        flag = flag_ad(session, "example:a1", rule, "?", people[0], NOW)
        assert flag.signal_id is not None
        decide_flag(session, flag, OPINION, people[1], book, NOW)
        appeal_decision(session, flag, "Wrong.", people[0], NOW)
        assert list_signals(session, SignalFilter(rule_id=RULE)).items
        settle_appeal(session, flag, CaseEvent.ANNUL, OPINION, people[2], book, NOW)
    assert tell(engine) == []
    assert tell(engine, status=SignalStatus.WITHDRAWN) == [(1, "withdrawn", "annulled")]


def test_signals_of_a_rule_in_shadow_are_for_who_brought_it_there(
    engine: Engine, keep: Keep, evaluate: Evaluate, rules: list[Rule]
) -> None:
    keep([make_ad(payer_name="")])
    evaluate()
    rule = find_rule(rules, RULE)
    with write(engine) as session:
        session.add(use(rule, RuleAction.USE, "shadow"))
    assert show(engine) == []
    assert show(engine, reader="Bo") == []
    assert len(show(engine, reader="Ada")) == 1
    with write(engine) as session:
        session.add(use(rule, RuleAction.USE, "active", by="Bo"))
    assert len(show(engine, reader="Cleo")) == 1
