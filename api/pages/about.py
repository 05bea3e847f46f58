"""The page about the archive itself: how to read it, how to check it, licences, accessibility, privacy."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.pages.site import PageHead, render_page
from archive.store.database import read

router = APIRouter()


@router.get("/about")
def show_about(rooms: RoomsDep) -> HTMLResponse:
    """What this is, and how to check it."""
    page = PageHead(title="What this is, and how to check it", path="/about")
    with read(rooms.engine) as session:
        return render_page(
            rooms, session, page, "about.html", data_licence=rooms.settings.data_licence
        )
