"""What is withheld of ads, written down with its basis: a row that is public, and a leaf of the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from archive.models import Redaction
from archive.models.changes import LeafKind
from archive.records.postal_addresses import BASIS, RULE
from archive.records.shown_fields import NAMES
from archive.store.batches import cut_batches
from archive.store.ledger.leaves import append_leaves


def log_redactions(
    session: Session, source: str, redactions: Sequence[tuple[str, Redaction]], now: datetime
) -> None:
    """Keep what was decided about ads of a source, each with the ad's ref."""
    session.add_all([row for _, row in redactions])
    session.flush()
    leaves = [(row.id or 0, _describe(source, ref, row)) for ref, row in redactions]
    append_leaves(session, LeafKind.REDACTION, leaves, now)


def log_cut_names(
    session: Session,
    source: str,
    shown: Iterable[tuple[int, str, Mapping[str, Any] | None]],
    now: datetime,
) -> None:
    """Keep, once for each ad and name, that the rule cut an address; given key, ref and what is withheld."""
    cut = {
        (ad_id, name): ref
        for ad_id, ref, withheld in shown
        if withheld
        for name in NAMES
        if withheld.get(name)
    }
    for some in cut_batches(sorted({ad_id for ad_id, _ in cut})):
        known = select(Redaction.ad_id, Redaction.field).where(
            col(Redaction.ad_id).in_(some), Redaction.rule == RULE
        )
        for key in session.exec(known).all():
            cut.pop(key, None)
    rows = [(ref, _by_rule(ad_id, name, now)) for (ad_id, name), ref in cut.items()]
    log_redactions(session, source, rows, now)


def _by_rule(ad_id: int, field: str, now: datetime) -> Redaction:
    who = "a rule of this archive"
    return Redaction(
        ad_id=ad_id, field=field, basis=BASIS, decided_by=who, rule=RULE, recorded_at=now
    )


def _describe(source: str, ref: str, row: Redaction) -> dict[str, str]:
    """What the ledger says about a redaction."""
    rule = {"rule": row.rule} if row.rule else {}
    about = {"source": source, "ref": ref, "field": row.field, "basis": row.basis}
    return about | rule | {"recorded_at": row.recorded_at.isoformat()}
