"""Rows that stand in a file as they did at the run before: their ads count as seen, without records.

The intake asks which ads still are as that run left them, and notes those whose rows were passed
over. What a run may rest on is decided here; which rows are the same, by `scrapers.readers.matching`.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import exists, func, or_, select, update
from sqlmodel import Session, col

from archive.models import Ad, PublicAd, QuarantinedBatch, Run
from archive.models.changes import ChangeKind
from archive.models.runs import ENDED_WELL
from archive.runs.lease import Counts, RunLease, has_newer_run
from archive.runs.plausibility import Gate
from archive.runs.sightings import note_sightings
from archive.store.bulk import insert_rows, look_up_by_key, make_scratch, table_of


class QuietAd(NamedTuple):
    """An ad of which an unchanged row says nothing new, with what the gate weighs."""

    id: int
    currency: str | None
    spend_lower_minor: int


def may_rest_on(session: Session, lease: RunLease, run_id: int, observed_at: datetime) -> bool:
    """Whether what a run took in is still what its partition's rows say, ads aside.

    Not where the run is unknown or was doubted, where a run after it ended badly, where another
    run bears its very time, or where this run comes late: then each row is read.
    """
    before = session.get(Run, run_id)
    if before is None or before.observed_at != observed_at or observed_at >= lease.observed_at:
        return False
    if before.outcome not in ENDED_WELL or has_newer_run(session, lease):
        return False
    is_troubled = or_(
        (col(Run.partition) == lease.partition)
        & (col(Run.id) > run_id)
        & (col(Run.id) != lease.run_id)
        & col(Run.outcome).not_in(ENDED_WELL),
        (col(Run.observed_at) == observed_at) & (col(Run.id) != run_id) & (col(Run.seen) > 0),
    )
    troubled = select(func.count()).where(col(Run.source) == lease.source, is_troubled)
    held = select(exists().where(col(QuarantinedBatch.run_id) == run_id))
    connection = session.connection()
    return not connection.execute(troubled).scalar() and not connection.execute(held).scalar()


def list_living(session: Session, source: str) -> set[int]:
    """Ids of a source's runs that have not ended, also of those whose worker has stopped unnoticed."""
    run = table_of(Run)
    living = select(run.c.id).where(run.c.source == source, run.c.ended_at.is_(None))
    return set(session.connection().execute(living).scalars())


def find_quiet(
    session: Session, lease: RunLease, refs: Collection[str], since: datetime
) -> dict[str, QuietAd]:
    """The ads of the run's partition that nobody has touched since a time, by the source's id.

    Missing are ads that changed or vanished after it, and those that live elsewhere by now.
    """
    ad, public = table_of(Ad), table_of(PublicAd)
    wanted = make_scratch(session, "standing_ad", [ad.c.ref])
    insert_rows(session, wanted, ("ref",), ((ref,) for ref in refs))
    query = (
        select(ad.c.ref, ad.c.id, public.c.currency, public.c.spend_lower_minor)
        .join_from(wanted, ad, (ad.c.source == lease.source) & (ad.c.ref == wanted.c.ref))
        .join(public, public.c.id == ad.c.id)
        .where(
            ad.c.partition == lease.partition,
            ad.c.vanished_at.is_(None),
            ad.c.content_observed_at <= since,
            ad.c.numbers_observed_at <= since,
        )
    )
    with look_up_by_key(session):
        rows = session.connection().execute(query).all()
    return {ref: QuietAd(ad_id, currency, spend or 0) for ref, ad_id, currency, spend in rows}


def note_unchanged(
    session: Session, lease: RunLease, ads: Sequence[QuietAd], gate: Gate | None = None
) -> Counts:
    """Count ads as seen and unchanged, in the transaction of the page their rows belong to.

    Call it before the page's records are taken in: the gate weighs these beside the unchanged ones.
    """
    if not ads:
        return Counts()
    if gate is not None:
        sums: Counter[str | None] = Counter()
        for one in ads:
            sums[one.currency] += one.spend_lower_minor
        gate.ads.weigh([], sums, len(ads))
    note_sightings(session, lease, ChangeKind.AD_CONTENT, (one.id for one in ads))
    counted = {"seen": Run.seen + len(ads), "unchanged": Run.unchanged + len(ads)}
    session.connection().execute(update(Run).where(col(Run.id) == lease.run_id).values(**counted))
    return Counts(seen=len(ads), unchanged=len(ads))
