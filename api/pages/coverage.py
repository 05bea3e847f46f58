"""The page of one source: week by week what was crawled, seen and stated, and every gap."""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.pages.site import PageHead, render_page
from archive.curation.watch_lists import list_watch_lists
from archive.errors import NotFoundError
from archive.models import Source
from archive.reading.coverage import cover_weeks, report_source
from archive.runs.countries import ALL_COUNTRIES, NO_COUNTRY
from archive.store.database import read

router = APIRouter()

WEEKS_SHOWN = 26
WEEK = timedelta(days=7)


@router.get("/sources/{source_id}")
def show_coverage(
    rooms: RoomsDep, source_id: str, country: str = ALL_COUNTRIES, watch_list: str = ""
) -> HTMLResponse:
    """One source week by week, for one country or all together, or for one watch list, newest first.

    Raises:
        NotFoundError: if this archive knows no such source.
    """
    with read(rooms.engine) as session:
        source = session.get(Source, source_id)
        if source is None:
            raise NotFoundError("source", source_id)
        since_on = (rooms.now() - (WEEKS_SHOWN - 1) * WEEK).date()
        weeks = cover_weeks(
            session,
            rooms.now(),
            source=source_id,
            from_on=since_on,
            watch_list=watch_list or None,
        )
        given = {"country": country} if country != ALL_COUNTRIES else {}
        given |= {"watch_list": watch_list} if watch_list else {}
        asked = urlencode({"source": source_id, "country": country} | given)
        path = f"/sources/{quote(source_id, safe='')}"
        page = PageHead(
            title=f"Runs of {source.title}",
            path=f"{path}?{urlencode(given)}" if given else path,
            section="/sources",
            json=f"/api/v1/coverage?{asked}",
        )
        return render_page(
            rooms,
            session,
            page,
            "coverage.html",
            source=source,
            cover=report_source(session, source_id, rooms.now()),
            country=country,
            watch_list=watch_list,
            watch_lists=list(list_watch_lists(session, source_id)),
            countries=order_countries({week.country for week in weeks}),
            weeks=[week for week in weeks if week.country == country],
            most=WEEKS_SHOWN,
        )


def order_countries(countries: Iterable[str]) -> list[str]:
    """All together first, then by code, and what has no country last."""
    return sorted(countries, key=lambda code: (code != ALL_COUNTRIES, code == NO_COUNTRY, code))
