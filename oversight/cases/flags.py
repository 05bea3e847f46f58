"""A person's flag: raised on an ad as it is now under a rule as it is now, withdrawn only by them.

Routes, commands and the demo call it. Every step is kept and becomes a change in the sequence.
"""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.errors import NotFoundError
from archive.models import CaseStep, Decision, Flag, PublicAd, Signal, User
from archive.models.changes import ChangeKind
from archive.models.oversight import CaseState
from archive.models.people import Role
from archive.store.changes import append_changes
from oversight.cases.errors import CaseError, NotEntitledError
from oversight.cases.people import check_role, id_of
from oversight.cases.states import CaseEvent, find_next_state
from oversight.cases.texts import check_text
from oversight.rules.loading import Rule
from oversight.rules.rule_texts import keep_rule_texts
from oversight.rules.schema import Stage


def raise_flag(
    session: Session, ad_id: str, rule: Rule, note: str, user: User, now: datetime
) -> Flag:
    """Flag the current version of an ad (`<source>:<ref>`) under a rule.

    Raises:
        NotFoundError: if the archive does not hold the ad.
        NotEntitledError: if the person is neither analyst nor reviewer.
        CaseError: if the rule is not in use, the note is blank, or the person has an open flag on
            this ad under this rule version.
    """
    check_role(user, Role.ANALYST, Role.REVIEWER)
    if rule.file.stage is not Stage.ACTIVE:
        raise CaseError(f"the rule {rule.id} is {rule.file.stage}; only active rules are cited")
    ad = session.exec(select(PublicAd).where(PublicAd.public_id == ad_id)).first()
    if ad is None:
        raise NotFoundError("ad", ad_id)
    version_id = keep_rule_texts(session, [rule], now)[rule.sha256]
    _refuse_second_flag(session, ad, version_id, user)
    flag = Flag(
        reference=next_reference(session, "F", now),
        ad_id=ad.id,
        ad_version_id=ad.version_id,
        rule_version_id=version_id,
        signal_id=_find_signal(session, ad, version_id),
        note=check_text("note", note),
        raised_by_id=id_of(user),
        raised_at=now,
    )
    session.add(flag)
    session.flush()
    _keep_step(session, flag, CaseEvent.RAISE, CaseState.OPEN, user, now, note)
    return flag


def withdraw_flag(session: Session, flag: Flag, note: str, user: User, now: datetime) -> Flag:
    """Take a flag back before it is decided.

    Raises:
        NotEntitledError: if somebody else raised it.
        CaseStepError: if it is no longer open.
    """
    if flag.raised_by_id != id_of(user):
        raise NotEntitledError(f"only who raised {flag.reference} may withdraw it")
    move_flag(session, flag, CaseEvent.WITHDRAW, user, now, check_text("note", note))
    return flag


def read_flag(session: Session, reference: str) -> Flag:
    """One flag by its number.

    Raises:
        NotFoundError: if there is none.
    """
    flag = session.exec(select(Flag).where(Flag.reference == reference)).first()
    if flag is None:
        raise NotFoundError("flag", reference)
    return flag


def move_flag(
    session: Session, flag: Flag, event: CaseEvent, user: User, now: datetime, note: str = ""
) -> None:
    """Take a step and keep it.

    Raises:
        CaseStepError: if the step does not follow from where the flag stands.
    """
    before = CaseState(flag.state)
    flag.state = find_next_state(before, event)
    session.add(flag)
    _keep_step(session, flag, event, before, user, now, note)


def next_reference(session: Session, letter: str, now: datetime) -> str:
    """The number after the last of the year: F-2026-00001 for flags, D-2026-00001 for decisions.

    Writers are one at a time, so no number is given twice.
    """
    stem = f"{letter}-{now.year}-"
    column = col(Flag.reference if letter == "F" else Decision.reference)
    given = session.exec(select(func.count()).where(column.startswith(stem))).one()
    return f"{stem}{given + 1:05d}"


def _keep_step(
    session: Session,
    flag: Flag,
    event: CaseEvent,
    before: CaseState,
    user: User,
    now: datetime,
    note: str,
) -> None:
    if flag.id is None:
        raise RuntimeError("the database gave a flag no id")
    step = CaseStep(
        flag_id=flag.id,
        event=event,
        from_state=before,
        to_state=flag.state,
        by_user_id=id_of(user),
        at=now,
        note=note,
    )
    session.add(step)
    session.flush()
    append_changes(session, ChangeKind.FLAG, [flag.id], now)


def _refuse_second_flag(session: Session, ad: PublicAd, version_id: int, user: User) -> None:
    query = select(Flag.reference).where(
        Flag.ad_version_id == ad.version_id,
        Flag.rule_version_id == version_id,
        Flag.raised_by_id == user.id,
        Flag.state == CaseState.OPEN,
    )
    open_flag = session.exec(query).first()
    if open_flag:
        raise CaseError(f"{user.name} has flagged this ad under this rule already: {open_flag}")


def _find_signal(session: Session, ad: PublicAd, version_id: int) -> int | None:
    """The newest signal of this rule version on this ad version, if a machine gave one."""
    query = select(Signal.id).where(
        Signal.ad_version_id == ad.version_id, Signal.rule_version_id == version_id
    )
    return session.exec(query.order_by(col(Signal.id).desc())).first()
