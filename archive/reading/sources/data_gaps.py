"""What is not here, counted and with its reason: the other half of every answer.

Of ads, those that lists show are counted; the others are one count of their own.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, and_, func, type_coerce
from sqlmodel import Session, col, select

from archive.models import PublicAd, QuarantinedBatch, QuarantinedPiece, Run
from archive.models.runs import Outcome, PieceStatus
from archive.reading.ads.media import count_not_kept
from archive.reading.freshness import read_data_as_of
from archive.reading.reasons import tell_batch_reason, tell_piece
from archive.reading.sources.sources import show_run
from archive.reading.views import DataGap, MissingReport
from archive.reading.visible import HIDDEN_BY_DEFAULT, is_visible_by_default, select_hidden
from archive.records import MISSING_IN_WORDS, MissingReason
from archive.runs.quarantine import OF_FILES, name_quarantined

RUNS_SHOWN = 100


def what_is_missing(session: Session, now: datetime | None = None) -> MissingReport:
    """Counts of what could not be read, is not known or was not fetched, by source and reason.

    With `now`, a run that fell silent has failed.
    """
    return MissingReport(
        data_as_of=read_data_as_of(session),
        data_gaps=[
            *_count_quarantined_pieces(session),
            *_list_quarantined_batches(session),
            *_count_unknown(session, "undated", "started_on", col(PublicAd.started_at).is_(None)),
            *_count_unknown(session, "no_currency", "currency"),
            *_count_unknown(session, "no_spend", "spend_lower_minor"),
            *_count_unknown(session, "payer_unknown", "payer_name"),
            *_count_ads(
                session,
                "no_text",
                "no words of the ad",
                and_(col(PublicAd.text) == "", is_visible_by_default(PublicAd)),
            ),
            *_count_ads(
                session, "unlabelled", HIDDEN_BY_DEFAULT, col(PublicAd.id).in_(select_hidden())
            ),
            *count_not_kept(session),
        ],
        runs_not_done=[show_run(run, now) for run in _select_not_done(session)],
    )


def _count_quarantined_pieces(session: Session) -> Iterator[DataGap]:
    query = (
        select(
            QuarantinedPiece.source,
            QuarantinedPiece.reason,
            func.count(),
            func.min(QuarantinedPiece.quarantined_at),
        )
        .where(
            QuarantinedPiece.status == PieceStatus.QUARANTINED,
            # What a later step could not take is here all the same.
            col(QuarantinedPiece.stage).in_(OF_FILES),
        )
        .group_by(col(QuarantinedPiece.source), col(QuarantinedPiece.reason))
        .order_by(col(QuarantinedPiece.source), col(QuarantinedPiece.reason))
    )
    told: dict[tuple[str, str], DataGap] = {}
    for source, kept, count, since_at in session.exec(query):
        reason = tell_piece(kept)
        gap = told.setdefault(
            (source, reason),
            DataGap(
                what="quarantined_pieces", source=source, reason=reason, count=0, since_at=since_at
            ),
        )
        gap.count += count
        gap.since_at = min(gap.since_at or since_at, since_at)
    yield from told.values()


def _list_quarantined_batches(session: Session) -> Iterator[DataGap]:
    """Each batch for itself: how much it would bring or take away is not known before it is read."""
    query = select(QuarantinedBatch).where(QuarantinedBatch.status == PieceStatus.QUARANTINED)
    for batch in session.exec(
        query.order_by(col(QuarantinedBatch.source), col(QuarantinedBatch.id))
    ):
        yield DataGap(
            what="quarantined_batch",
            source=batch.source,
            reason=f"{name_quarantined(batch)}: {tell_batch_reason(batch)}",
            count=1,
            since_at=batch.quarantined_at,
        )


def _count_unknown(
    session: Session, what: str, field: str, *also: ColumnElement[bool]
) -> Iterator[DataGap]:
    """Ads whose field has no value, by source and the reason kept beside it."""
    listed = (
        select(
            col(PublicAd.source).label("source"),
            type_coerce(PublicAd.missing, JSON)[field].as_string().label("reason"),
            col(PublicAd.first_seen_at).label("seen_at"),
        )
        .where(col(getattr(PublicAd, field)).is_(None), *also, is_visible_by_default(PublicAd))
        .subquery()
    )
    query = (
        select(listed.c.source, listed.c.reason, func.count(), func.min(listed.c.seen_at))
        .group_by(listed.c.source, listed.c.reason)
        .order_by(listed.c.source, listed.c.reason)
    )
    for source, reason, count, since_at in session.exec(query):
        words = MISSING_IN_WORDS[MissingReason(reason or MissingReason.NOT_PROVIDED)]
        yield DataGap(what=what, source=source, reason=words, count=count, since_at=since_at)


def _count_ads(session: Session, what: str, reason: str, where: Any) -> Iterator[DataGap]:  # noqa: ANN401 (an SQL condition)
    query = (
        select(PublicAd.source, func.count(), func.min(PublicAd.first_seen_at))
        .where(where)
        .group_by(col(PublicAd.source))
        .order_by(col(PublicAd.source))
    )
    for source, count, since_at in session.exec(query):
        yield DataGap(what=what, source=source, reason=reason, count=count, since_at=since_at)


def _select_not_done(session: Session) -> list[Run]:
    query = select(Run).where(col(Run.outcome) != Outcome.DONE)
    return list(session.exec(query.order_by(col(Run.id).desc()).limit(RUNS_SHOWN)))
