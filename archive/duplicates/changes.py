"""From the change sequence to the texts that ads show, killable at any point.

The worker calls `follow_changes`; the mark moves in the transaction of the texts. Only
`public_ad` is read: what is withheld or gone leaves these tables at its change. The same ads give the same
texts and creatives in whatever order they came.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine, func
from sqlmodel import Field, Session, SQLModel, col, select

from archive.duplicates.keeping import ShownWords, keep_texts
from archive.duplicates.texts import AD_FIELDS, hash_text, read_ad
from archive.models import Change, PublicAd
from archive.models.changes import ChangeKind
from archive.records import QuarantineStage
from archive.runs.fence import take_each
from archive.runs.quarantine import list_open_subjects, put_aside, settle_passed
from archive.runs.tries import NotedTry, ProcessKilledError, note_try
from archive.store.batches import cut_batches
from archive.store.bulk import pause_collector, table_of
from archive.store.changes import (
    Reach,
    append_changes,
    last_change_seq,
    move_position,
    read_changes,
    read_position,
)
from archive.store.database import read, write

CONSUMER = "copies"
MOST_AT_ONCE = 2_000

_COLUMNS = (
    *("id", "public_id", "advertiser_id", "landing_urls"),
    *AD_FIELDS,
)


class CopiesReport(SQLModel):
    """What one call did."""

    changes: int = Field(default=0, description="Changes that were gone through; 0: none is left.")
    put_aside: int = Field(default=0, description="Ads whose text could not be compared.")


def follow_changes(engine: Engine, clock: Callable[[], datetime], reach: Reach) -> int:
    """Go through all changes that are left, some in each transaction; gives how many ads were put aside."""
    put_aside, done = 0, 0
    of = _count_waiting(engine)
    while waiting := _count_waiting(engine, MOST_AT_ONCE):
        with note_try(engine, CONSUMER, waiting, clock()) as noted, write(engine) as session:
            report = follow_texts(session, clock(), noted.most, noted)
        put_aside += report.put_aside
        done += report.changes
        reach(done, max(of, done))
    return put_aside


def _count_waiting(engine: Engine, limit: int | None = None) -> int:
    """How many changes nobody has gone through yet, at most `limit`."""
    with read(engine) as session:
        mark = read_position(session, CONSUMER)
        later = select(Change.seq).where(col(Change.seq) > (mark.seq if mark else 0)).limit(limit)
        return session.exec(select(func.count()).select_from(later.subquery())).one()


def follow_texts(
    session: Session, now: datetime, limit: int = MOST_AT_ONCE, noted: NotedTry | None = None
) -> CopiesReport:
    """Keep the texts of the ads in the next changes, and move the mark in the same transaction.

    The next ad is put aside untouched, if the try that was noted meets what kills.
    """
    mark = read_position(session, CONSUMER)
    changes = read_changes(session, mark.seq if mark else 0, limit)
    ids = list({c.subject_id: None for c in changes if c.kind == ChangeKind.AD_CONTENT})
    report = CopiesReport(changes=len(changes))
    if noted is not None and noted.meets_killer(session):
        report.put_aside = _leave_out(session, [(ad, ProcessKilledError()) for ad in ids], now)
        _keep(session, dict.fromkeys(ids), now)
    else:
        # Words and pairs hold no cycles, and the collector would go through them again and again.
        with pause_collector():
            report.put_aside = compare_ads(session, ids, now)
    if changes:
        move_position(session, CONSUMER, _skip_own(session, changes[-1].seq or 0), "", now)
    return report


def _skip_own(session: Session, seq: int) -> int:
    """Up to which change from this one on only creatives changed, which this reader itself tells."""
    others = (col(Change.seq) > seq, Change.kind != ChangeKind.AD_CREATIVE)
    following = session.exec(select(func.min(Change.seq)).where(*others)).one()
    return following - 1 if following else last_change_seq(session)


def compare_ads(session: Session, ad_ids: Sequence[int], now: datetime) -> int:
    """Keep the texts of these ads as they are now; gives how many were put aside."""
    shown: dict[int, ShownWords | None] = dict.fromkeys(ad_ids)
    waiting = list_open_subjects(session, QuarantineStage.COPIES)
    failures: list[tuple[int, Exception]] = []
    for some in cut_batches(ad_ids):
        done, failed = take_each(some, partial(read_shown, session))
        for each in done:
            passed = waiting.intersection(public_id for public_id, _ in each.values())
            settle_passed(session, QuarantineStage.COPIES, passed, now)
            shown |= {ad_id: words for ad_id, (_, words) in each.items()}
        failures += failed
    _keep(session, shown, now)
    return _leave_out(session, failures, now)


def _keep(session: Session, shown: Mapping[int, ShownWords | None], now: datetime) -> None:
    """Keep what ads show, and tell which are of another creative now."""
    append_changes(session, ChangeKind.AD_CREATIVE, sorted(keep_texts(session, shown)), now)


def read_shown(session: Session, ad_ids: Sequence[int]) -> dict[int, tuple[str, ShownWords]]:
    """The permanent id of each ad that is there, and what it shows."""
    table = table_of(PublicAd)
    query = select(*(table.c[name] for name in _COLUMNS)).where(table.c.id.in_(ad_ids))
    rows = session.connection().execute(query).mappings()
    return {row["id"]: (row["public_id"], _read_words(dict(row))) for row in rows}


def _read_words(ad: Mapping[str, Any]) -> ShownWords:
    text = read_ad(ad)
    if text is not None:
        return ShownWords(text, None)
    payer = ad["payer_name"] or ad["advertiser_id"]
    leads_to = sorted({address.partition("?")[0].rstrip("/") for address in ad["landing_urls"]})
    parts = [payer, *leads_to] if payer and leads_to else [ad["public_id"]]
    return ShownWords(None, hash_text("\n".join(parts)))


def _leave_out(session: Session, failed: Sequence[tuple[int, Exception]], now: datetime) -> int:
    """Put ads aside that could not be compared."""
    for ad_id, error in failed:
        ad = session.exec(
            select(PublicAd.source, PublicAd.public_id).where(PublicAd.id == ad_id)
        ).first()
        if ad is not None:
            put_aside(session, QuarantineStage.COPIES, *ad, error, now)
    return len(failed)
