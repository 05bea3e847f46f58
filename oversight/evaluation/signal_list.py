"""Signals for people with a role: what rules asked about ads, not public before a person reviewed it.

Those about ads that lists leave out stand among them: this is how undeclared ads are found.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, or_
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.models import AdVersion, Flag, PublicAd, RuleUse, RuleVersion, Signal
from archive.models.oversight import CaseState, RuleAction, RuleAnswer, SignalEnd, SignalStatus
from archive.reading.descriptions import quote_field, view_of
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, cut_page, decode_number
from archive.reading.rules import select_newest_uses, select_suspended
from archive.reading.views import VISIBLE_BY_DEFAULT
from archive.reading.visible import is_visible_by_default
from oversight.rules.reckonings import show_reckoning
from oversight.rules.schema import Severity, Stage

LISTING = "signals"

STATUS_OF = {
    "": SignalStatus.CURRENT,
    SignalEnd.SUSPENDED: SignalStatus.WITHDRAWN,
    SignalEnd.ANNULLED: SignalStatus.WITHDRAWN,
}
"""By why a signal is not current; all else supersedes it."""

SHOWN_ENDS: dict[SignalStatus | None, tuple[str, ...]] = {
    None: ("", SignalEnd.NEWER_AD_VERSION.value),
    SignalStatus.CURRENT: ("",),
    SignalStatus.SUPERSEDED: tuple(end.value for end in SignalEnd if end not in STATUS_OF),
    SignalStatus.WITHDRAWN: (SignalEnd.SUSPENDED.value, SignalEnd.ANNULLED.value),
}


@view_of(Signal)
class SignalView(SQLModel):
    """A machine's suspicion or open question about one ad, with its whole reckoning."""

    id: int
    ad_id: str = Field(description=quote_field(PublicAd, "public_id"))
    is_visible_by_default: bool = Field(description=VISIBLE_BY_DEFAULT)
    ad_version: int = Field(description=quote_field(AdVersion, "seq"))
    rule_id: str = Field(description=quote_field(RuleVersion, "rule_id"))
    rule_sha256: str = Field(description=quote_field(RuleVersion, "sha256"))
    election_id: str
    answer: str
    because: list[str]
    trace: dict[str, Any]
    severity: Severity | None = Field(
        description="How soon a person should look, as the rule says; `info` where it rests on a label "
        "that a program alone gave. Empty: signalled before signals said so."
    )
    evaluator: int
    status: SignalStatus = Field(
        description="current; superseded by a newer version of the ad, of the rule, or a newer answer; or "
        "withdrawn, while its rule is suspended or once a decision that rests on it was annulled."
    )
    status_because: SignalEnd | None = Field(description="Why it is not current; empty: it is.")
    is_historic: bool
    signalled_at: datetime


@dataclass(frozen=True)
class SignalFilter:
    """Which signals a list shows; every part given must hold."""

    ad_id: str | None = None
    rule_id: str | None = None
    answer: str | None = None
    historic: bool = False
    """Whether signals about elections that are over are shown too."""
    status: SignalStatus | None = None
    """`None`: what rules in use answer now, about earlier versions of ads too; what nobody can tell, of
    the newest alone."""
    reader: str = ""
    """Who asks: signals of a rule in shadow are for the person who brought it there."""


def list_signals(
    session: Session, wanted: SignalFilter, cursor: str | None = None, limit: int = 50
) -> Page[SignalView]:
    """Signals, newest first.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    equal = {
        PublicAd.public_id: wanted.ad_id,
        RuleVersion.rule_id: wanted.rule_id,
        Signal.answer: wanted.answer,
    }
    ended = _tell_end()
    query = (
        select(Signal, PublicAd.public_id, AdVersion.seq, RuleVersion.rule_id)
        .add_columns(col(RuleVersion.sha256), is_visible_by_default(PublicAd))
        .add_columns(ended, col(PublicAd.missing))
        .join(PublicAd, col(PublicAd.id) == Signal.ad_id)
        .join(AdVersion, col(AdVersion.id) == Signal.ad_version_id)
        .join(RuleVersion, col(RuleVersion.id) == Signal.rule_version_id)
        .where(*(col(column) == value for column, value in equal.items() if value is not None))
        .where(col(RuleVersion.rule_id).not_in(_select_shadows(wanted.reader)))
        .where(ended.in_(SHOWN_ENDS[wanted.status]))
        .order_by(col(Signal.id).desc())
        .limit(limit + 1)
    )
    if wanted.status is None:
        query = query.where(or_(col(Signal.answer) != RuleAnswer.CANNOT_TELL, ended == ""))
    if not wanted.historic:
        query = query.where(col(Signal.is_historic).is_(False))
    if (before := decode_number(LISTING, cursor)) is not None:
        query = query.where(col(Signal.id) < before)
    beside = ("ad_id", "ad_version", "rule_id", "rule_sha256", "is_visible_by_default")
    signals = []
    for signal, *values, end, missing in session.execute(query):
        because, trace = show_reckoning(signal.because, signal.trace, missing)
        update = {"because": because, "trace": trace, **dict(zip(beside, values, strict=True))}
        update |= {
            "status": STATUS_OF.get(end, SignalStatus.SUPERSEDED),
            "status_because": end or None,
            "severity": trace.get("severity"),
        }
        signals.append(SignalView.model_validate(signal, update=update))
    shown, following = cut_page(LISTING, signals, limit, lambda signal: signal.id)
    return Page(shown, following, read_data_as_of(session))


def _tell_end() -> ColumnElement[str]:
    """Why a signal is not current, empty if it is: what takes it back before what came after it."""
    is_annulled = exists().where(
        col(Flag.signal_id) == col(Signal.id), col(Flag.state) == CaseState.ANNULLED
    )
    return case(
        (col(RuleVersion.rule_id).in_(select_suspended()), SignalEnd.SUSPENDED.value),
        (is_annulled, SignalEnd.ANNULLED.value),
        (col(Signal.superseded_because) != "", col(Signal.superseded_because)),
        (
            col(Signal.ad_version_id) != col(PublicAd.version_id),
            SignalEnd.NEWER_AD_VERSION.value,
        ),
        else_="",
    )


def _select_shadows(reader: str) -> SelectOfScalar[str]:
    """The ids of rules that somebody else brought into shadow."""
    newest = col(RuleUse.id).in_(select_newest_uses(RuleAction.USE))
    others = (RuleUse.stage == Stage.SHADOW, RuleUse.by_name != reader)
    return select(RuleUse.rule_id).where(newest, *others)
