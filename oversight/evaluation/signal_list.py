"""Signals for people with a role: what rules asked about ads, not public before a person reviewed it.

Those about ads that lists leave out stand among them: this is how undeclared ads are found.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_
from sqlmodel import Field, Session, SQLModel, col, select

from archive.models import Evaluation, PublicAd, RuleVersion, Signal
from archive.models.oversight import RuleAnswer
from archive.reading.descriptions import quote_field, view_of
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, cut_page, decode_number
from archive.reading.rules import select_suspended
from archive.reading.views import VISIBLE_BY_DEFAULT
from archive.reading.visible import is_visible_by_default
from oversight.rules.reckonings import show_reckoning

LISTING = "signals"

STILL_OPEN = exists().where(
    col(Evaluation.rule_version_id) == col(Signal.rule_version_id),
    col(Evaluation.ad_id) == col(Signal.ad_id),
    col(Evaluation.election_id) == col(Signal.election_id),
    col(Evaluation.answer) == RuleAnswer.CANNOT_TELL,
    col(Evaluation.source_question_id).is_(None),
)
"""Whether the newest answer still leaves open what a signal asked about its ad."""


@view_of(Signal)
class SignalView(SQLModel):
    """A machine's suspicion or open question about one ad, with its whole reckoning."""

    id: int
    ad_id: str = Field(description=quote_field(PublicAd, "public_id"))
    is_visible_by_default: bool = Field(description=VISIBLE_BY_DEFAULT)
    rule_id: str = Field(description=quote_field(RuleVersion, "rule_id"))
    rule_sha256: str = Field(description=quote_field(RuleVersion, "sha256"))
    election_id: str
    answer: str
    because: list[str]
    trace: dict[str, Any]
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


def list_signals(
    session: Session, wanted: SignalFilter, cursor: str | None = None, limit: int = 50
) -> Page[SignalView]:
    """Signals, newest first; those of a suspended rule, and open questions no longer open, are off the desk.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    equal = {
        PublicAd.public_id: wanted.ad_id,
        RuleVersion.rule_id: wanted.rule_id,
        Signal.answer: wanted.answer,
    }
    query = (
        select(Signal, PublicAd.public_id, RuleVersion.rule_id, RuleVersion.sha256)
        .add_columns(is_visible_by_default(PublicAd), col(PublicAd.missing))
        .join(PublicAd, col(PublicAd.id) == Signal.ad_id)
        .join(RuleVersion, col(RuleVersion.id) == Signal.rule_version_id)
        .where(*(col(column) == value for column, value in equal.items() if value is not None))
        .where(col(RuleVersion.rule_id).not_in(select_suspended()))
        .where(or_(col(Signal.answer) != RuleAnswer.CANNOT_TELL, STILL_OPEN))
        .order_by(col(Signal.id).desc())
        .limit(limit + 1)
    )
    if not wanted.historic:
        query = query.where(col(Signal.is_historic).is_(False))
    if (before := decode_number(LISTING, cursor)) is not None:
        query = query.where(col(Signal.id) < before)
    beside = ("ad_id", "rule_id", "rule_sha256", "is_visible_by_default")
    signals = []
    for signal, *values, missing in session.execute(query):
        because, trace = show_reckoning(signal.because, signal.trace, missing)
        update = {"because": because, "trace": trace, **dict(zip(beside, values, strict=True))}
        signals.append(SignalView.model_validate(signal, update=update))
    shown, following = cut_page(LISTING, signals, limit, lambda signal: signal.id)
    return Page(shown, following, read_data_as_of(session))
