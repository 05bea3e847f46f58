"""The page of corrections: figures that sources changed or took back, and its feeds."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import MomentOf, RoomsDep
from api.feeds import FeedEntry, PageFeed
from api.pages.feed_routes import serve_feed
from api.pages.page_frame import set_query
from api.pages.site import PageHead, render_page, set_moment
from archive.reading import list_sources
from archive.reading.corrections import (
    KINDS,
    CorrectionFilter,
    CorrectionView,
    list_corrections,
    tell_correction,
)
from archive.reading.sources.known_sources import read_source
from archive.spending import SpendMeasure
from archive.store.database import read

router = APIRouter()

PATH = "/corrections"
CORRECTIONS_SHOWN = 50

MEASURES = {
    SpendMeasure.ADS: "numbers of ads",
    SpendMeasure.REPORTED: "what a source states for advertisers",
    SpendMeasure.DISCLOSED: "filings with authorities",
}


@router.get(PATH)
def show_corrections(
    rooms: RoomsDep,
    moment: MomentOf,
    source: str = "",
    measure: SpendMeasure | Literal[""] = "",
    subject: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """What sources changed, newest first."""
    wanted = CorrectionFilter(source or None, measure or None, subject or None)
    kept = {"source": wanted.source, "measure": wanted.measure, "subject": wanted.subject}
    data = set_query("/api/v1/corrections", **kept, cursor=cursor, limit=CORRECTIONS_SHOWN)
    page = PageHead(
        title="Corrections",
        path=set_query(PATH, **kept),
        json=set_moment(data, moment),
        keeps_history=True,
        moment=moment,
    )
    with read(rooms.engine) as session:
        if source:
            read_source(session, source)
        return render_page(
            rooms,
            session,
            page,
            "corrections.html",
            corrections=list_corrections(session, wanted, cursor, CORRECTIONS_SHOWN, moment),
            wanted=wanted,
            sources={one.id: one.title for one in list_sources(session)},
            measures=MEASURES,
            is_later=cursor is not None,
        )


def _make_feed(rooms: RoomsDep) -> PageFeed:
    with read(rooms.engine) as session:
        page = list_corrections(session, CorrectionFilter(), limit=CORRECTIONS_SHOWN)
    return PageFeed(
        title="Corrections: figures that sources changed or took back",
        path=PATH,
        author=rooms.settings.operator_name,
        public_url=rooms.settings.public_url,
        entries=[_make_entry(one) for one in page.items],
        data_as_of=page.data_as_of,
    )


def _make_entry(correction: CorrectionView) -> FeedEntry:
    return FeedEntry(
        id=f"correction/{correction.id}",
        title=f"{correction.figure}: {KINDS[correction.kind]}",
        path=set_query(PATH, source=correction.source, subject=correction.subject),
        updated_at=correction.recorded_at,
        summary=tell_correction(correction),
    )


serve_feed(router, PATH, _make_feed)
