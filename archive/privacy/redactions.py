"""Fields of ads withheld by a logged decision, in every version that is kept and every one to come.

`paidforby redact` calls `redact_field`; ingest asks what is withheld before it writes a version. The
hash of what the source said stays, so that a source's repetition is still known as unchanged; the
captured bytes are evidence and are not touched here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from archive.errors import ArchiveError
from archive.models import Ad, AdVersion, PublicAd, Redaction
from archive.models.changes import ChangeKind, LeafKind
from archive.records import AdRecord, MissingReason
from archive.records.projection import CONTENT_NAMES, project_record
from archive.store.batches import cut_batches
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves

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
    session.add(redaction)
    session.flush()
    for version in session.exec(select(AdVersion).where(AdVersion.ad_id == ad.id)).all():
        version.content = withhold(version.content, [field])
        session.add(version)
    session.flush()
    _withhold_from_view(session, ad, field, now)
    statement = {
        "source": ad.source,
        "ref": ad.ref,
        "field": field,
        "basis": basis,
        "recorded_at": now.isoformat(),
    }
    append_leaves(session, LeafKind.REDACTION, [(redaction.id or 0, statement)], now)
    append_changes(session, ChangeKind.AD_CONTENT, [ad.id], now)
    return redaction


def read_withheld(session: Session, ad_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The withheld fields of those of the ads that have any."""
    withheld: dict[int, frozenset[str]] = {}
    for some in cut_batches(ad_ids):
        query = select(Redaction.ad_id, Redaction.field).where(col(Redaction.ad_id).in_(some))
        for ad_id, field in session.exec(query):
            withheld[ad_id] = withheld.get(ad_id, frozenset()) | {field}
    return withheld


def withhold(content: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """Content whose named fields are empty, with `redacted` as the reason."""
    empty = {name: _empty_like(content[name]) for name in fields}
    reasons = dict.fromkeys(fields, MissingReason.REDACTED.value)
    return {**content, **empty, "missing": {**content["missing"], **reasons}}


def _empty_like(value: object) -> list[Any] | dict[str, Any] | None:
    return [] if isinstance(value, list) else {} if isinstance(value, dict) else None


def _withhold_from_view(session: Session, ad: Ad, field: str, now: datetime) -> None:
    row = session.get_one(PublicAd, ad.id)
    values = {name: getattr(row, name) for name in AdRecord.model_fields}
    record = AdRecord(**withhold(values, [field]))
    for name, value in project_record(ad.source, record).items():
        setattr(row, name, value)
    row.recorded_at = now
    session.add(row)
    session.flush()
