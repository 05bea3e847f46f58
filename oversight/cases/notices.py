"""Notices: what anyone reports about an ad, taken in with a receipt; the reporter is never published.

The report page and the API call it. What becomes of a notice is people's work and comes later.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import unquote, urlsplit

from sqlmodel import Session, select

from archive.errors import NotFoundError
from archive.models import Notice, PublicAd
from oversight.cases.errors import CaseError
from oversight.cases.texts import check_text

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
