"""Ads that say what somebody pasted, or show the picture that somebody holds; nothing is kept of either."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from archive.duplicates.comparing import Likeness, Relation
from archive.duplicates.near_texts import KeptText
from archive.duplicates.pictures import find_alike, tell_bits
from archive.duplicates.reading import read_rows, relate_text
from archive.duplicates.reasons import tell_pair
from archive.duplicates.texts import AD_FIELDS, read_text
from archive.models import AdText, PublicAd
from archive.reading.ads.found import MOST_FOUND, FoundAd, show_found
from archive.reading.visible import is_visible_by_default

_PASTED = 0
"""An id that no kept text has."""
_WHO = ("your words are", "the ad says")


def find_by_text(session: Session, text: str) -> list[FoundAd]:
    """Ads whose text is this one or nearly so, the nearest first, each with what differs."""
    words = read_text(text)
    if words is None:
        return []
    related = relate_text(session, KeptText(_PASTED, "", words))
    this = dict.fromkeys(AD_FIELDS, "") | {"titles": [], "bodies": [text], "targeting": []}
    found: list[FoundAd] = []
    for text_id in sorted(related, key=lambda each: (*_rank(related[each]), each)):
        shown = col(AdText.text_id) == text_id, is_visible_by_default(PublicAd)
        reasons = [(ad, tell_pair(this, ad, _WHO)) for ad in read_rows(session, *shown)]
        found += [show_found(ad, reason) for ad, reason in reasons if reason]
        if len(found) >= MOST_FOUND:
            break
    return found[:MOST_FOUND]


def count_not_compared(session: Session) -> int:
    """Ads whose text nobody has compared with others yet, so that they are not found by it."""
    ads, compared = (
        session.exec(select(func.count()).select_from(table)).one() for table in (PublicAd, AdText)
    )
    return max(0, ads - compared)


def find_by_picture(session: Session, dhash: str) -> list[FoundAd]:
    """Ads with a kept picture that looks like this hash, the nearest first."""
    alike = find_alike(session, [dhash])
    nearest = sorted(alike, key=lambda public_id: (alike[public_id], public_id))
    shown = is_visible_by_default(PublicAd)
    return [
        show_found(ad, tell_bits(alike[public_id]))
        for public_id in nearest[:MOST_FOUND]
        for ad in read_rows(session, col(PublicAd.public_id) == public_id, shown)
    ]


def _rank(likeness: Likeness) -> tuple[bool, float]:
    return likeness.relation is not Relation.COPY, -likeness.shared
