"""Decisions on flags: reasoned, by somebody else than who flagged, kept in the public ledger.

Routes, commands and the demo call it. A decision is appended to, never replaced: an appeal that varies
or annuls it is a further decision beside it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from archive.models import AdVersion, Decision, Flag, PublicAd, RuleVersion, User
from archive.models.changes import ChangeKind, LeafKind
from archive.models.people import Role
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves
from config.settings import Settings
from oversight.cases.errors import CaseStepError, NotEntitledError
from oversight.cases.flags import move_flag, next_reference
from oversight.cases.people import check_role, id_of
from oversight.cases.powers import DecisionOutcome, check_power
from oversight.cases.states import CaseEvent
from oversight.cases.texts import check_text

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
    settings: Settings,
    now: datetime,
) -> Decision:
    """Decide an open flag.

    Raises:
        NotEntitledError: if the person is no reviewer or raised the flag, or the operator's kind
            has no power for the outcome.
        CaseStepError: if the flag is not open.
        CaseError: if a text is blank or too long.
    """
    check_role(user, Role.REVIEWER)
    if flag.raised_by_id == id_of(user):
        raise NotEntitledError(f"who raised {flag.reference} cannot decide it: it takes two people")
    decision = _make_decision(session, flag, draft, user, settings, now)
    move_flag(session, flag, CaseEvent.DECIDE, user, now)
    return _keep_decision(session, flag, decision, now)


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
    settings: Settings,
    now: datetime,
) -> Decision:
    """Uphold, vary or annul a contested decision, by a further decision of somebody else.

    Raises:
        NotEntitledError: if the person is no reviewer, raised the flag or decided it before.
        CaseStepError: if the flag is not appealed, or the event does not settle an appeal.
        CaseError: if a text is blank or too long.
    """
    check_role(user, Role.REVIEWER)
    if event not in SETTLING:
        raise CaseStepError(f"{event} does not settle an appeal")
    deciders = session.exec(select(Decision.decided_by_id).where(Decision.flag_id == flag.id)).all()
    if id_of(user) in {flag.raised_by_id, *deciders}:
        raise NotEntitledError(f"an appeal on {flag.reference} is settled by somebody else")
    decision = _make_decision(session, flag, draft, user, settings, now)
    move_flag(session, flag, event, user, now)
    return _keep_decision(session, flag, decision, now)


def _make_decision(
    session: Session,
    flag: Flag,
    draft: DecisionDraft,
    user: User,
    settings: Settings,
    now: datetime,
) -> Decision:
    check_power(settings.deployment_kind, draft.outcome)
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


def _keep_decision(session: Session, flag: Flag, decision: Decision, now: datetime) -> Decision:
    session.add(decision)
    session.flush()
    if decision.id is None:
        raise RuntimeError("the database gave a decision no id")
    leaf = _describe_leaf(session, flag, decision)
    append_leaves(session, LeafKind.DECISION, [(decision.id, leaf)], now)
    append_changes(session, ChangeKind.DECISION, [decision.id], now)
    return decision


def _describe_leaf(session: Session, flag: Flag, decision: Decision) -> dict[str, str | bool]:
    """What the ledger says about a decision: its words, and the ad and rule versions it is about."""
    said = decision.model_dump(mode="json", exclude={"id", "flag_id", "decided_by_id"})
    about = {
        "ad": session.get_one(PublicAd, flag.ad_id).public_id,
        "content_sha256": session.get_one(AdVersion, flag.ad_version_id).content_sha256,
        "rule_sha256": session.get_one(RuleVersion, flag.rule_version_id).sha256,
    }
    return said | about | {"flag": flag.reference}
