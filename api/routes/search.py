"""Search: hits, facets and totals from the engine; sums and exports come from the archive instead."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import MomentOf, Reading, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, answer_csv
from api.questions import SearchQuestion
from search.answering.answers import answer_query
from search.hits import MARK_END, MARK_START, SearchHit, SearchPage
from search.question.query import LAST_RESULT, AdQuery

router = APIRouter(tags=["search"])

NO_MARKS = str.maketrans(dict.fromkeys((MARK_START, MARK_END)))


@router.get("/search", response_model=SearchPage, responses=CSV_TOO)
def search_ads(
    request: Request,
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
    found = answer_query(
        session, rooms.search, query, moment, rooms.cover_sources, rooms.list_copy_faults
    )
    if shape is Format.CSV:
        return answer_csv(
            SearchHit,
            [unmark_hit(hit) for hit in found.hits],
            link_next_page(request, query, found.hits_total),
        )
    return found


def unmark_hit(hit: SearchHit) -> SearchHit:
    """The hit with a plain snippet: a spreadsheet would show the marks as boxes."""
    return hit.model_copy(update={"snippet": hit.snippet.translate(NO_MARKS)})


def link_next_page(request: Request, query: AdQuery, hits: int) -> str | None:
    """Address of the next page within the site, where there is one that engines list."""
    following = query.page + 1
    if query.page * query.limit >= hits or following * query.limit > LAST_RESULT:
        return None
    url = request.url.include_query_params(page=following)
    return f"{url.path}?{url.query}"
