"""People's word that ads are political which nobody declared so: given, withdrawn, never deleted.

`paidforby label` calls it. A label changes nothing of what the source said; `archive.reading.listed`
reads labels to tell which ads lists and sums show unasked.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from archive.changes import append_changes
from archive.errors import ArchiveError
from archive.models import Ad, PoliticalLabel
from archive.models.changes import ChangeKind


def label_ad(
    session: Session, ad: Ad, labelled_by: str, reason: str, now: datetime
) -> PoliticalLabel:
    """Label an ad political.

    Raises:
        ArchiveError: if a label of it holds already.
    """
    if standing := find_label(session, ad.id):
        raise ArchiveError(f"{ad.source}:{ad.ref} is labelled already, by {standing.labelled_by}")
    label = PoliticalLabel(ad_id=ad.id, labelled_by=labelled_by, reason=reason, recorded_at=now)
    session.add(label)
    session.flush()
    # Search keeps a copy of who is listed.
    append_changes(session, ChangeKind.AD_CONTENT, [ad.id], now)
    return label


def withdraw_label(
    session: Session, ad: Ad, withdrawn_by: str, reason: str, now: datetime
) -> PoliticalLabel:
    """End the label of an ad that holds.

    Raises:
        ArchiveError: if none does.
    """
    label = find_label(session, ad.id)
    if label is None:
        raise ArchiveError(f"no label of {ad.source}:{ad.ref} holds")
    label.withdrawn_by, label.withdrawal_reason, label.withdrawn_at = withdrawn_by, reason, now
    session.add(label)
    session.flush()
    append_changes(session, ChangeKind.AD_CONTENT, [ad.id], now)
    return label


def find_label(session: Session, ad_id: int) -> PoliticalLabel | None:
    """The label of an ad that holds."""
    query = select(PoliticalLabel).where(
        PoliticalLabel.ad_id == ad_id, col(PoliticalLabel.withdrawn_at).is_(None)
    )
    return session.exec(query).first()


def list_labels(session: Session, ad_id: int) -> Sequence[PoliticalLabel]:
    """Every label an ad has had, oldest first."""
    query = select(PoliticalLabel).where(PoliticalLabel.ad_id == ad_id)
    return session.exec(query.order_by(col(PoliticalLabel.id))).all()
