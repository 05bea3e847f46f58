"""When ads were last seen to be running: a bound of an end that their source leaves out while they run.

Evaluation asks, and whoever explains an answer. Only a run counts whose observation time is known, and only
at a source that says what a missing end means. Being listed is no such thing: an ad with an end is not
looked up, and the first look at an ad is never its start.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from archive.models import Ad, Run, Source
from archive.models.changes import ChangeKind
from archive.runs.sightings import Spans, find_last_within
from oversight.rules.made_facts import AdRow


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
