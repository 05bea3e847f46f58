"""The page of watch lists: what sources are asked beyond the ads they label political."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.pages.site import PageHead, render_page
from archive.curation.watch_lists import list_watch_lists
from archive.models.watch_lists import EntryKind
from archive.reading import list_sources
from archive.store.database import read

router = APIRouter()

PATH = "/watch-lists"

KINDS = {
    EntryKind.PAGE: "page",
    EntryKind.ADVERTISER: "advertiser",
    EntryKind.TERM: "words",
    EntryKind.LANGUAGE: "language",
}


@router.get(PATH)
def show_watch_lists(rooms: RoomsDep) -> HTMLResponse:
    """Every list with all that was ever on it."""
    page = PageHead(title="Watch lists", path=PATH, section="/sources", json="/api/v1/watch-lists")
    with read(rooms.engine) as session:
        return render_page(
            rooms,
            session,
            page,
            "watch_lists.html",
            lists=list(list_watch_lists(session)),
            titles={source.id: source.title for source in list_sources(session)},
            kinds=KINDS,
        )
