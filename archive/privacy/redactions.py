"""Fields of ads withheld by a logged decision, in every version that is kept and every one to come.

`paidforby redactions` calls `redact_field`; ingest asks what is withheld before it writes a version. The
hash of what the source said stays, not in public, so that a source's repetition is still known as unchanged;
the captured bytes are evidence and are not touched here.
"""

from datetime import datetime

from sqlmodel import Session, select

from archive.errors import ArchiveError
from archive.models import Ad, AdVersion, PublicAd, Redaction
from archive.models.changes import ChangeKind
from archive.privacy.advertisers import forget_names
from archive.privacy.projecting import project_ads
from archive.privacy.redaction_log import log_redactions
from archive.privacy.shown import read_withheld
from archive.records.identity import advertiser_id
from archive.records.projection import CONTENT_NAMES
from archive.store.changes import append_changes

ALWAYS_SHOWN = frozenset({"ref", "platform", "day_zone"})
"""Without these an ad has no identity and its days no meaning."""


def redact_field(
    session: Session, ad: Ad, field: str, basis: str, decided_by: str, now: datetime
) -> Redaction:
    """Withhold a field of an ad from every version, with its reason kept publicly.

    Raises:
        ArchiveError: if the field is none of an ad's content, is always shown, or is withheld already.
    """
    if field not in CONTENT_NAMES or field in ALWAYS_SHOWN:
        raise ArchiveError(f"{field} is not a field that can be withheld")
    if field in read_withheld(session, [ad.id]).get(ad.id, ()):
        raise ArchiveError(f"{field} of {ad.source}:{ad.ref} is withheld already")
    redaction = Redaction(
        ad_id=ad.id, field=field, basis=basis, decided_by=decided_by, recorded_at=now
    )
    log_redactions(session, ad.source, [(ad.ref, redaction)], now)
    borne = _list_names(session, ad) if field == "advertiser_name" else {}
    if not project_ads(session, ad.source, [ad.id], now):
        # No version had it, but when this was learned is shown, and copies follow it.
        append_changes(session, ChangeKind.AD_STATE, [ad.id], now)
    session.get_one(PublicAd, ad.id).recorded_at = now
    session.flush()
    for advertiser, names in borne.items():
        forget_names(session, advertiser, names, now)
    return redaction


def _list_names(session: Session, ad: Ad) -> dict[str, set[str]]:
    """The names of each advertiser that any version of an ad has: one without an id is another by each."""
    borne: dict[str, set[str]] = {}
    for content in session.exec(select(AdVersion.content).where(AdVersion.ad_id == ad.id)):
        name = content["advertiser_name"]
        key = advertiser_id(ad.source, content["advertiser_ref"], name)
        if key and name:
            borne.setdefault(key, set()).add(name)
    return borne
