"""Notices: what anyone reports about an ad, taken in with a receipt, then read and closed by an officer.

The report page and the API call it. The receipt shows where a notice stands and why it was closed; who
reported, and in which words, only officers see.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import unquote, urlsplit

from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import NotFoundError
from archive.models import Notice, PublicAd, User
from archive.models.notices import NoticeOutcome, NoticeState
from archive.reading.descriptions import view_of
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, cut_page, decode_number
from oversight.cases.errors import CaseError, CaseStepError
from oversight.cases.people import check_person, id_of
from oversight.cases.powers import CasePower
from oversight.cases.texts import check_text

LISTING = "notices"

RECEIPT_BYTES = 10
"""80 random bits: whoever knows a receipt was given it."""

MAX_LINE = 500


@dataclass(frozen=True)
class NoticeDraft:
    """What a reporter fills in; name and contact only if they want to be answered."""

    ad_address: str
    concern: str
    seen_on: date | None = None
    reporter_name: str | None = None
    reporter_contact: str | None = None


@view_of(Notice, "receipt, state, received_at, read_at, closed_at, outcome, reasons")
class NoticeStanding(SQLModel):
    """Where a notice stands: all that its receipt shows."""


class NoticeItem(NoticeStanding):
    """A notice in an officer's list."""

    ad_id: str | None = Field(description="Permanent id of the ad; empty: it is not kept here.")


@view_of(Notice, "ad_address, concern, seen_on, reporter_name, reporter_contact")
class NoticeContent(NoticeItem):
    """A notice whole, for the officer who handles it."""


def receive_notice(session: Session, draft: NoticeDraft, now: datetime) -> Notice:
    """Take a notice in and give it a receipt.

    Raises:
        CaseError: if address or concern is blank or too long, or the day lies ahead.
    """
    if draft.seen_on and draft.seen_on > now.date():
        raise CaseError(f"seen_on {draft.seen_on} lies ahead")
    address = check_text("ad_address", draft.ad_address, MAX_LINE)
    notice = Notice(
        receipt=f"N-{secrets.token_hex(RECEIPT_BYTES).upper()}",
        ad_id=_find_ad(session, address),
        ad_address=address,
        concern=check_text("concern", draft.concern),
        seen_on=draft.seen_on,
        reporter_name=_check_optional("reporter_name", draft.reporter_name),
        reporter_contact=_check_optional("reporter_contact", draft.reporter_contact),
        received_at=now,
    )
    session.add(notice)
    session.flush()
    return notice


def read_notice(session: Session, receipt: str) -> Notice:
    """The notice a receipt was given for.

    Raises:
        NotFoundError: if there is none.
    """
    notice = session.exec(select(Notice).where(Notice.receipt == receipt.strip().upper())).first()
    if notice is None:
        raise NotFoundError("notice", receipt)
    return notice


def list_notices(
    session: Session, *, state: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[NoticeItem]:
    """Notices for officers, newest first, without their words.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    query = (
        select(Notice, PublicAd.public_id)
        .outerjoin(PublicAd, col(PublicAd.id) == Notice.ad_id)
        .order_by(col(Notice.id).desc())
        .limit(limit + 1)
    )
    if (before := decode_number(LISTING, cursor)) is not None:
        query = query.where(col(Notice.id) < before)
    if state is not None:
        query = query.where(Notice.state == state)
    rows = list(session.exec(query))
    shown, following = cut_page(LISTING, rows, limit, lambda row: row[0].id or 0)
    items = [NoticeItem.model_validate(row, update={"ad_id": ad}) for row, ad in shown]
    return Page(items, following, read_data_as_of(session))


def open_notice(session: Session, receipt: str, user: User, now: datetime) -> NoticeContent:
    """A notice whole, for an officer; the first time one asks, its receipt says that it was read.

    Raises:
        NotEntitledError: if the person handles no notices.
        NotFoundError: if there is none.
    """
    check_person(user, CasePower.HANDLE_NOTICES)
    notice = read_notice(session, receipt)
    if notice.state == NoticeState.RECEIVED:
        notice.state, notice.read_at, notice.read_by_id = NoticeState.READ, now, id_of(user)
        session.add(notice)
        session.flush()
    ad = session.get(PublicAd, notice.ad_id) if notice.ad_id is not None else None
    return NoticeContent.model_validate(notice, update={"ad_id": ad and ad.public_id})


def close_notice(
    session: Session,
    receipt: str,
    outcome: NoticeOutcome,
    reasons: str,
    user: User,
    now: datetime,
) -> Notice:
    """Say what became of a notice that was read, in words that its reporter reads.

    Raises:
        NotEntitledError: if the person handles no notices.
        NotFoundError: if there is none.
        CaseStepError: if nobody has read it yet, or it is closed.
        CaseError: if the reasons are blank or too long.
    """
    check_person(user, CasePower.HANDLE_NOTICES)
    notice = read_notice(session, receipt)
    if notice.state != NoticeState.READ:
        why = "nobody has read it" if notice.state == NoticeState.RECEIVED else "it is closed"
        raise CaseStepError(f"the notice {notice.receipt} cannot be closed: {why}")
    notice.outcome, notice.reasons = outcome, check_text("reasons", reasons)
    notice.state, notice.closed_at, notice.closed_by_id = NoticeState.CLOSED, now, id_of(user)
    session.add(notice)
    session.flush()
    return notice


def _check_optional(field: str, text: str | None) -> str | None:
    return check_text(field, text, MAX_LINE) if text and text.strip() else None


def _find_ad(session: Session, address: str) -> int | None:
    """Our id of the ad an address means: its permanent id or link here, or its page at the source."""
    given = select(PublicAd.id).where(PublicAd.public_id == _read_permanent_id(address))
    at_source = select(PublicAd.id).where(PublicAd.url == address)
    return session.exec(given).first() or session.exec(at_source).first()


def _read_permanent_id(address: str) -> str:
    """`<source>:<ref>` from itself or from a link that ends in `/ads/<source>/<ref>`."""
    try:
        parts = urlsplit(address).path.split("/")
    except ValueError:
        return address
    if len(parts) >= 3 and parts[-3] == "ads":
        return f"{unquote(parts[-2])}:{unquote(parts[-1])}"
    return address
