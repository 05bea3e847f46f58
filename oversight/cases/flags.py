"""A person's flag: raised on an ad as it is now under a rule as it is now, withdrawn only by them.

Routes, commands and the demo call it. Every flag and every step is kept as a leaf of the ledger and
becomes a change in the sequence.
"""

from datetime import datetime

from sqlalchemy import and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from archive.errors import NotFoundError
from archive.models import (
    AdVersion,
    CaseStep,
    Decision,
    Flag,
    PublicAd,
    RuleVersion,
    Signal,
    User,
)
from archive.models.changes import ChangeKind, LeafKind
from archive.models.oversight import CaseState
from archive.reading.rules import answer_alike
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves
from oversight.cases.errors import NotEntitledError, OutdatedError, SecondCaseError, SeenVersions
from oversight.cases.grounds import check_citable
from oversight.cases.leaves import state_flag, state_step
from oversight.cases.people import check_person, id_of
from oversight.cases.powers import CasePower
from oversight.cases.states import OPEN_STATES, STANDING_STATES, CaseEvent, find_next_state
from oversight.cases.texts import check_text
from oversight.rules.loading import Rule
from oversight.rules.rule_texts import keep_rule_texts


def read_current(session: Session, ad: PublicAd, rule: Rule) -> SeenVersions:
    """The versions that a flag on this ad under this rule cites now."""
    seq = session.get_one(AdVersion, ad.version_id).seq
    return SeenVersions(ad_version=seq, rule_sha256=rule.sha256)


def raise_flag(
    session: Session,
    ad_id: str,
    rule: Rule,
    seen: SeenVersions,
    note: str,
    user: User,
    now: datetime,
) -> Flag:
    """Flag an ad (`<source>:<ref>`) under a rule in use, both in the versions the person looked at.

    Raises:
        NotFoundError: if the archive does not hold the ad.
        NotEntitledError: if the person is neither analyst nor reviewer.
        OutdatedError: if the ad or the rule has another version by now.
        SecondCaseError: if a case on this ad and rule is open, or one on the same versions and signal is
            decided and stands, whoever raised it.
        CaseStepError: if the rule is suspended.
        CaseError: if the rule is not in use or the note is blank.
    """
    check_person(user, CasePower.FLAG)
    check_citable(rule)
    ad = session.exec(select(PublicAd).where(PublicAd.public_id == ad_id)).first()
    if ad is None:
        raise NotFoundError("ad", ad_id)
    current = read_current(session, ad, rule)
    if seen != current:
        raise OutdatedError(seen, current)
    version_id = keep_rule_texts(session, [rule], now)[rule.sha256]
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
    _refuse_second_case(session, flag, rule.id)
    session.add(flag)
    session.flush()
    append_leaves(session, LeafKind.FLAG, [(flag.id or 0, state_flag(session, flag))], now)
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
    append_leaves(session, LeafKind.CASE_STEP, [(step.id or 0, state_step(session, step))], now)
    append_changes(session, ChangeKind.FLAG, [flag.id], now)


def _refuse_second_case(session: Session, flag: Flag, rule_id: str) -> None:
    """Writers are one at a time, so of two that ask at once the second sees the first."""
    asked = aliased(RuleVersion)
    is_the_same = and_(
        col(Flag.ad_version_id) == flag.ad_version_id,
        col(Flag.signal_id).is_not_distinct_from(flag.signal_id),
        answer_alike(asked, RuleVersion),
    )
    query = (
        select(Flag.reference, Flag.state)
        .join(RuleVersion, col(RuleVersion.id) == Flag.rule_version_id)
        .join(asked, col(asked.id) == flag.rule_version_id)
        .where(Flag.ad_id == flag.ad_id, RuleVersion.rule_id == rule_id)
        .where(
            or_(
                col(Flag.state).in_(OPEN_STATES),
                and_(col(Flag.state).in_(STANDING_STATES), is_the_same),
            )
        )
        .order_by(col(Flag.state).in_(OPEN_STATES).desc())
    )
    if (found := session.exec(query).first()) is None:
        return
    reference, state = found
    if state in OPEN_STATES:
        raise SecondCaseError(
            f"there is an open case on this ad under {rule_id} already: {reference}; go on with that"
        )
    raise SecondCaseError(
        f"the case {reference} on this ad under {rule_id} is {state}, and neither has changed since: "
        "whoever disagrees appeals that decision"
    )


def _find_signal(session: Session, ad: PublicAd, version_id: int) -> int | None:
    """The newest signal of this rule on this ad version, if a machine gave one that stands."""
    judged = aliased(RuleVersion)
    query = (
        select(Signal.id)
        .join(judged, col(Signal.rule_version_id) == judged.id)
        .join(RuleVersion, answer_alike(RuleVersion, judged))
        .where(Signal.ad_version_id == ad.version_id, RuleVersion.id == version_id)
        .where(Signal.superseded_because == "")
    )
    return session.exec(query.order_by(col(Signal.id).desc())).first()
