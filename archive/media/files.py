"""Pictures, videos and pages of ads: which are to be fetched, and what each run of one brought.

`scrapers/media/collecting.py` calls it, one transaction a run. It goes to no source. What readers see of it
is in `archive/reading/ads/media.py`. A kept file stays whatever becomes of the ad; each one kept is a ledger
leaf.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import JSON, ColumnElement, and_, exists, func, type_coerce
from sqlmodel import Session, col, select

from archive.media.pictures import FileFacts, count_different_bits, split_bands
from archive.media.terms import MediaTermsScope
from archive.models import AdMedia, MediaFile, PublicAd, QuarantinedPiece
from archive.models.changes import ChangeKind, LeafKind
from archive.models.media import MediaState
from archive.models.runs import PieceStatus
from archive.records import MissingReason, QuarantineStage
from archive.records.canonical import hash_bytes
from archive.store.batches import cut_batches
from archive.store.blobs import Blob
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves

MOST_PER_AD = 20
"""Addresses of one ad that are crawled; more would let one ad take the place of many."""

MOST_RUNS = 5
RETRY_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class DueAd:
    """An ad with the addresses that are to be fetched now; all its runs are written down together."""

    ad_id: int
    ref: str
    version_id: int
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class FetchOutcome:
    """What a run of an address brought: a kept file, or the state and the reason why none."""

    state: MediaState
    reason: str = ""
    sha256: str | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True)
class MachineText:
    """Words a machine read in a picture; without any, `missing` says why and `by` in plain words."""

    text: str | None
    missing: str | None
    by: str


def list_due(session: Session, scope: MediaTermsScope, now: datetime, limit: int) -> list[DueAd]:
    """Ads of a scope whose media are to be fetched now, at most `limit`.

    First those nobody has crawled in their present version, newest first: theirs are the likeliest
    to go soon. Then the addresses that a former run did not reach.
    """
    new = _list_unfetched(session, scope, limit)
    return [*new, *_list_retries(session, scope, now, limit - len(new))]


def _list_unfetched(session: Session, scope: MediaTermsScope, limit: int) -> list[DueAd]:
    is_fetched = exists().where(
        col(AdMedia.ad_id) == col(PublicAd.id), col(AdMedia.version_id) == col(PublicAd.version_id)
    )
    return _list_ads(session, scope, and_(~is_fetched, ~is_put_aside()), limit)


def _list_ads(
    session: Session, scope: MediaTermsScope, which: ColumnElement[bool], limit: int | None = None
) -> list[DueAd]:
    """Ads of a scope that have media, newest first."""
    query = (
        select(PublicAd.id, PublicAd.ref, PublicAd.version_id, PublicAd.media_urls)
        .where(scope.holds_ref(), func.json_array_length(PublicAd.media_urls) > 0, which)
        .order_by(col(PublicAd.id).desc())
        .limit(limit)
    )
    return [
        DueAd(ad_id, ref, version_id, tuple(dict.fromkeys(urls))[:MOST_PER_AD])
        for ad_id, ref, version_id, urls in session.exec(query)
    ]


def _list_retries(
    session: Session, scope: MediaTermsScope, now: datetime, limit: int
) -> list[DueAd]:
    query = (
        select(PublicAd.id, PublicAd.ref, PublicAd.version_id, AdMedia.url)
        .join(AdMedia, col(AdMedia.ad_id) == col(PublicAd.id))
        .where(
            scope.holds_ref(),
            col(AdMedia.retry_at) <= now,
            col(AdMedia.version_id) == col(PublicAd.version_id),
            ~is_put_aside(),
        )
        .order_by(col(AdMedia.retry_at), col(AdMedia.id))
        .limit(max(limit, 0))
    )
    return [
        DueAd(ad_id, ref, version_id, (url,)) for ad_id, ref, version_id, url in session.exec(query)
    ]


def is_put_aside() -> ColumnElement[bool]:
    """Whether fetching an ad's media failed unforeseen, and nobody has settled it."""
    return exists().where(
        col(QuarantinedPiece.status).in_([PieceStatus.QUARANTINED, PieceStatus.REJECTED]),
        col(QuarantinedPiece.stage) == QuarantineStage.MEDIA,
        col(QuarantinedPiece.subject) == col(PublicAd.public_id),
    )


def list_due_again(
    session: Session, scope: MediaTermsScope, subjects: Collection[str]
) -> list[DueAd]:
    """Ads of a scope whose fetching was put aside, each with all its addresses."""
    return _list_ads(session, scope, col(PublicAd.public_id).in_(subjects))


def find_outcome(session: Session, ad_id: int, url: str) -> FetchOutcome | None:
    """What is known of an address without asking for it; `None`: it is to be asked.

    An address is the same file for all ads that name it, so it is fetched once; one that failed is
    asked again for each ad, but for the same ad only where a later run may find it.
    """
    address = name_address(url)
    kept = session.exec(
        select(AdMedia.sha256).where(
            AdMedia.url_sha256 == address, AdMedia.state == MediaState.KEPT
        )
    ).first()
    if kept is not None:
        return FetchOutcome(MediaState.KEPT, sha256=kept)
    own = _find_row(session, ad_id, address)
    if own is None or own.state == MediaState.UNREACHABLE:
        return None
    return FetchOutcome(MediaState(own.state), own.reason)


def name_address(url: str) -> str:
    """The name of an address among all: its SHA-256, because an index refuses very long ones."""
    return hash_bytes(url.encode())


def keep_file(
    session: Session, blob: Blob, facts: FileFacts, read: MachineText, now: datetime
) -> MediaFile:
    """The row of a file that is in the evidence store; one that is there already stays as it is."""
    if known := session.get(MediaFile, blob.sha256):
        return known
    bands = split_bands(facts.dhash) if facts.dhash else (None, None, None, None)
    file = MediaFile(
        sha256=blob.sha256,
        bytes=blob.size,
        media_type=facts.media_type,
        width=facts.width,
        height=facts.height,
        duration_ms=facts.duration_ms,
        dhash=facts.dhash,
        dhash_1=bands[0],
        dhash_2=bands[1],
        dhash_3=bands[2],
        dhash_4=bands[3],
        missing=facts.missing,
        kept_at=now,
    )
    set_machine_text(session, file, read, now)
    return file


def set_machine_text(session: Session, file: MediaFile, read: MachineText, now: datetime) -> None:
    """Write down what a machine read in a picture, or why it read nothing; its ads say more then."""
    others = {name: reason for name, reason in file.missing.items() if name != "machine_text"}
    file.machine_text = read.text
    file.machine_text_by = read.by
    file.missing = others | ({"machine_text": read.missing} if read.missing else {})
    file.read_at = None if read.missing == MissingReason.NOT_LOOKED else now
    session.add(file)
    session.flush()
    if read.text:
        showing = select(AdMedia.ad_id).where(AdMedia.sha256 == file.sha256).distinct()
        append_changes(session, ChangeKind.AD_MEDIA, sorted(session.exec(showing)), now)


def note_fetches(
    session: Session, source: str, ad: DueAd, outcomes: Mapping[str, FetchOutcome], now: datetime
) -> None:
    """Write down what the runs of an ad's addresses brought, each file newly kept with its leaf."""
    rows = [_note_run(session, ad, url, outcome, now) for url, outcome in outcomes.items()]
    session.flush()
    leaves = [
        (row.id or 0, _state_kept(source, ad.ref, row))
        for row in rows
        if row.state == MediaState.KEPT and row.fetched_at == now
    ]
    append_leaves(session, LeafKind.MEDIA, leaves, now)
    if leaves:
        append_changes(session, ChangeKind.AD_MEDIA, [ad.ad_id], now)


def _note_run(
    session: Session, ad: DueAd, url: str, outcome: FetchOutcome, now: datetime
) -> AdMedia:
    """The row of an address after a run; a file once kept is never given up again."""
    address = name_address(url)
    row = _find_row(session, ad.ad_id, address)
    if row is None:
        row = AdMedia(
            ad_id=ad.ad_id,
            version_id=ad.version_id,
            url=url,
            url_sha256=address,
            state=outcome.state,
            tries=0,
            fetched_at=now,
        )
    session.add(row)
    row.version_id = ad.version_id
    if row.state == MediaState.KEPT and row.tries:
        return row
    row.state, row.reason, row.sha256 = outcome.state, outcome.reason, outcome.sha256
    row.tries += 1
    row.fetched_at = now
    row.retry_at = outcome.retry_at if row.tries < MOST_RUNS else None
    return row


def _state_kept(source: str, ref: str, row: AdMedia) -> dict[str, str | None]:
    """What the ledger holds of a file that an ad was kept with."""
    return {
        "source": source,
        "ref": ref,
        "url": row.url,
        "sha256": row.sha256,
        "looked_at": row.fetched_at.isoformat(),
    }


def _find_row(session: Session, ad_id: int, address: str) -> AdMedia | None:
    query = select(AdMedia).where(AdMedia.ad_id == ad_id, AdMedia.url_sha256 == address)
    return session.exec(query).first()


def list_unread(session: Session, media_types: Iterable[str], limit: int) -> list[MediaFile]:
    """Kept files of these kinds in which no machine looked for words yet, oldest first."""
    reason = type_coerce(MediaFile.missing, JSON)["machine_text"].as_string()
    query = (
        select(MediaFile)
        .where(reason == MissingReason.NOT_LOOKED, col(MediaFile.media_type).in_(media_types))
        .order_by(col(MediaFile.kept_at), col(MediaFile.sha256))
        .limit(limit)
    )
    return list(session.exec(query))


def find_similar(
    session: Session, dhash: str, most_different_bits: int = 3
) -> list[tuple[str, str, int]]:
    """Ads with a picture that looks like this hash: `(ad's public id, file's SHA-256, bits)`.

    Nearest first, then by id. Up to three different bits none is missed: of four bands one is then
    equal. Asked for more, it finds those that share a band.
    """
    bands = split_bands(dhash)
    columns = (MediaFile.dhash_1, MediaFile.dhash_2, MediaFile.dhash_3, MediaFile.dhash_4)
    near: dict[str, int] = {}
    for column, band in zip(columns, bands, strict=True):
        for sha256, other in session.exec(
            select(MediaFile.sha256, MediaFile.dhash).where(col(column) == band)
        ):
            if other and (bits := count_different_bits(dhash, other)) <= most_different_bits:
                near[sha256] = bits
    found = [
        (public_id, sha256, near[sha256])
        for some in cut_batches(list(near))
        for public_id, sha256 in session.exec(
            select(PublicAd.public_id, AdMedia.sha256)
            .join(AdMedia, col(AdMedia.ad_id) == col(PublicAd.id))
            .where(col(AdMedia.sha256).in_(some))
            .distinct()
        )
        if sha256
    ]
    return sorted(found, key=lambda row: (row[2], row[0], row[1]))
