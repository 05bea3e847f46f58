"""Decisions on flags: reasoned, by somebody else than who flagged, kept in the public ledger.

Routes, commands and the demo call it. A decision is appended to, never replaced: an appeal that varies
or annuls it is a further decision beside it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from archive.errors import NotFoundError
from archive.models import Decision, Flag, RuleVersion, User
from archive.models.changes import ChangeKind, LeafKind
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves
from oversight.cases.errors import CaseError, CaseStepError, NotEntitledError
from oversight.cases.flags import move_flag, next_reference
from oversight.cases.grounds import check_citable, check_grounds
from oversight.cases.leaves import state_decision
from oversight.cases.people import check_person, id_of
from oversight.cases.powers import RESTRICTIVE, CasePower, DecisionOutcome, check_power
from oversight.cases.states import CaseEvent
from oversight.cases.texts import check_text
from oversight.rules.rule_book import RuleBook

SETTLING = frozenset({CaseEvent.UPHOLD, CaseEvent.VARY, CaseEvent.ANNUL})


@dataclass(frozen=True)
class DecisionDraft:
    """What a person decides and why."""

    outcome: DecisionOutcome
    reasons: str
    legal_basis: str
    plain_summary: str


def decide_flag(
    session: Session,
    flag: Flag,
    draft: DecisionDraft,
    user: User,
    book: RuleBook,
    now: datetime,
) -> Decision:
    """Decide an open flag.

    Raises:
        NotEntitledError: if the person is no reviewer or raised the flag, or the operator's kind
            has no power for the outcome.
        CaseStepError: if the flag is not open, or a person suspended its rule.
        CaseError: if a text is blank or too long, the rule is not in use, or an outcome that asks
            something of somebody lacks its grounds.
    """
    check_person(user, CasePower.DECIDE)
    if flag.raised_by_id == id_of(user):
        raise NotEntitledError(f"who raised {flag.reference} cannot decide it: it takes two people")
    _check_rule(session, flag, book)
    decision = _make_decision(session, flag, draft, user, book, now)
    move_flag(session, flag, CaseEvent.DECIDE, user, now)
    return _keep_decision(session, decision, now)


def appeal_decision(session: Session, flag: Flag, grounds: str, user: User, now: datetime) -> Flag:
    """Note that a decision is contested; anyone the archive knows may bring an appeal in.

    Raises:
        CaseStepError: if there is no decision to contest.
        CaseError: if the grounds are blank or too long.
    """
    move_flag(session, flag, CaseEvent.APPEAL, user, now, check_text("grounds", grounds))
    return flag


def settle_appeal(
    session: Session,
    flag: Flag,
    event: CaseEvent,
    draft: DecisionDraft,
    user: User,
    book: RuleBook,
    now: datetime,
) -> Decision:
    """Uphold, vary or annul a contested decision, by a further decision of somebody else.

    Raises:
        NotEntitledError: if the person is no reviewer, raised the flag or decided it before.
        CaseStepError: if the flag is not appealed, the event does not settle an appeal, or a
            person suspended the rule and the event is not to annul.
        CaseError: as in `decide_flag`.
    """
    check_person(user, CasePower.DECIDE)
    if event not in SETTLING:
        raise CaseStepError(f"{event} does not settle an appeal")
    deciders = session.exec(select(Decision.decided_by_id).where(Decision.flag_id == flag.id)).all()
    if id_of(user) in {flag.raised_by_id, *deciders}:
        raise NotEntitledError(f"an appeal on {flag.reference} is settled by somebody else")
    if event is not CaseEvent.ANNUL or draft.outcome in RESTRICTIVE:
        # A suspended rule holds nobody to what was decided under it.
        _check_rule(session, flag, book)
    decision = _make_decision(session, flag, draft, user, book, now)
    move_flag(session, flag, event, user, now)
    return _keep_decision(session, decision, now)


def _check_rule(session: Session, flag: Flag, book: RuleBook) -> None:
    rule_id = session.get_one(RuleVersion, flag.rule_version_id).rule_id
    try:
        rule = book.find_in_use(session, rule_id)
    except NotFoundError:
        raise CaseError(f"the rule {rule_id} is no longer in use") from None
    check_citable(rule)


def _make_decision(
    session: Session,
    flag: Flag,
    draft: DecisionDraft,
    user: User,
    book: RuleBook,
    now: datetime,
) -> Decision:
    settings = book.settings
    check_power(settings.deployment_kind, draft.outcome)
    check_grounds(session, flag, draft.outcome, draft.legal_basis, book)
    if flag.id is None:
        raise RuntimeError("a flag that is not kept cannot be decided")
    return Decision(
        reference=next_reference(session, "D", now),
        flag_id=flag.id,
        outcome=draft.outcome,
        reasons=check_text("reasons", draft.reasons),
        plain_summary=check_text("plain_summary", draft.plain_summary),
        legal_basis=check_text("legal_basis", draft.legal_basis),
        decided_by_id=id_of(user),
        deployment_kind=settings.deployment_kind,
        operator_name=settings.operator_name,
        automated_detection=flag.signal_id is not None,
        decided_at=now,
    )


def _keep_decision(session: Session, decision: Decision, now: datetime) -> Decision:
    session.add(decision)
    session.flush()
    if decision.id is None:
        raise RuntimeError("the database gave a decision no id")
    leaf = state_decision(session, decision)
    append_leaves(session, LeafKind.DECISION, [(decision.id, leaf)], now)
    append_changes(session, ChangeKind.DECISION, [decision.id], now)
    return decision
