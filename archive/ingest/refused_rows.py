"""Rows that could not be read and name what they are about: it is there, whatever they say of it.

Nothing else rests on such a sighting: no end of a figure, and no word.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from archive.models import Ad, Disclosure
from archive.models.changes import ChangeKind
from archive.records import Unreadable
from archive.runs.lease import RunLease
from archive.runs.sightings import note_sightings
from archive.store.batches import cut_batches


def note_refused(session: Session, lease: RunLease, pieces: Sequence[Unreadable]) -> None:
    """Note that a run met rows of these ads and filed payments; those that are known hide nothing."""
    refs = sorted({piece.ref for piece in pieces if piece.ref})
    known = _note_kind(session, lease, Ad, ChangeKind.AD_REFUSED, refs)
    known |= _note_kind(session, lease, Disclosure, ChangeKind.DISCLOSURE_REFUSED, refs)
    for piece in pieces:
        piece.hides = piece.hides and piece.ref not in known


def _note_kind(
    session: Session,
    lease: RunLease,
    table: type[Ad | Disclosure],
    kind: ChangeKind,
    refs: Sequence[str],
) -> set[str]:
    """Which of the refs are known."""
    known: dict[str, int] = {}
    for some in cut_batches(refs):
        query = select(col(table.ref), col(table.id)).where(
            col(table.source) == lease.source, col(table.ref).in_(some)
        )
        known |= {ref: row_id for ref, row_id in session.exec(query) if row_id is not None}
    note_sightings(session, lease, kind, known.values())
    return {*known}
