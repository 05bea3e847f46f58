"""The spend curves of ads as files of the mirror: reckoned from numbers, dates and runs, not copied.

A curve changes with its ad, and with every run that saw the ad's numbers unmoved.
"""

from collections.abc import Iterator
from itertools import chain, islice

import pyarrow as pa  # type: ignore[import-untyped]
from sqlalchemy import ColumnElement, Table, func, select
from sqlmodel import Session, col

from archive.exports.mirror.manifest import EndedRuns, MirrorManifest
from archive.exports.mirror.tables import AD_KINDS, ChangeRange
from archive.exports.parquet import make_batch
from archive.models import Run
from archive.models.changes import ChangeKind
from archive.runs.sightings import read_seen
from archive.spending.curves import SPEND_CURVE, read_curves
from archive.store.bulk import lay_out_ids, table_of

AMOUNTS = pa.list_(pa.int64())
CURVE_SCHEMA = pa.schema(
    [
        pa.field("id", pa.int64(), nullable=False),
        ("start_on", pa.date32()),
        ("end_on", pa.date32()),
        ("is_revised", pa.bool_()),
        ("is_settled_late", pa.bool_()),
        ("step_on", pa.list_(pa.date32())),
        ("least", AMOUNTS),
        ("most", AMOUNTS),
        ("middle_twice", pa.int64()),
        ("spread_from", pa.date32()),
        ("spread_to", pa.date32()),
        pa.field("mirror_seq", pa.int64(), nullable=False),
    ]
)
"""`SPEND_CURVE`, and in `mirror_seq` the number of changes and ended runs that the row knew of."""

CURVES = SPEND_CURVE.name


def count_ended(session: Session, *conditions: ColumnElement[bool]) -> EndedRuns:
    """The runs that have ended, and of them only those that meet the conditions."""
    ended = select(func.count(), func.max(Run.ended_at)).where(col(Run.ended_at).is_not(None))
    count, last_at = session.connection().execute(ended.where(*conditions)).one()
    return EndedRuns(count=count, last_at=last_at)


def draw_batches(
    session: Session, mark: int, wanted: Table | None, rows_at_once: int
) -> Iterator[pa.RecordBatch]:
    """The curves of the ads laid out, or of all."""
    rows = read_curves(session, wanted)
    while some := list(islice(rows, rows_at_once)):
        yield make_batch(CURVE_SCHEMA, [*zip(*some, strict=True), [mark] * len(some)])


def lay_out_moved(session: Session, old: MirrorManifest, seq: int) -> Table | None:
    """The ads whose curves may differ from those in the files; `None`: nobody can say which.

    That is so where a run ended before the last that the files know of, and they know nothing of it.
    """
    known, ended_at = old.ended_runs, col(Run.ended_at)
    since = [] if known.last_at is None else [ended_at > known.last_at]
    before = [ended_at <= known.last_at] if known.last_at else [ended_at.is_(None)]
    if count_ended(session, *before) != known:
        return None
    runs = session.scalars(select(table_of(Run).c.id).where(ended_at.is_not(None), *since)).all()
    seen = (read_seen(session, run_id, ChangeKind.AD_CONTENT) for run_id in runs)
    changed = session.scalars(select(ChangeRange(old.seq, seq, 0).named(*AD_KINDS).subquery()))
    return lay_out_ids(session, "moved_ad", {*changed, *chain.from_iterable(chain(*seen))})
