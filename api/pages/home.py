"""The first page: a search box, three doors, what is new, and what is missing."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.pages.site import PageHead, SiteDep, render_page
from archive.database import read
from archive.reading import list_sources
from archive.reading.overview import count_news

router = APIRouter()

NEWS = timedelta(days=1)


@router.get("/")
def show_home(site: SiteDep) -> HTMLResponse:
    """The first page."""
    page = PageHead(
        title="Who pays for political ads, and what they say", path="/", json="/api/v1/sources"
    )
    with read(site.engine) as session:
        sources = list_sources(session)
        return render_page(
            site,
            session,
            page,
            "home.html",
            sources=sources,
            ads=sum(source.ads for source in sources),
            disclosures=sum(source.disclosures for source in sources),
            news=count_news(session, site.now() - NEWS),
            elections=[],
        )
