"""Runs: every look at a source and how it ended."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.dependencies import Cursor, Limit, Reading
from api.listings import Listing, answer_page
from archive.reading import list_runs
from archive.reading.views import RunView

router = APIRouter(prefix="/runs", tags=["sources"])


@router.get("")
def get_runs(
    request: Request,
    session: Reading,
    source: Annotated[str | None, Query(description="Only looks at this source.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[RunView]:
    """Looks at sources, newest first."""
    return answer_page(request, list_runs(session, source, cursor, limit))
