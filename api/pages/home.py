"""The first page: a search box, three doors, what is new, and what is missing."""

from collections.abc import Sequence
from datetime import date, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.pages.site import PageHead, render_page
from archive.reading import list_sources
from archive.reading.sources.overview import count_news
from archive.store.database import read
from config.counts import write_count
from oversight.reference.elections import Election

router = APIRouter()

NEWS = timedelta(days=1)
NEAR = timedelta(days=90)
SOURCE_BYTES = 10_000
"""What is told of one source takes no more, about."""


@router.get("/")
def show_home(rooms: RoomsDep) -> HTMLResponse:
    """The first page."""
    page = PageHead(
        title="Who pays for political ads, and what they say", path="/", json="/api/v1/sources"
    )
    with read(rooms.engine) as session:
        sources, news = rooms.keep(
            session,
            ("home", rooms.now().replace(minute=0, second=0, microsecond=0)),
            lambda: (list_sources(session, rooms.now()), count_news(session, rooms.now() - NEWS)),
            lambda told: SOURCE_BYTES * len(told[0]),
        )
        return render_page(
            rooms,
            session,
            page,
            "home.html",
            sources=sources,
            ads=sum(source.ads for source in sources),
            unlabelled=sum(source.unlabelled for source in sources),
            disclosures=sum(source.disclosures for source in sources),
            news=news,
            elections=order_elections(rooms.book.elections, rooms.now().date()),
        )


def order_elections(elections: Sequence[Election], today: date) -> list[tuple[Election, str]]:
    """The calendar with how near each polling day is: those to come first, then the latest."""
    coming = [e for e in elections if e.polling_days[-1] >= today]
    past = [e for e in reversed(elections) if e.polling_days[-1] < today]
    return [(e, _tell_distance(e, today)) for e in (*coming, *past)]


def _tell_distance(election: Election, today: date) -> str:
    if election.polling_days[-1] < today:
        return "over"
    distance = election.polling_days[0] - today
    if distance <= timedelta(0):
        return "today"
    return f"in {write_count(distance.days, 'day')}" if distance <= NEAR else "later"
