"""People's word that ads are political which nobody declared so: given, withdrawn, never deleted.

`paidforby label` calls it. A label changes nothing of what the source said; `archive.reading.visible`
reads labels to tell which ads lists and sums show by default. Giving and withdrawing each is a leaf of the
ledger.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from archive.errors import ArchiveError
from archive.models import Ad, PoliticalLabel, RuleVersion
from archive.models.changes import ChangeKind, LeafKind
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves


def label_ad(
    session: Session,
    ad: Ad,
    labelled_by: str,
    reason: str,
    now: datetime,
    rule_id: str | None = None,
) -> PoliticalLabel:
    """Label an ad political; `rule_id` where a rule's signal pointed the person to it.

    Raises:
        ArchiveError: if a label of it holds already, or the archive has never held the rule.
    """
    if standing := find_label(session, ad.id):
        raise ArchiveError(f"{ad.source}:{ad.ref} is labelled already, by {standing.labelled_by}")
    if rule_id is not None:
        _check_rule(session, rule_id)
    label = PoliticalLabel(
        ad_id=ad.id, labelled_by=labelled_by, rule_id=rule_id, reason=reason, recorded_at=now
    )
    said = {"act": "given", "by": labelled_by, "rule": rule_id, "reason": reason}
    return _keep_label(session, ad, label, said, now)


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
    return _keep_label(
        session, ad, label, {"act": "withdrawn", "by": withdrawn_by, "reason": reason}, now
    )


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


def _keep_label(
    session: Session, ad: Ad, label: PoliticalLabel, said: dict[str, Any], now: datetime
) -> PoliticalLabel:
    session.add(label)
    session.flush()
    statement = {"source": ad.source, "ref": ad.ref, **said, "recorded_at": now.isoformat()}
    append_leaves(session, LeafKind.LABEL, [(label.id or 0, statement)], now)
    # Search and the mirror keep copies of who is listed.
    append_changes(session, ChangeKind.AD_CONTENT, [ad.id], now)
    return label


def _check_rule(session: Session, rule_id: str) -> None:
    known = select(RuleVersion.id).where(RuleVersion.rule_id == rule_id)
    if session.exec(known).first() is None:
        raise ArchiveError(f"this archive has held no rule {rule_id!r}; see: paidforby rules list")
