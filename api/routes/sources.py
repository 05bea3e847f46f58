"""Sources: what they are, what the archive holds of them, and what it crawled."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Reading, RoomsDep
from api.listings import CSV_TOO, Listing, ShapeOf
from api.questions import Day
from archive.errors import NotFoundError
from archive.models import Source
from archive.reading.coverage import SourceReport, report_source
from archive.reading.sources.watched_sources import WatchedSourceView, list_watched_sources

router = APIRouter(prefix="/sources", tags=["sources"])


@router.get("", response_model=Listing[WatchedSourceView], responses=CSV_TOO)
def get_sources(
    rooms: RoomsDep,
    session: Reading,
    shape: ShapeOf,
) -> Listing[WatchedSourceView] | Response:
    """Every source with its counts, the last runs at it, and what stands out about it."""
    sources = list_watched_sources(session, rooms.now())
    return shape.answer_whole(session, WatchedSourceView, sources)


@router.get("/{source}/coverage")
def get_source_coverage(
    rooms: RoomsDep,
    session: Reading,
    source: Annotated[str, Path(description="The source.")],
    from_on: Annotated[Day | None, Query(alias="from", description="First day.")] = None,
    to_on: Annotated[Day | None, Query(alias="to", description="Last day, inclusive.")] = None,
) -> SourceReport:
    """Where and when this archive crawled a source, the gaps, and what of it is here.

    Raises:
        NotFoundError: if this archive knows no such source.
    """
    if session.get(Source, source) is None:
        raise NotFoundError("source", source)
    return report_source(session, source, rooms.now(), from_on, to_on)
