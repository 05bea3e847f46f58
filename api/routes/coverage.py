"""Coverage: what this archive crawled week by week, what it saw, what sources state, what is missing."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator

from api.dependencies import Reading, RoomsDep
from api.listings import CSV_TOO, Listing, ShapeOf
from api.parameters import SourceOf
from api.questions import Day
from archive.reading.coverage import WeekCoverage, cover_weeks
from archive.records.codes import read_country

ALL_TOGETHER = "*"


def _read_country_or_all(code: str) -> str:
    return code if code == ALL_TOGETHER else read_country(code)


CountryOrAll = Annotated[str, AfterValidator(_read_country_or_all)]

router = APIRouter(prefix="/coverage", tags=["sources"])


@router.get("", response_model=Listing[WeekCoverage], responses=CSV_TOO)
def get_covered_weeks(
    rooms: RoomsDep,
    session: Reading,
    shape: ShapeOf,
    source: SourceOf,
    country: Annotated[
        CountryOrAll | None,
        Query(description="Only this country (ISO 3166-1 alpha-2); `*`: all countries together."),
    ] = None,
    platform: Annotated[str | None, Query(description="Only sources of this platform.")] = None,
    watch_list: Annotated[
        str | None, Query(description="Only runs at this watch list, by its id.")
    ] = None,
    from_on: Annotated[
        Day | None, Query(alias="from", description="From the week of this day.")
    ] = None,
    to_on: Annotated[
        Day | None, Query(alias="to", description="To the week of this day, inclusive.")
    ] = None,
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
    return shape.answer_whole(session, WeekCoverage, weeks)
