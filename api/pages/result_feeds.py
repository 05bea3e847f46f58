"""A question as a feed: ads that began to answer it, after a moment that its address names.

Nothing is kept of who follows what. What is wrong with a question is told as an entry, since nobody looks
at the status of a feed.
"""

from datetime import UTC, datetime, time, timedelta

from fastapi import APIRouter, Request
from sqlmodel import Session

from api.dependencies import Rooms, RoomsDep
from api.errors import tell_error
from api.feeds import FeedEntry, PageFeed
from api.pages.feed_routes import serve_feed
from api.pages.formatting import plain_instant
from api.pages.results import take_fields
from api.pages.site import id_path
from api.parameters import check_names, leave_tracking
from archive.errors import NotFoundError, QuestionError, cut_echo
from archive.reading.as_of.moment import Moment, read_time
from archive.reading.freshness import read_data_as_of
from archive.reading.sources.known_sources import read_source
from archive.store.database import read
from search.answering.creatives import settle_copies
from search.answering.snippets import make_hits
from search.as_of.begun import LISTED, BegunAd, BegunAds, list_begun
from search.hits import SearchHit, clean_text
from search.question.query import ALL_FILTERS, AdQuery

router = APIRouter()

PATH = "/search"
TAKEN = ("q", *ALL_FILTERS, "include", "since")
DAYS_BEFORE = 30
"""Where the address names no moment."""


def _make_feed(rooms: RoomsDep, request: Request) -> PageFeed:
    asked, said = take_fields(request), request.query_params.get("since", "")
    query = asked.encode_feed(said)
    with read(rooms.engine) as session:
        try:
            check_names(leave_tracking(request.query_params), TAKEN)
            since = _read_since(said, rooms.now())
            entries, told = _list_entries(rooms, session, asked.build_query(), since)
        except (QuestionError, NotFoundError) as error:
            told = "This question cannot be answered any more."
            entries = [_tell_problem(query, tell_error(error), rooms.now())]
        data_as_of = read_data_as_of(session)
    return PageFeed(
        title=f"New ads with “{cut_echo(asked.text)}”" if asked.text else "New ads",
        subtitle=told,
        path=PATH,
        query=query,
        author=rooms.settings.operator_name,
        public_url=rooms.settings.public_url,
        entries=entries,
        data_as_of=data_as_of,
    )


def _read_since(said: str, now: datetime) -> datetime:
    """After which moment; where none is named it begins with a day, so that the feed is the same all day."""
    days_before = datetime.combine(now.astimezone(UTC), time(), UTC) - timedelta(days=DAYS_BEFORE)
    return read_time("since", said, now) or days_before


def _list_entries(
    rooms: Rooms, session: Session, query: AdQuery, since: datetime
) -> tuple[list[FeedEntry], str]:
    """The entries, and in words which they are."""
    for source in query.values.get("source", ()):
        read_source(session, source)
    settle_copies(session, query, Moment(as_of=since))
    begun = list_begun(session, rooms.search, query, since)
    versions = {ad.public_id: ad for ad in begun.ads}
    hits = make_hits(session, [ad.id for ad in begun.ads], query.question, {})
    return [_tell_ad(hit, versions[hit.id]) for hit in hits], _tell_which(begun, since)


def _tell_which(begun: BegunAds, since: datetime) -> str:
    told = f"Ads that answer this question now and did not as of {plain_instant(since)}."
    if begun.has_more:
        return f"{told} There are more than {LISTED}; these are the newest."
    if not begun.is_whole:
        return f"{told} So many ads have changed since that only the newest were compared."
    return told


def _tell_ad(hit: SearchHit, ad: BegunAd) -> FeedEntry:
    who = hit.advertiser or "somebody whose name is not known"
    paid_by = hit.payer or "not known"
    return FeedEntry(
        id=f"{id_path(ad.public_id)}/versions/{ad.version}",
        title=f"An ad by {who}" if ad.version == 1 else f"A changed ad by {who}",
        path=id_path(ad.public_id),
        updated_at=ad.recorded_at,
        summary=f"{clean_text(hit.snippet) or 'No words kept here.'}\nPaid for by: {paid_by}",
    )


def _tell_problem(query: str, problem: str, now: datetime) -> FeedEntry:
    today = datetime.combine(now.astimezone(UTC), time(), UTC)
    return FeedEntry(
        id=f"{PATH}/unanswered/{today.date()}?{query}",
        title="This question cannot be answered any more",
        path=f"{PATH}?{query}",
        updated_at=today,
        summary=problem,
    )


serve_feed(router, PATH, _make_feed)
