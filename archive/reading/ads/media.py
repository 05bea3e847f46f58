"""An ad's pictures, videos and pages for readers: what is kept, what is shown, and why the rest is not.

Routes and pages ask here. A file is given out only where its source's terms allow it, for an ad whose
addresses nobody withheld; who may not see a file still reads that it is kept, and under which SHA-256.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, exists, func
from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import NotFoundError
from archive.media.cleaning import SHOWN_KINDS
from archive.media.files import MOST_PER_AD, name_address
from archive.media.pictures import PICTURES, VIDEOS
from archive.media.terms import MediaTermsScope, find_part, list_terms_scopes, media_terms
from archive.models import Ad, AdMedia, MediaFile, PublicAd, Redaction, Source, SourcePart
from archive.models.media import MediaState
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.descriptions import quote_field
from archive.reading.reasons import tell_media
from archive.reading.views import AdView, DataGap
from archive.reading.visible import is_visible_by_default
from archive.records import Allowance, MissingReason, Terms
from archive.store.batches import cut_batches
from config.site_root import SitePath

ADDRESSES = "media_urls"
"""The field of an ad that names its media."""


NOT_OF_A_KIND = (
    "only pictures (JPEG, PNG, GIF, WebP) and MP4 videos that can be read are shown: what such a file says "
    "of place, device and people is taken out first"
)


class MediaAnswer(StrEnum):
    """What there is of one address, for a reader."""

    SHOWN = "shown"
    KEPT = "kept"
    TERMS = "terms"
    NOT_PROVIDED = "not_provided"
    NOT_LOOKED = "not_looked"
    GONE = MediaState.GONE
    REFUSED = MediaState.REFUSED
    TOO_LARGE = MediaState.TOO_LARGE
    UNSAFE = MediaState.UNSAFE
    UNREACHABLE = MediaState.UNREACHABLE


class MediaView(SQLModel):
    """One address of an ad's media: the file, or why there is none to see."""

    url: str | None = Field(
        description=f"{quote_field(AdMedia, 'url')} Empty: it gives none for this ad."
    )
    state: MediaAnswer = Field(
        description="shown; kept (but not shown); or why it is not kept: terms (the source's forbid "
        "it), not_provided (it gives no address), gone, refused, too_large, unsafe, unreachable, not_looked."
    )
    reason: str = Field(description="Why it is not shown, in plain words; empty where it is.")
    credit: str = Field(
        default="", description="Whom to name with a file that is shown, and its terms of reuse."
    )
    path: SitePath | None = Field(
        default=None,
        description="Path within the site of a copy without place, device and names, where it is shown.",
    )
    sha256: str | None = Field(default=None, description=quote_field(AdMedia, "sha256"))
    media_type: str | None = Field(default=None, description=quote_field(MediaFile, "media_type"))
    bytes: int | None = Field(default=None, description=quote_field(MediaFile, "bytes"))
    width: int | None = Field(default=None, description=quote_field(MediaFile, "width"))
    height: int | None = Field(default=None, description=quote_field(MediaFile, "height"))
    duration_ms: int | None = Field(default=None, description=quote_field(MediaFile, "duration_ms"))
    dhash: str | None = Field(default=None, description=quote_field(MediaFile, "dhash"))
    machine_text: str | None = Field(
        default=None, description=quote_field(MediaFile, "machine_text")
    )
    machine_text_by: str = Field(default="", description=quote_field(MediaFile, "machine_text_by"))
    missing: dict[str, MissingReason] = Field(
        default_factory=dict, description=quote_field(MediaFile, "missing")
    )
    fetched_at: datetime | None = Field(
        default=None, description=quote_field(AdMedia, "fetched_at")
    )

    @property
    def is_picture(self) -> bool:
        """Whether a browser can draw it."""
        return self.path is not None and self.media_type in PICTURES

    @property
    def is_video(self) -> bool:
        """Whether a browser can play it."""
        return self.path is not None and self.media_type in VIDEOS


def list_media(session: Session, ad: AdView, moment: Moment) -> list[MediaView]:
    """Every address the ad names at a moment, and every file kept of it by then, in the ad's order.

    Empty where its addresses are withheld; of an ad without any, the one item says why there is nothing.
    Of a run that failed and was repeated only the last is known: before it, the address counts as not
    looked at.
    """
    if ad.missing.get(ADDRESSES) == MissingReason.REDACTED:
        return []
    part = find_part(session, ad.source, ad.ref)
    runs = {row.url_sha256: (row, file) for row, file in _list_runs(session, ad.id, moment)}
    views = []
    for place, url in enumerate(dict.fromkeys(ad.media_urls)):
        row, file = runs.pop(name_address(url), (None, None))
        views.append(show_media(url, row, file, part, place))
    # What an earlier version named stays, if it was kept.
    rest = [show_media(row.url, row, file, part) for row, file in runs.values() if file]
    return views + rest or [_show_nothing(_read_terms(part))]


def _show_nothing(terms: Terms) -> MediaView:
    """Why there is nothing to see of an ad that names no media."""
    if terms.allows == Allowance.LEAVE:
        return MediaView(url=None, state=MediaAnswer.TERMS, reason=terms.because)
    reason = "its source gives no address of a picture or video of it"
    return MediaView(url=None, state=MediaAnswer.NOT_PROVIDED, reason=reason)


def _list_runs(
    session: Session, public_id: str, moment: Moment
) -> Sequence[tuple[AdMedia, MediaFile | None]]:
    query = (
        select(AdMedia, MediaFile)
        .join(PublicAd, col(PublicAd.id) == col(AdMedia.ad_id))
        .outerjoin(MediaFile, col(MediaFile.sha256) == col(AdMedia.sha256))
        .where(PublicAd.public_id == public_id)
        .order_by(col(AdMedia.id))
    )
    return [(row, file) for row, file in session.exec(query) if moment.knows(row.fetched_at)]


def show_media(
    url: str,
    row: AdMedia | None,
    file: MediaFile | None,
    part: Source | SourcePart | None,
    place: int = 0,
) -> MediaView:
    """What a reader gets of one address; `place` is its own among the ad's, from 0."""
    terms = _read_terms(part)
    if row is None or file is None:
        return _show_absent(url, row, terms, place)
    is_allowed = terms.allows == Allowance.PUBLISH
    is_shown = is_allowed and can_be_cleaned(file)
    reason = NOT_OF_A_KIND if is_allowed else f"its source's terms: {terms.because}"
    return MediaView(
        url=url,
        state=MediaAnswer.SHOWN if is_shown else MediaAnswer.KEPT,
        reason="" if is_shown else reason,
        credit=_name_credit(part) if part and is_shown else "",
        path=f"/media/{file.sha256}" if is_shown else None,
        fetched_at=row.fetched_at,
        # Words of a file that is not shown are not shown either.
        **file.model_dump(exclude=set() if is_shown else {"machine_text"}),
    )


def can_be_cleaned(file: MediaFile) -> bool:
    """Whether readers can be given a copy of a file."""
    is_readable = file.missing.get("width") != MissingReason.UNREADABLE
    return file.media_type in SHOWN_KINDS and is_readable


def _name_credit(part: Source | SourcePart) -> str:
    return f"{part.title}, {part.publisher}; terms of reuse: {part.licence}"


def _show_absent(url: str, row: AdMedia | None, terms: Terms, place: int) -> MediaView:
    if row is not None:
        state = MediaAnswer(row.state)
        told = tell_media(row.reason, STATES_IN_WORDS.get(MediaState(row.state), ""))
        return MediaView(url=url, state=state, reason=told, fetched_at=row.fetched_at)
    if terms.allows == Allowance.LEAVE:
        return MediaView(url=url, state=MediaAnswer.TERMS, reason=terms.because)
    too_many = f"only the first {MOST_PER_AD} of an ad are fetched"
    reason = too_many if place >= MOST_PER_AD else "not fetched yet"
    return MediaView(url=url, state=MediaAnswer.NOT_LOOKED, reason=reason)


def list_with_media(
    session: Session, ad_ids: Sequence[int], moment: Moment = NOW
) -> frozenset[int]:
    """Those of the ads of which a file was kept by a moment."""
    kept = select(AdMedia.ad_id).where(AdMedia.state == MediaState.KEPT)
    if moment.as_of is not None:
        kept = kept.where(col(AdMedia.fetched_at) <= moment.as_of)
    return frozenset(
        ad_id
        for some in cut_batches(ad_ids)
        for ad_id in session.exec(kept.where(col(AdMedia.ad_id).in_(some)))
    )


def find_shown_file(session: Session, sha256: str) -> MediaFile:
    """A kept picture or video that readers may have a copy of: an ad shows it whose source allows that.

    Raises:
        NotFoundError: if there is none, or none that may be shown; a stranger is not told which.
    """
    file = session.get(MediaFile, sha256)
    showing = _list_showing(session, sha256) if file and can_be_cleaned(file) else ()
    if file is None or not any(_allows(session, source, ref) for source, ref in showing):
        raise NotFoundError("media file", sha256)
    return file


def _list_showing(session: Session, sha256: str) -> Sequence[tuple[str, str]]:
    """Source and ref of the ads that show a file and whose addresses nobody withheld."""
    withheld = and_(col(Redaction.ad_id) == col(AdMedia.ad_id), col(Redaction.field) == ADDRESSES)
    query = (
        select(Ad.source, Ad.ref)
        .join(AdMedia, col(AdMedia.ad_id) == col(Ad.id))
        .where(AdMedia.sha256 == sha256, ~exists().where(withheld))
    )
    return session.exec(query).all()


def _allows(session: Session, source: str, ref: str) -> bool:
    return _read_terms(find_part(session, source, ref)).allows == Allowance.PUBLISH


def _read_terms(part: Source | SourcePart | None) -> Terms:
    if part is not None:
        return media_terms(part)
    return Terms(allows=Allowance.LEAVE, because="this archive does not know its source's terms")


STATES_IN_WORDS = {
    MediaState.GONE: "it was not there any more when we crawled",
    MediaState.REFUSED: "its server refuses to give it",
    MediaState.TOO_LARGE: "it is too large",
    MediaState.UNSAFE: "its address is not one that may be asked",
    MediaState.UNREACHABLE: "it could not be reached when we crawled",
}


def count_not_kept(session: Session) -> Iterator[DataGap]:
    """Ads that name media of which nothing is kept, by source, feed and reason."""
    for scope in list_terms_scopes(session):
        is_left = scope.terms.allows == Allowance.LEAVE
        unfetched = scope.terms.because if is_left else "not fetched yet"
        for state, count, since_at in _count_states(session, scope):
            yield DataGap(
                what="media_not_fetched",
                source=scope.source,
                reason=STATES_IN_WORDS[MediaState(state)] if state else unfetched,
                count=count,
                since_at=since_at,
            )


def _count_states(
    session: Session, scope: MediaTermsScope
) -> Sequence[tuple[str | None, int, datetime]]:
    """A scope's ads without a kept file, by how their runs ended; `None`: not fetched yet."""
    of_the_ad = col(AdMedia.ad_id) == col(PublicAd.id)
    ended = select(func.min(AdMedia.state)).where(of_the_ad).scalar_subquery()
    listed = (
        select(ended.label("state"), col(PublicAd.first_seen_at).label("seen_at"))
        .where(
            scope.holds_ref(),
            func.json_array_length(PublicAd.media_urls) > 0,
            ~exists().where(of_the_ad, col(AdMedia.state) == MediaState.KEPT),
            is_visible_by_default(PublicAd),
        )
        .subquery()
    )
    query = (
        select(listed.c.state, func.count(), func.min(listed.c.seen_at))
        .group_by(listed.c.state)
        .order_by(listed.c.state)
    )
    return session.exec(query).all()
