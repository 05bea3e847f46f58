"""The page of what was put aside, and the feeds of batches that were implausible."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from api.dependencies import RoomsDep
from api.feeds import FeedEntry, PageFeed
from api.pages.feed_routes import serve_feed
from api.pages.page_frame import set_query
from api.pages.site import PageHead, render_page
from archive.models.runs import PieceStatus
from archive.reading import list_sources
from archive.reading.sources.quarantined import (
    CAUSES,
    QuarantinedBatchView,
    list_put_aside,
    list_quarantined,
    tell_batch,
    tell_decision,
)
from archive.store.database import read

router = APIRouter()

PATH = "/quarantined"
BATCHES_SHOWN = 50

STATES = {
    PieceStatus.QUARANTINED: "quarantined",
    PieceStatus.RELEASED: "released",
    PieceStatus.REJECTED: "rejected",
}


@router.get("/held", include_in_schema=False)
def redirect_former_address() -> RedirectResponse:
    """Links to the page's address before 2026-11-29 keep working."""
    return RedirectResponse(PATH, status_code=308)


@router.get(PATH)
def show_quarantined(rooms: RoomsDep, cursor: str | None = None) -> HTMLResponse:
    """What was quarantined, newest first."""
    page = PageHead(
        title="Quarantined until a person decides",
        path=PATH,
        section="/sources",
        json=set_query("/api/v1/quarantined", cursor=cursor, limit=BATCHES_SHOWN),
    )
    with read(rooms.engine) as session:
        return render_page(
            rooms,
            session,
            page,
            "quarantined.html",
            put_aside=list_put_aside(session),
            batches=list_quarantined(session, cursor=cursor, limit=BATCHES_SHOWN),
            titles={source.id: source.title for source in list_sources(session)},
            causes=CAUSES,
            tell_decision=tell_decision,
            is_later=cursor is not None,
        )


def _make_feed(rooms: RoomsDep) -> PageFeed:
    with read(rooms.engine) as session:
        page = list_quarantined(session, limit=BATCHES_SHOWN)
    return PageFeed(
        title="Quarantined until a person decides: what sources said that was implausible",
        path=PATH,
        author=rooms.settings.operator_name,
        public_url=rooms.settings.public_url,
        entries=[_make_entry(batch) for batch in page.items],
        data_as_of=page.data_as_of,
    )


def _make_entry(batch: QuarantinedBatchView) -> FeedEntry:
    """A batch as it is now: settled, it is the same entry, updated."""
    return FeedEntry(
        id=f"quarantined/{batch.name}",
        title=f"{batch.source}, {batch.partition}: {CAUSES[batch.cause]} ({STATES[batch.status]})",
        path=f"{PATH}#{batch.name}",
        updated_at=batch.settled_at or batch.quarantined_at,
        summary=tell_batch(batch),
    )


serve_feed(router, PATH, _make_feed)
