"""Flags and decisions for readers: the public register of decisions, and the desk's list of flags.

A flag becomes public with its decision, never before. No view names a person: a decision is the
operator's.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.errors import NotFoundError
from archive.models import AdVersion, CaseStep, Decision, Flag, PublicAd, RuleVersion
from archive.reading.descriptions import quote_field, view_of
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, count_rows, cut_page, decode_number
from archive.store.realm import read_operator_kind, read_realm
from config.settings import Realm
from oversight.cases.explaining import explain_flag
from oversight.rules.rule_book import RuleBook

DECISIONS, FLAGS = "decisions", "flags"
Kept = TypeVar("Kept", Decision, Flag)

BECAUSE = "Why the rule answers so, in sentences made anew from what is public of the ad."


@view_of(CaseStep, "event, from_state, to_state, at")
class StepView(SQLModel):
    """One step of a flag's way."""


@view_of(Flag)
class FlagView(SQLModel):
    """A flag as the desk sees it."""

    reference: str
    ad_id: str = Field(description=quote_field(PublicAd, "public_id"))
    ad_version: int = Field(description=quote_field(AdVersion, "seq"))
    rule_id: str = Field(description=quote_field(RuleVersion, "rule_id"))
    rule_version: int = Field(description=quote_field(RuleVersion, "version"))
    rule_sha256: str = Field(description=quote_field(RuleVersion, "sha256"))
    state: str
    note: str
    answer: str = Field(description="What this rule version answers about this ad version.")
    because: list[str] = Field(description=BECAUSE)
    trace: dict[str, Any] = Field(description="Every fact read and every step taken.")
    raised_at: datetime
    steps: list[StepView] = Field(description="The steps so far, oldest first.")


@view_of(Decision)
class DecisionView(SQLModel):
    """A decision as everybody sees it."""

    reference: str
    flag: str = Field(description=quote_field(Flag, "reference"))
    ad_id: str = Field(description=quote_field(PublicAd, "public_id"))
    ad_version: int = Field(description=quote_field(AdVersion, "seq"))
    rule_id: str = Field(description=quote_field(RuleVersion, "rule_id"))
    rule_version: int = Field(description=quote_field(RuleVersion, "version"))
    rule_sha256: str = Field(description=quote_field(RuleVersion, "sha256"))
    outcome: str
    plain_summary: str
    reasons: str
    legal_basis: str
    deployment_kind: str
    operator_name: str
    automated_detection: bool
    because: list[str] = Field(description=BECAUSE)
    decided_at: datetime
    state: str = Field(description=quote_field(Flag, "state"))
    steps: list[StepView] = Field(description="The steps of the flag, oldest first.")


def list_decisions(
    session: Session, book: RuleBook, *, cursor: str | None = None, limit: int = 50
) -> Page[DecisionView]:
    """The public register, newest first.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    rows, following = _read_page(session, DECISIONS, Decision, cursor, limit)
    shown = [_show_decision(session, book, row) for row in rows]
    count = partial(count_rows, session, Decision)
    return Page(shown, following, read_data_as_of(session), count=count)


def list_ad_decisions(session: Session, book: RuleBook, ad_id: str) -> list[DecisionView]:
    """All decisions about an ad (`<source>:<ref>`), newest first."""
    return [_show_decision(session, book, row) for row in session.exec(_select_about(ad_id))]


def list_resting(session: Session, rule_id: str) -> list[str]:
    """Numbers of the decisions that rest on a rule, in whatever version, newest first."""
    query = (
        select(Decision.reference)
        .join(Flag, col(Flag.id) == Decision.flag_id)
        .join(RuleVersion, col(RuleVersion.id) == Flag.rule_version_id)
        .where(RuleVersion.rule_id == rule_id)
    )
    return list(session.exec(query.order_by(col(Decision.id).desc())))


def list_naming(session: Session, ad_id: str, words: Iterable[str]) -> list[str]:
    """Numbers of the decisions about an ad whose own words hold any of these, newest first."""
    sought = [word.casefold() for word in words]
    return [
        row.reference
        for row in session.exec(_select_about(ad_id))
        if any(word in f"{row.reasons} {row.plain_summary}".casefold() for word in sought)
    ]


def read_decision(session: Session, book: RuleBook, reference: str) -> DecisionView:
    """One decision by its number.

    Raises:
        NotFoundError: if there is none.
    """
    row = session.exec(select(Decision).where(Decision.reference == reference)).first()
    if row is None:
        raise NotFoundError("decision", reference)
    return _show_decision(session, book, row)


def list_flags(
    session: Session,
    book: RuleBook,
    *,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[FlagView]:
    """Flags for the desk, newest first; not public.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    wanted = [] if state is None else [col(Flag.state) == state]
    rows, following = _read_page(session, FLAGS, Flag, cursor, limit, *wanted)
    shown = [show_flag(session, book, row) for row in rows]
    count = partial(count_rows, session, Flag, wanted)
    return Page(shown, following, read_data_as_of(session), count=count)


def show_flag(session: Session, book: RuleBook, flag: Flag) -> FlagView:
    """A flag as the desk sees it."""
    found = explain_flag(session, flag, book)
    return FlagView(
        **_describe_subject(session, flag),
        answer=found.answer,
        because=found.because,
        trace=found.trace,
        reference=flag.reference,
        note=flag.note,
        raised_at=flag.raised_at,
    )


def _show_decision(session: Session, book: RuleBook, row: Decision) -> DecisionView:
    flag = session.get_one(Flag, row.flag_id)
    said = row.model_dump(exclude={"id", "flag_id", "decided_by_id"})
    if read_realm(session) is Realm.FICTIONAL:
        said["deployment_kind"] = read_operator_kind(session, book.settings)
    because = explain_flag(session, flag, book).because
    subject = _describe_subject(session, flag)
    return DecisionView(**subject, **said, flag=flag.reference, because=because)


def _describe_subject(session: Session, flag: Flag) -> dict[str, Any]:
    """The ad and rule versions a flag is about, where it stands, and how it came there."""
    ad = session.get_one(PublicAd, flag.ad_id)
    version = session.get_one(AdVersion, flag.ad_version_id)
    rule = session.get_one(RuleVersion, flag.rule_version_id)
    steps = select(CaseStep).where(CaseStep.flag_id == flag.id).order_by(col(CaseStep.id))
    return {
        "ad_id": ad.public_id,
        "ad_version": version.seq,
        "rule_id": rule.rule_id,
        "rule_version": rule.version,
        "rule_sha256": rule.sha256,
        "state": flag.state,
        "steps": [StepView.model_validate(step) for step in session.exec(steps)],
    }


def _select_about(ad_id: str) -> SelectOfScalar[Decision]:
    return (
        select(Decision)
        .join(Flag, col(Flag.id) == Decision.flag_id)
        .join(PublicAd, col(PublicAd.id) == Flag.ad_id)
        .where(PublicAd.public_id == ad_id)
        .order_by(col(Decision.id).desc())
    )


def _read_page(
    session: Session,
    listing: str,
    kept: type[Kept],
    cursor: str | None,
    limit: int,
    *wanted: ColumnElement[bool],
) -> tuple[Sequence[Kept], str | None]:
    """The rows of a page, newest first, and the cursor of the next."""
    limit = max(1, min(limit, MOST_AT_ONCE))
    query = select(kept).where(*wanted).order_by(col(kept.id).desc()).limit(limit + 1)
    if (before := decode_number(listing, cursor)) is not None:
        query = query.where(col(kept.id) < before)
    return cut_page(listing, session.exec(query).all(), limit, lambda row: row.id)
