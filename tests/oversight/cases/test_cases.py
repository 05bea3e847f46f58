"""Flags and decisions: who may do what, in which order, and what stays afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from archive.curation.people import add_user
from archive.errors import NotFoundError
from archive.ingest.pages import ingest_page
from archive.models import Ad, CaseStep, Change, LedgerLeaf, PublicAd, User
from archive.models.oversight import CaseState
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from archive.store.ledger.leaves import hash_leaf
from archive.store.setup import migrate
from config.settings import DeploymentKind, Settings
from oversight.cases import (
    POWERS,
    CaseError,
    CaseStepError,
    DecisionDraft,
    DecisionOutcome,
    NotEntitledError,
    appeal_decision,
    decide_flag,
    list_ad_decisions,
    list_decisions,
    list_flags,
    read_decision,
    read_flag,
    settle_appeal,
    withdraw_flag,
)
from oversight.cases.states import CaseEvent
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook, find_rule, load_rules, read_rule_book
from oversight.rules.schema import Stage
from tests.flagging import flag_ad

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OPINION = DecisionDraft(
    outcome=DecisionOutcome.OPINION_CONCERN,
    reasons="The field is blank in the source.",
    legal_basis="Our own pattern",
    plain_summary="Nobody can see who paid for this ad.",
)


@contextmanager
def open_session(url: str, settings: Settings) -> Iterator[Session]:
    """An archive that holds one ad without a payer, already evaluated."""
    engine = create_archive_engine(url)
    migrate(engine)
    with write(engine) as session:
        run = begin_run(session, "example", "2026", RunKind.CRAWL, NOW)
        ad = AdRecord(
            ref="a1",
            platform="examplatform",
            declared_political=True,
            payer_name="",
            url="https://ads.example/a1",
        )
        ingest_page(session, run, [ad], None, NOW)
        end_run(session, run, Outcome.DONE, NOW, complete=False)
        evaluate_changes(session, load_rules(settings), read_rule_book(settings).elections, NOW)
        yield session
    engine.dispose()


@pytest.fixture
def session(home_settings: Settings) -> Iterator[Session]:
    with open_session(home_settings.resolved_database_url, home_settings) as session:
        yield session


@pytest.fixture
def rule(home_settings: Settings) -> Rule:
    return find_rule(load_rules(home_settings), "payer-left-blank")


def make_user(session: Session, name: str, *roles: Role) -> User:
    return add_user(session, name, roles or (Role.REVIEWER,), NOW)[0]


def decide(session: Session, rule: Rule, book: RuleBook) -> Any:
    flag = flag_ad(session, "example:a1", rule, "No payer", make_user(session, "Ann"), NOW)
    decision = decide_flag(session, flag, OPINION, make_user(session, "Bob"), book, LATER)
    return flag, decision


def test_a_flag_cites_the_ad_version_the_rule_version_and_the_signal(
    session: Session, rule: Rule, book: RuleBook
) -> None:
    ann = make_user(session, "Ann", Role.ANALYST)
    flag_ad(session, "example:a1", rule, " No payer ", ann, NOW)
    view = list_flags(session, book).items[0]
    assert view.reference == "F-2026-00001"
    assert (view.ad_id, view.ad_version, view.rule_id) == ("example:a1", 1, "payer-left-blank")
    assert view.rule_sha256 == rule.sha256
    assert view.note == "No payer"
    assert "left it blank" in view.because[1]
    assert [step.event for step in view.steps] == ["raise"]


def test_a_flag_is_not_public_before_its_decision(
    session: Session, rule: Rule, book: RuleBook
) -> None:
    flag = flag_ad(session, "example:a1", rule, "No payer", make_user(session, "Ann"), NOW)
    assert list_decisions(session, book).items == []
    decide_flag(session, flag, OPINION, make_user(session, "Bob"), book, LATER)
    assert [view.ad_id for view in list_decisions(session, book).items] == ["example:a1"]


def test_who_flagged_does_not_decide(session: Session, rule: Rule, book: RuleBook) -> None:
    ann = make_user(session, "Ann", Role.ANALYST, Role.REVIEWER)
    flag = flag_ad(session, "example:a1", rule, "No payer", ann, NOW)
    with pytest.raises(NotEntitledError, match="two people"):
        decide_flag(session, flag, OPINION, ann, book, LATER)
    assert read_flag(session, flag.reference).state == CaseState.OPEN


@pytest.mark.parametrize("roles", [(Role.ANALYST,), (Role.OPERATOR,)])
def test_only_reviewers_decide(
    session: Session, rule: Rule, roles: tuple[Role, ...], book: RuleBook
) -> None:
    flag = flag_ad(session, "example:a1", rule, "No payer", make_user(session, "Ann"), NOW)
    with pytest.raises(NotEntitledError, match="is not reviewer"):
        decide_flag(session, flag, OPINION, make_user(session, "Bob", *roles), book, LATER)


@pytest.mark.parametrize("kind", [k for k in DeploymentKind if k != DeploymentKind.AUTHORITY])
def test_an_operator_that_is_no_authority_gives_opinions_only(
    session: Session, rule: Rule, home_settings: Settings, kind: DeploymentKind
) -> None:
    book = read_rule_book(home_settings.model_copy(update={"deployment_kind": kind}))
    flag = flag_ad(session, "example:a1", rule, "No payer", make_user(session, "Ann"), NOW)
    bob = make_user(session, "Bob")
    warning = replace(OPINION, outcome=DecisionOutcome.WARNING)
    with pytest.raises(NotEntitledError, match="cannot decide warning"):
        decide_flag(session, flag, warning, bob, book, LATER)
    assert decide_flag(session, flag, OPINION, bob, book, LATER).deployment_kind == kind


def test_no_outcome_takes_an_ad_away(session: Session, rule: Rule, book: RuleBook) -> None:
    assert POWERS.keys() == set(DeploymentKind)
    verbs = {"remove", "delete", "hide", "block", "take_down"}
    assert not [o for o in DecisionOutcome if any(verb in o for verb in verbs)]
    before = session.exec(select(PublicAd)).one().model_dump()
    decide(session, rule, book)
    session.expire_all()
    assert session.exec(select(PublicAd)).one().model_dump() == before
    assert len(session.exec(select(Ad)).all()) == 1


def test_a_decision_is_in_the_register_the_ledger_and_the_change_sequence(
    session: Session, rule: Rule, book: RuleBook
) -> None:
    flag, decision = decide(session, rule, book)
    view = read_decision(session, book, "D-2026-00001")
    assert view.model_dump(
        include={"flag", "ad_id", "outcome", "state", "automated_detection"}
    ) == {
        "flag": flag.reference,
        "ad_id": "example:a1",
        "outcome": "opinion_concern",
        "state": "decided",
        "automated_detection": True,
    }
    assert view == list_ad_decisions(session, book, "example:a1")[0]
    leaf = session.exec(select(LedgerLeaf).where(LedgerLeaf.kind == "decision")).one()
    assert leaf.subject_id == decision.id
    # What was hashed once keeps its spelling.
    ad = session.exec(select(PublicAd)).one()
    assert leaf.leaf_sha256 == hash_leaf(
        "decision",
        {
            "reference": "D-2026-00001",
            "flag": "F-2026-00001",
            "ad": "example:a1",
            "content_sha256": ad.content_sha256,
            "rule_sha256": rule.sha256,
            "outcome": "opinion_concern",
            "reasons": OPINION.reasons,
            "plain_summary": OPINION.plain_summary,
            "legal_basis": OPINION.legal_basis,
            "deployment_kind": "civil_society",
            "operator_name": "an unnamed operator",
            "automated_detection": True,
            "decided_at": "2026-03-01T13:00:00Z",
        },
    )
    kinds = [c.kind for c in session.exec(select(Change).order_by(Change.seq))]
    assert kinds[-3:] == ["flag", "flag", "decision"]


def test_no_public_view_names_a_person(session: Session, rule: Rule, book: RuleBook) -> None:
    decide(session, rule, book)
    text = read_decision(session, book, "D-2026-00001").model_dump_json()
    assert "Ann" not in text
    assert "Bob" not in text


def test_an_appeal_is_settled_by_a_third_person_and_both_decisions_stay(
    archive_url: str, rule: Rule, home_settings: Settings, book: RuleBook
) -> None:
    with open_session(archive_url, home_settings) as session:
        walk_to_the_end(session, rule, book)


def walk_to_the_end(session: Session, rule: Rule, book: RuleBook) -> None:
    flag, _ = decide(session, rule, book)
    ann, bob = (session.exec(select(User).where(User.name == n)).one() for n in ("Ann", "Bob"))
    appeal_decision(session, flag, "The payer stands in the picture", ann, LATER)
    cleared = replace(OPINION, outcome=DecisionOutcome.OPINION_NO_CONCERN)
    for person in (ann, bob):
        with pytest.raises(NotEntitledError, match="somebody else"):
            settle_appeal(session, flag, CaseEvent.ANNUL, cleared, person, book, LATER)
    cleo = make_user(session, "Cleo")
    settle_appeal(session, flag, CaseEvent.ANNUL, cleared, cleo, book, LATER)
    assert [v.reference for v in list_decisions(session, book).items] == [
        "D-2026-00002",
        "D-2026-00001",
    ]
    assert {view.state for view in list_decisions(session, book).items} == {"annulled"}
    steps = [s.to_state for s in session.exec(select(CaseStep).order_by(CaseStep.id))]
    assert steps == ["open", "decided", "appealed", "annulled"]


def test_a_decided_flag_is_neither_decided_again_nor_withdrawn(
    session: Session, rule: Rule, book: RuleBook
) -> None:
    flag, _ = decide(session, rule, book)
    ann = session.exec(select(User).where(User.name == "Ann")).one()
    with pytest.raises(CaseStepError, match="it can: appeal"):
        decide_flag(session, flag, OPINION, make_user(session, "Cleo"), book, LATER)
    with pytest.raises(CaseStepError):
        withdraw_flag(session, flag, "Mistake", ann, LATER)
    assert len(list_decisions(session, book).items) == 1


def test_only_who_raised_a_flag_withdraws_it(session: Session, rule: Rule) -> None:
    ann, bob = make_user(session, "Ann"), make_user(session, "Bob")
    flag = flag_ad(session, "example:a1", rule, "No payer", ann, NOW)
    with pytest.raises(NotEntitledError, match="who raised"):
        withdraw_flag(session, flag, "Mistake", bob, LATER)
    assert withdraw_flag(session, flag, "Mistake", ann, LATER).state == CaseState.WITHDRAWN


def test_after_a_withdrawal_an_ad_is_flagged_again_under_the_rule(
    session: Session, rule: Rule
) -> None:
    ann = make_user(session, "Ann")
    flag = flag_ad(session, "example:a1", rule, "No payer", ann, NOW)
    with pytest.raises(CaseError, match=flag.reference):
        flag_ad(session, "example:a1", rule, "Again", ann, LATER)
    withdraw_flag(session, flag, "Mistake", ann, LATER)
    assert flag_ad(session, "example:a1", rule, "Again", ann, LATER).reference == "F-2026-00002"


def test_what_cannot_be_flagged_says_why(session: Session, rule: Rule) -> None:
    ann = make_user(session, "Ann")
    with pytest.raises(NotFoundError):
        flag_ad(session, "example:a2", rule, "No payer", ann, NOW)
    with pytest.raises(CaseError, match="note is blank"):
        flag_ad(session, "example:a1", rule, "  ", ann, NOW)
    on_trial = replace(rule, file=rule.file.model_copy(update={"stage": Stage.SHADOW}))
    with pytest.raises(CaseError, match="only active rules"):
        flag_ad(session, "example:a1", on_trial, "No payer", ann, NOW)
    with pytest.raises(NotFoundError):
        find_rule([rule], "no-such-rule")
    ann.is_disabled = True
    with pytest.raises(NotEntitledError, match="no longer act"):
        flag_ad(session, "example:a1", rule, "No payer", ann, NOW)


@pytest.mark.parametrize("field", ["reasons", "legal_basis", "plain_summary"])
@pytest.mark.parametrize("text", [" ", "x" * 5_001])
def test_a_decision_without_its_words_is_refused(
    session: Session, rule: Rule, field: str, text: str, book: RuleBook
) -> None:
    flag = flag_ad(session, "example:a1", rule, "No payer", make_user(session, "Ann"), NOW)
    draft, bob = replace(OPINION, **{field: text}), make_user(session, "Bob")
    with pytest.raises(CaseError, match=field):
        decide_flag(session, flag, draft, bob, book, LATER)
    assert flag.state == CaseState.OPEN
