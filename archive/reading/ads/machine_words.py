"""What machines read in the pictures of ads, where both picture and words may be shown."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from archive.media.terms import find_part, media_terms
from archive.models import AdMedia, MediaFile, PublicAd
from archive.reading.ads.media import ADDRESSES, can_be_cleaned
from archive.reading.as_of.moment import NOW, Moment
from archive.records import Allowance, MissingReason
from archive.store.batches import cut_batches


def read_machine_words(
    session: Session, ads: Sequence[PublicAd], moment: Moment = NOW
) -> dict[int, str]:
    """By our id, the words read in an ad's pictures by a moment, a picture a line, in the order kept.

    Words of a file that is not shown are not shown either.
    """
    by_id = {ad.id: ad for ad in ads if ad.missing.get(ADDRESSES) != MissingReason.REDACTED}
    words: dict[int, list[str]] = {}
    for some in cut_batches(sorted(by_id)):
        read = (
            select(AdMedia.ad_id, MediaFile)
            .join(MediaFile, col(MediaFile.sha256) == col(AdMedia.sha256))
            .where(col(AdMedia.ad_id).in_(some), col(MediaFile.machine_text).is_not(None))
            .order_by(col(AdMedia.id))
        )
        if moment.as_of is not None:
            read = read.where(
                col(AdMedia.fetched_at) <= moment.as_of, col(MediaFile.read_at) <= moment.as_of
            )
        for ad_id, file in session.exec(read):
            if can_be_cleaned(file) and _is_published(session, by_id[ad_id]):
                words.setdefault(ad_id, []).append(file.machine_text or "")
    return {ad_id: "\n".join(dict.fromkeys(texts)) for ad_id, texts in words.items()}


def _is_published(session: Session, ad: PublicAd) -> bool:
    part = find_part(session, ad.source, ad.public_id.partition(":")[2])
    return part is not None and media_terms(part).allows == Allowance.PUBLISH
