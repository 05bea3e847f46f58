"""The page about the archive itself: how to read it, how to check it, accessibility, privacy."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.pages.site import PageHead, SiteDep, render_page
from archive.database import read

router = APIRouter()


@router.get("/about")
def show_about(site: SiteDep) -> HTMLResponse:
    """What this is, and how to check it."""
    page = PageHead(title="What this is, and how to check it", path="/about")
    with read(site.engine) as session:
        return render_page(site, session, page, "about.html")
