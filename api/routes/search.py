"""Search: hits, facets and totals from the engine; sums and exports come from the archive instead."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from api.dependencies import MomentOf, Reading, Rooms, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, answer_csv
from api.questions import SearchBody, SearchQuestion
from archive.reading.as_of.moment import Moment, read_moment
from config.site_root import lead_below
from search.answering.answers import answer_query
from search.hits import MARK_END, MARK_START, SearchHit, SearchPage
from search.question.query import LAST_RESULT, AdQuery

router = APIRouter(tags=["search"])

NO_MARKS = str.maketrans(dict.fromkeys((MARK_START, MARK_END)))


@router.get("/search", response_model=SearchPage, responses=CSV_TOO)
def search_ads(
    request: Request,
    response: Response,
    rooms: RoomsDep,
    session: Reading,
    moment: MomentOf,
    asked: Annotated[SearchQuestion, Query()],
    shape: FormatOf = Format.JSON,
) -> SearchPage | Response:
    """Ads by their words, best first, with the counts of the facets asked for.

    At an earlier moment whole words only, newest start first. As CSV the hits, without marks in the snippet.
    """
    query = asked.build_query()
    found = _answer(rooms, session, query, moment)
    if found.engine_away:
        # The engine's own answer may be another, and no number tells when it is back.
        response.headers["cache-control"] = "no-store"
    if shape is Format.CSV:
        return answer_csv(
            SearchHit,
            [unmark_hit(hit) for hit in found.hits],
            link_next_page(request, query, found.total),
        )
    return found


@router.post("/search")
def search_ads_at_length(rooms: RoomsDep, session: Reading, asked: SearchBody) -> SearchPage:
    """The same for questions that are too long for an address, with the same names; it stores nothing."""
    moment = read_moment(asked.as_of, asked.valid_at, rooms.now())
    return _answer(rooms, session, asked.build_query(), moment)


def _answer(rooms: Rooms, session: Session, query: AdQuery, moment: Moment) -> SearchPage:
    return answer_query(
        session, rooms.search, query, moment, rooms.cover_sources, rooms.list_copy_faults
    )


def unmark_hit(hit: SearchHit) -> SearchHit:
    """The hit with a plain snippet: a spreadsheet would show the marks as boxes."""
    return hit.model_copy(update={"snippet": hit.snippet.translate(NO_MARKS)})


def link_next_page(request: Request, query: AdQuery, total: int) -> str | None:
    """Address of the next page within the site, where there is one that engines list."""
    following = query.page + 1
    if query.page * query.limit >= total or following * query.limit > LAST_RESULT:
        return None
    url = request.url.include_query_params(page=following)
    return lead_below(f"{url.path}?{url.query}")
