"""Sources: what they are, what the archive holds of them, and where it looked."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import Reading, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, Listing, answer_csv, answer_whole
from archive.reading import cover_source, list_sources
from archive.reading.views import SourceCoverage, SourceView

router = APIRouter(prefix="/sources", tags=["sources"])


@router.get("", response_model=Listing[SourceView], responses=CSV_TOO)
def get_sources(session: Reading, shape: FormatOf = Format.JSON) -> Listing[SourceView] | Response:
    """Every source with its counts and the last look at it."""
    sources = list_sources(session)
    if shape is Format.CSV:
        return answer_csv(SourceView, sources)
    return answer_whole(session, sources)


@router.get("/{source}/coverage")
def get_coverage(
    rooms: RoomsDep,
    session: Reading,
    source: Annotated[str, Path(description="The source.")],
    from_on: Annotated[date | None, Query(alias="from", description="First day.")] = None,
    to_on: Annotated[date | None, Query(alias="to", description="Last day, inclusive.")] = None,
) -> SourceCoverage:
    """Where and when this archive looked at a source, and the gaps."""
    return cover_source(session, source, from_on, to_on, now=rooms.now())
