"""Coverage: what this archive crawled week by week, what it saw, what sources state, what is missing."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import Reading, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, Listing, answer_csv, answer_whole
from archive.reading.coverage import WeekCoverage, cover_weeks

router = APIRouter(prefix="/coverage", tags=["sources"])


@router.get("", response_model=Listing[WeekCoverage], responses=CSV_TOO)
def get_weeks(
    rooms: RoomsDep,
    session: Reading,
    source: Annotated[str | None, Query(description="Only this source.")] = None,
    country: Annotated[
        str | None,
        Query(description="Only this country (ISO 3166-1 alpha-2); `*`: all countries together."),
    ] = None,
    platform: Annotated[str | None, Query(description="Only sources of this platform.")] = None,
    watch_list: Annotated[
        str | None, Query(description="Only runs at this watch list, by its id.")
    ] = None,
    from_on: Annotated[
        date | None, Query(alias="from", description="From the week of this day.")
    ] = None,
    to_on: Annotated[
        date | None, Query(alias="to", description="To the week of this day, inclusive.")
    ] = None,
    shape: FormatOf = Format.JSON,
) -> Listing[WeekCoverage] | Response:
    """Coverage by source, country and week, newest week first."""
    weeks = cover_weeks(
        session,
        rooms.now(),
        source=source,
        country=country,
        platform=platform,
        watch_list=watch_list,
        from_on=from_on,
        to_on=to_on,
    )
    if shape is Format.CSV:
        return answer_csv(WeekCoverage, weeks)
    return answer_whole(session, weeks)
