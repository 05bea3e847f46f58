"""Ads that show the same picture: the same file, or one whose miniature is nearly the same (dhash)."""

from sqlmodel import Session, col, select

from archive.media.files import find_similar
from archive.models import AdMedia, MediaFile, PublicAd, Redaction

SAME_FILE = -1

_ADDRESSES = "media_urls"


def find_same_pictures(session: Session, ad_id: int) -> dict[str, str]:
    """Ads that show a picture or video of this one, by permanent id, each with the reason in plain words.

    This one is among them. No ad is whose addresses of pictures are withheld.
    """
    withheld = select(Redaction.ad_id).where(Redaction.field == _ADDRESSES)
    showing = (
        select(PublicAd.public_id, MediaFile.sha256, MediaFile.dhash)
        .join(AdMedia, col(AdMedia.ad_id) == col(PublicAd.id))
        .join(MediaFile, col(MediaFile.sha256) == col(AdMedia.sha256))
        .where(col(PublicAd.id).not_in(withheld))
    )
    mine = session.exec(showing.where(PublicAd.id == ad_id)).all()
    files = {sha256 for _, sha256, _ in mine}
    same = session.exec(showing.where(col(MediaFile.sha256).in_(files))).all()
    nearest = {public_id: SAME_FILE for public_id, *_ in same}
    hidden = select(PublicAd.public_id).where(col(PublicAd.id).in_(withheld))
    similar = [
        (public_id, bits)
        for dhash in {dhash for *_, dhash in mine if dhash}
        for public_id, _, bits in find_similar(session, dhash)
    ]
    left_out = set(session.exec(hidden)) if similar else set[str]()
    for public_id, bits in similar:
        if public_id not in left_out:
            nearest[public_id] = min(bits, nearest.get(public_id, bits))
    return {public_id: _tell(bits) for public_id, bits in nearest.items()}


def _tell(bits: int) -> str:
    if bits == SAME_FILE:
        return "the same picture or video, byte for byte"
    return f"its picture looks the same: {bits} of 64 points of the two miniatures differ"
