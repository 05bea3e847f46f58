"""The page of one source: week by week what was crawled, seen and stated, and every gap."""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.pages.site import PageHead, render_page
from archive.errors import NotFoundError
from archive.models import Source
from archive.reading.coverage import cover_source, cover_weeks
from archive.runs.countries import ALL_COUNTRIES, NO_COUNTRY
from archive.store.database import read

router = APIRouter()

WEEKS_SHOWN = 26
WEEK = timedelta(days=7)


@router.get("/sources/{source_id}")
def show_coverage(rooms: RoomsDep, source_id: str, country: str = ALL_COUNTRIES) -> HTMLResponse:
    """One source week by week, for one country or all together, newest first.

    Raises:
        NotFoundError: if this archive knows no such source.
    """
    with read(rooms.engine) as session:
        source = session.get(Source, source_id)
        if source is None:
            raise NotFoundError("source", source_id)
        since_on = (rooms.now() - (WEEKS_SHOWN - 1) * WEEK).date()
        weeks = cover_weeks(session, rooms.now(), source=source_id, from_on=since_on)
        asked = urlencode({"source": source_id, "country": country})
        path = f"/sources/{quote(source_id, safe='')}"
        page = PageHead(
            title=f"Runs of {source.title}",
            path=path if country == ALL_COUNTRIES else f"{path}?{urlencode({'country': country})}",
            section="/sources",
            json=f"/api/v1/coverage?{asked}",
        )
        return render_page(
            rooms,
            session,
            page,
            "coverage.html",
            source=source,
            cover=cover_source(session, source_id, now=rooms.now()),
            country=country,
            countries=order_countries({week.country for week in weeks}),
            weeks=[week for week in weeks if week.country == country],
            most=WEEKS_SHOWN,
        )


def order_countries(countries: Iterable[str]) -> list[str]:
    """All together first, then by code, and what has no country last."""
    return sorted(countries, key=lambda code: (code != ALL_COUNTRIES, code == NO_COUNTRY, code))
