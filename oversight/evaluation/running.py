"""When ads were last seen to be running: a bound of an end that their source leaves out while they run.

Evaluation asks, and whoever explains an answer. Only a run counts whose observation time is known, and only
at a source that says what a missing end means. Being listed is no such thing: an ad with an end is not
looked up, and the first look at an ad is never its start. Of several versions runs tell when each was shown.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from archive.models import Ad, Run, Source
from archive.models.changes import ChangeKind
from archive.reading.as_of.moment import Moment
from archive.reading.as_of.past_versions import restore_versions
from archive.runs.sightings import Spans, find_last_within
from oversight.reference.periods import EARLIEST, Bounds
from oversight.rules.made_facts import AdRow


class ShownVersion(NamedTuple):
    """A version of an ad, with bounds of when it came and when the next replaced it; `None`: neither did."""

    ad: AdRow
    since: Bounds | None = None
    until: Bounds | None = None


def find_seen_running(
    session: Session, ads: Iterable[AdRow], until: datetime | None = None
) -> dict[int, datetime]:
    """For each ad without an end, by our id, the last run that saw it so, as far as was known at a time."""
    is_told = select(Source.id).where(Source.missing_end != "")
    sources = set(session.exec(is_told))
    by_id = {
        ad.id: ad.source
        for ad in ads
        if ad.source in sources and ad.ended_at is None and ad.ended_on is None
    }
    since = select(Ad.id, Ad.content_observed_at).where(col(Ad.id).in_(by_id))
    spans: dict[str, Spans] = defaultdict(dict)
    for ad_id, at in session.exec(since) if by_id else ():
        spans[by_id[ad_id]][ad_id] = [(at, None)]
    limits = [] if until is None else [col(Run.ended_at) <= until]
    found: dict[int, datetime] = {}
    for source, of_source in spans.items():
        last = find_last_within(session, source, ChangeKind.AD_CONTENT, of_source, limits)
        found |= {ad_id: at for (ad_id, _), at in last.items()}
    return found


def list_shown_versions(
    session: Session, ads: Iterable[AdRow], until: datetime | None = None
) -> dict[int, list[ShownVersion]]:
    """For each ad by our id its versions, oldest first, the last as it is given, as was known at a time.

    One replaced another after the last run that saw the other, and by the first that saw the one.
    """
    by_id = {ad.id: ad for ad in ads}
    several = {ad.id: ad.source for ad in by_id.values() if ad.versions > 1}
    past = restore_versions(session, several, Moment(as_of=until)) if several else {}
    spans: dict[str, Spans] = defaultdict(dict)
    for ad_id, versions in past.items():
        spans[several[ad_id]][ad_id] = [(each.shown_at, each.replaced_at) for each in versions]
    limits = [] if until is None else [col(Run.ended_at) <= until]
    seen: dict[tuple[int, datetime], datetime] = {}
    for source, of_source in spans.items():
        seen |= find_last_within(session, source, ChangeKind.AD_CONTENT, of_source, limits)
    shown = {}
    for ad_id, ad in by_id.items():
        since, listed = None, []
        for each in past.get(ad_id, ()):
            replaced = (seen.get((ad_id, each.shown_at), EARLIEST), each.replaced_at)
            listed.append(ShownVersion(each.ad, since, replaced))
            since = replaced
        shown[ad_id] = [*listed, ShownVersion(ad, since)]
    return shown
