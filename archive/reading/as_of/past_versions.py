"""The earlier versions of ads, each as the public view had it last before the next replaced it.

Evaluation asks: what an ad said on some days is judged by the law of those days, also when learned late.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import NamedTuple, TypeVar

from sqlmodel import Session, col, select

from archive.models import AdMetric, AdVersion, PublicAd
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.as_of.past import CountedHistory, Newest, read_asked, restore_row
from archive.store.batches import cut_batches

Series = TypeVar("Series", AdVersion, AdMetric)


class PastVersion(NamedTuple):
    """An earlier version of an ad."""

    ad: PublicAd
    shown_at: datetime
    """When the source was first seen to say it."""
    replaced_at: datetime
    """When it was first seen to say the next."""


def restore_versions(
    session: Session, sources: Mapping[int, str], moment: Moment = NOW
) -> dict[int, list[PastVersion]]:
    """The versions of these ads before the newest, oldest first, by our id of the ad; `sources` by the same.

    Numbers are those of the version's last day. A version in whose place a later reading of the same
    evidence stands was never what the source said, and is left out; of versions one after the other in
    the same words, as late evidence leaves them, the last stands for all.
    """
    restored: dict[int, list[PastVersion]] = {}
    for ids in cut_batches(sorted(sources)):
        metrics = _read_series(session, AdMetric, ids, moment)
        asked = read_asked(session, moment, ids)
        for ad_id, rows in _read_series(session, AdVersion, ids, moment).items():
            countries = frozenset(row.country for row in asked.get(ad_id, ()))
            restored[ad_id] = [*_restore_each(sources[ad_id], rows, metrics[ad_id], countries)]
    return restored


def _read_series(
    session: Session, table: type[Series], ids: Sequence[int], moment: Moment
) -> dict[int, list[Series]]:
    query = select(table).where(col(table.ad_id).in_(ids), *moment.limit(table))
    query = query.order_by(col(table.ad_id), col(table.observed_at), col(table.seq))
    series: dict[int, list[Series]] = {}
    for row in session.exec(query):
        series.setdefault(row.ad_id, []).append(row)
    return series


def _restore_each(
    source: str,
    versions: Sequence[AdVersion],
    metrics: Sequence[AdMetric],
    asked: frozenset[str],
) -> Iterator[PastVersion]:
    learned_at = max(row.recorded_at for row in versions)
    first_at = versions[0].observed_at
    held = {row.observed_at: row for row in versions}.values()
    stretches = [[*rows] for _, rows in groupby(held, lambda row: row.content_sha256)]
    for rows, following in pairwise(stretches):
        row, until = rows[-1], following[0].observed_at
        numbers = [m for m in metrics if m.observed_at < until] or metrics[:1]
        history = CountedHistory(
            Newest(row, versions.index(row) + 1, first_at, learned_at),
            Newest(numbers[-1], len(numbers), first_at, learned_at),
            None,
            learned_at,
            asked,
        )
        ad = PublicAd(**restore_row(source, row.ad_id, history))
        yield PastVersion(ad, rows[0].observed_at, until)
