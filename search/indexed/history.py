"""Every state an ad has been in: what search as of an earlier moment finds.

A state is what is searched, filtered and counted of an ad, numbers left out, from the time this archive
learned of it until the time it learned of the next. Numbers move all the time: a search that asks for them
as of an earlier moment reads the archive instead.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Executable, Select, func, select
from sqlmodel import Session, col

from archive.models import (
    AdLabel,
    AdMedia,
    AdMetric,
    AdVersion,
    AskedCountry,
    MediaFile,
    PublicAd,
    Redaction,
    VanishedPeriod,
)
from archive.models.media import MediaState
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past import restore_ads
from archive.store.batches import cut_batches
from search.indexed.beside import Beside, read_beside
from search.indexed.documents import (
    Rejection,
    SearchDocument,
    count_microseconds,
    make_document,
    take_documents,
)
from search.indexed.shown import AdParts, read_parts

Times = Mapping[int, Sequence[datetime]]
"""By our id of an ad, the times at which a state of it may have begun, rising; the first is never missing."""


Since = Mapping[int, datetime]
"""By our id of an ad that a copy follows: when the first of what it lacks was recorded."""


def add_history(
    session: Session, documents: Sequence[SearchDocument], since: Since | None = None
) -> None:
    """Write into documents since when they hold, and the states of their ads before.

    Of ads in `since` only the states that ended from that time on: a copy has the others. Where something was
    withheld, or what changed has no time of its own, it gets all of them.
    """
    ids = [document.ad_id for document in documents]
    times = read_times(session, ids)
    lacking = {ad_id: at for ad_id, at in (since or {}).items() if at <= times[ad_id][-1]}
    for ad_id in find_withheld(session, list(lacking)):
        del lacking[ad_id]
    former = _restore_states(session, times, lacking)
    for document in documents:
        known = times[document.ad_id]
        document.held_since = count_microseconds(known[-1])
        if len(known) > 1:
            document.earlier = former.get(document.ad_id, [])
            document.replaces_earlier = document.ad_id not in lacking


def with_history(
    session: Session, documents: Sequence[SearchDocument], since: Since | None = None
) -> tuple[list[SearchDocument], list[Rejection]]:
    """Documents with their history, and those of which it could not be made."""
    rejected = take_documents(
        documents, lambda some: add_history(session, some, _among(some, since))
    )
    refused = {row.ad_id for row in rejected}
    return [each for each in documents if each.ad_id not in refused], rejected


def _among(documents: Sequence[SearchDocument], since: Since | None) -> Since:
    ids = {document.ad_id for document in documents}
    return {ad_id: at for ad_id, at in (since or {}).items() if ad_id in ids}


def find_withheld(session: Session, ad_ids: Sequence[int]) -> set[int]:
    """Those of the ads of which something is withheld by a decision: each state is made anew then."""
    found: set[int] = set()
    for some in cut_batches(ad_ids):
        found.update(
            session.scalars(select(col(Redaction.ad_id)).where(col(Redaction.ad_id).in_(some)))
        )
    return found


def find_changed_currency(session: Session, ad_ids: Sequence[int]) -> set[int]:
    """Those of the ads whose numbers have not always been in one currency."""
    changed: set[int] = set()
    for some in cut_batches(ad_ids):
        changed.update(session.scalars(_select_changed_currency(some)))
    return changed


def read_times(session: Session, ad_ids: Sequence[int]) -> Times:
    """When what is searched of each ad may have changed."""
    times: dict[int, set[datetime]] = defaultdict(set)
    for some in cut_batches(ad_ids):
        for query in _select_events(some):
            for ad_id, at in session.connection().execute(query):
                times[ad_id].update([at] if at else [])
    return {ad_id: sorted(at) for ad_id, at in times.items()}


def _select_events(ids: Sequence[int]) -> Iterator[Executable]:
    for table in (AdVersion, AskedCountry):
        yield select(col(table.ad_id), col(table.recorded_at)).where(col(table.ad_id).in_(ids))
    for at in (VanishedPeriod.recorded_at, VanishedPeriod.returned_recorded_at):
        yield select(col(VanishedPeriod.ad_id), col(at)).where(col(VanishedPeriod.ad_id).in_(ids))
    for at in (AdLabel.recorded_at, AdLabel.withdrawn_at):
        yield select(col(AdLabel.ad_id), col(at)).where(col(AdLabel.ad_id).in_(ids))
    of = col(AdMedia.ad_id)
    kept = select(of, col(AdMedia.fetched_at)).where(
        of.in_(ids), col(AdMedia.state) == MediaState.KEPT
    )
    yield kept
    read = select(of, col(MediaFile.read_at)).join(
        MediaFile, col(MediaFile.sha256) == col(AdMedia.sha256)
    )
    yield read.where(of.in_(ids), col(MediaFile.machine_text).is_not(None))
    of = col(AdMetric.ad_id)
    yield select(of, col(AdMetric.recorded_at)).where(of.in_(_select_changed_currency(ids)))


def _select_changed_currency(ids: Sequence[int]) -> Select[int]:
    of, currency = col(AdMetric.ad_id), func.coalesce(col(AdMetric.currency), "")
    return select(of).where(of.in_(ids)).group_by(of).having(func.count(currency.distinct()) > 1)


def _restore_states(
    session: Session, times: Times, lacking: Since
) -> Mapping[int, list[SearchDocument]]:
    """The states of ads before the present ones, oldest first, with the times from and until they held."""
    began: dict[datetime, dict[int, datetime]] = defaultdict(dict)
    for ad_id, known in times.items():
        for at, ended in pairwise(known):
            if ended >= lacking.get(ad_id, ended):
                began[at][ad_id] = ended
    states: dict[int, list[SearchDocument]] = defaultdict(list)
    for at, ends in sorted(began.items(), key=lambda item: item[0]):
        for document in restore_documents(session, Moment(as_of=at), list(ends)):
            document.held_since = count_microseconds(at)
            document.held_until = count_microseconds(ends[document.ad_id])
            states[document.ad_id].append(document)
    return states


def restore_documents(
    session: Session, moment: Moment, ad_ids: Sequence[int]
) -> list[SearchDocument]:
    """Ads as they were at a moment, by rising id; one that was not known then is left out."""
    return [make_document(*each) for each in _restore(session, moment, ad_ids)]


def restore_parts(session: Session, moment: Moment, ad_ids: Sequence[int]) -> dict[int, AdParts]:
    """What results show of ads as they were at a moment, by our ids; likewise."""
    restored = _restore(session, moment, ad_ids)
    return {ad.id: read_parts(ad, beside) for ad, beside in restored}


def _restore(
    session: Session, moment: Moment, ad_ids: Sequence[int]
) -> Iterator[tuple[PublicAd, Beside]]:
    for some in cut_batches(sorted(ad_ids)):
        named = select(col(PublicAd.id), col(PublicAd.source)).where(col(PublicAd.id).in_(some))
        sources: dict[int, str] = dict(list[Any](session.connection().execute(named)))
        ads = [PublicAd(**values) for values in restore_ads(session, moment, sources)]
        beside = read_beside(session, ads, moment)
        yield from ((ad, beside) for ad in ads)


def read_held(at: int) -> Moment:
    """The moment that `AdQuery.held_at` stands for."""
    return Moment(as_of=datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at))
