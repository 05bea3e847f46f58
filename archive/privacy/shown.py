"""What may be shown of a source, and of an ad: what its spider states, people allowed, or withheld.

Ingest asks before it writes, and `archive.privacy.projecting` when something was decided.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from archive.models import AllowedField, Redaction, Source
from archive.records.shown_fields import ShownFields
from archive.store.batches import cut_batches


def read_shown_fields(session: Session, source: str) -> ShownFields:
    """The names that a source may be quoted with; none where the archive has no word about it."""
    stated = session.exec(select(Source.shown_fields).where(Source.id == source)).first()
    allowed = session.exec(
        select(AllowedField.name).where(
            AllowedField.source == source, col(AllowedField.withdrawn_at).is_(None)
        )
    )
    return ShownFields(frozenset([*(stated or ()), *allowed]))


def read_withheld(session: Session, ad_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The fields withheld whole, of those of the ads that have any."""
    withheld: dict[int, frozenset[str]] = {}
    decided = select(Redaction.ad_id, Redaction.field).where(Redaction.rule == "")
    for some in cut_batches(ad_ids):
        for ad_id, field in session.exec(decided.where(col(Redaction.ad_id).in_(some))):
            withheld[ad_id] = withheld.get(ad_id, frozenset()) | {field}
    return withheld
