"""Ads that show the same picture: the same file, or one whose miniature is nearly the same (dhash)."""

from collections.abc import Collection

from sqlmodel import Session, col, func, select

from archive.media.files import find_similar
from archive.models import AdMedia, MediaFile, PublicAd, Redaction

SAME_FILE = -1

_ADDRESSES = "media_urls"
_WITHHELD = select(Redaction.ad_id).where(Redaction.field == _ADDRESSES)


def find_same_pictures(session: Session, ad_id: int) -> dict[str, str]:
    """Ads that show a picture or video of this one, by permanent id, each with the reason in plain words.

    This one is among them. No ad is whose addresses of pictures are withheld.
    """
    showing = (
        select(PublicAd.public_id, MediaFile.sha256, MediaFile.dhash)
        .join(AdMedia, col(AdMedia.ad_id) == col(PublicAd.id))
        .join(MediaFile, col(MediaFile.sha256) == col(AdMedia.sha256))
        .where(col(PublicAd.id).not_in(_WITHHELD))
    )
    mine = session.exec(showing.where(PublicAd.id == ad_id)).all()
    files = {sha256 for _, sha256, _ in mine}
    same = session.exec(showing.where(col(MediaFile.sha256).in_(files))).all()
    alike = find_alike(session, {dhash for *_, dhash in mine if dhash})
    nearest = alike | {public_id: SAME_FILE for public_id, *_ in same}
    return {public_id: tell_bits(bits) for public_id, bits in nearest.items()}


def find_alike(session: Session, hashes: Collection[str]) -> dict[str, int]:
    """Ads with a picture that looks like one of these, by permanent id, with the bits that differ.

    No ad is whose addresses of pictures are withheld.
    """
    similar = [
        (public_id, bits) for dhash in hashes for public_id, _, bits in find_similar(session, dhash)
    ]
    hidden = select(PublicAd.public_id).where(col(PublicAd.id).in_(_WITHHELD))
    left_out = set(session.exec(hidden)) if similar else set[str]()
    nearest: dict[str, int] = {}
    for public_id, bits in similar:
        if public_id not in left_out:
            nearest[public_id] = min(bits, nearest.get(public_id, bits))
    return nearest


def count_compared(session: Session) -> int:
    """How many kept pictures others can be compared with."""
    with_hash = select(func.count()).where(col(MediaFile.dhash).is_not(None))
    return session.exec(with_hash).one()


def tell_bits(bits: int) -> str:
    """Why two pictures are the same, by how many bits of their hashes differ."""
    if bits == SAME_FILE:
        return "the same picture or video, byte for byte"
    return f"its picture looks the same: {bits} of 64 points of the two miniatures differ"
