"""What of a source waits in quarantine, and so is in no sum."""

from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from archive.models import QuarantinedBatch, QuarantinedPiece, Run, Sighting
from archive.models.changes import ChangeKind
from archive.models.corrections import SpendMeasure
from archive.models.runs import PieceStatus
from archive.reading.as_of.moment import Moment
from archive.reading.coverage.runs import limit_runs
from archive.records import SourceInfo
from archive.runs.quarantine import OF_FILES
from config.counts import write_count

Waiting = type[QuarantinedPiece] | type[QuarantinedBatch]

ITEMS = {
    SpendMeasure.ADS: ("ad", ChangeKind.AD_CONTENT),
    SpendMeasure.REPORTED: ("statement", ChangeKind.ADVERTISER_SPEND),
    SpendMeasure.DISCLOSED: ("filed payment", ChangeKind.DISCLOSURE),
}
"""What each measure adds up, in words and in the sequence of changes."""


def count_waiting(session: Session, table: Waiting, source: str, moment: Moment) -> int:
    """What waited in quarantine at a moment, of what stands in files."""
    waiting = _select_waiting(table, source, moment).subquery()
    return session.connection().execute(select(func.count()).select_from(waiting)).scalar_one()


def _select_waiting(table: Waiting, source: str, moment: Moment) -> Select[Any]:
    query = select(col(table.id)).where(col(table.source) == source)
    if table is QuarantinedPiece:
        query = query.where(col(QuarantinedPiece.stage).in_(OF_FILES))
    if moment.as_of is None:
        return query.where(col(table.status) == PieceStatus.QUARANTINED)
    settled_at = col(table.settled_at)
    return query.where(
        col(table.quarantined_at) <= moment.as_of,
        or_(settled_at.is_(None), settled_at > moment.as_of),
    )


def tell_waiting(
    session: Session,
    info: SourceInfo,
    measure: SpendMeasure,
    pieces: int,
    batches: int,
    moment: Moment,
) -> str:
    """`1 ad of Example could not be read`; empty: nothing waits."""
    told = []
    if pieces:
        noun = ITEMS[measure][0] if _are_rows(session, info.id, measure, moment) else "piece"
        told.append(f"{write_count(pieces, noun)} of {info.title} could not be read")
    if batches:
        told.append(
            f"{write_count(batches, 'implausible batch', 'implausible batches')} of {info.title} "
            f"wait{'s' if batches == 1 else ''} for a person"
        )
    return " and ".join(told)


def _are_rows(session: Session, source: str, measure: SpendMeasure, moment: Moment) -> bool:
    """Whether what is in quarantine can only be rows of what a measure adds up."""
    others = {*(kind for _, kind in ITEMS.values()), ChangeKind.COMMITTEE} - {ITEMS[measure][1]}
    saw = select(col(Sighting.run_id)).join(Run, col(Run.id) == col(Sighting.run_id))
    brought = saw.where(
        *limit_runs(moment), col(Run.source) == source, col(Sighting.kind).in_(others)
    ).limit(1)
    waiting = _select_waiting(QuarantinedPiece, source, moment)
    no_row = waiting.where(col(QuarantinedPiece.line).is_(None))
    read = session.connection().execute
    return not any(read(query).first() for query in (brought, no_row.limit(1)))
