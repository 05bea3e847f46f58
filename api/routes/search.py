"""Search: hits, facets and totals from the engine; sums and exports come from the archive instead."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import RoomsDep
from search.hits import SearchPage
from search.query import LARGEST_PAGE, Sort, build_query

router = APIRouter(tags=["search"])


@router.get("/search")
def search_ads(
    rooms: RoomsDep,
    q: Annotated[str, Query(description='Words, "phrases"; empty: every ad.')] = "",
    filters: Annotated[
        list[str], Query(alias="filter", description="name=value; repeat to widen or narrow.")
    ] = [],  # noqa: B006 (FastAPI copies it)
    sort: Annotated[Sort, Query(description="Order of the hits.")] = Sort.RELEVANCE,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Hits a page.")] = 20,
    page: Annotated[int, Query(ge=1, description="Which page, from 1.")] = 1,
    facets: Annotated[
        list[str], Query(alias="facet", description="Filters to count values of; repeat.")
    ] = [],  # noqa: B006
) -> SearchPage:
    """Ads by their words, best first, with the counts of the facets asked for."""
    pairs = [(name, value) for name, _, value in (item.partition("=") for item in filters)]
    query = build_query(q, filters=pairs, sort=sort, limit=limit, page=page, facets=facets)
    return rooms.search.search(query)
