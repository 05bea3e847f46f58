"""Pages about what this archive looks at, and about what is not in it."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.pages.site import PageHead, render_page
from api.pages.strips import draw_strip, list_stretches
from archive.database import read
from archive.reading import cover_source, list_sources, what_is_missing
from archive.reading.coverage import cover_source_days
from archive.reading.held import find_held

router = APIRouter()

DAYS_SHOWN = 90

LACKS = {
    "held_back": ("Held back", "pieces that could not be read, with their bytes kept"),
    "held_batch": ("Not believed", "batches that are held until a person decides"),
    "undated": ("Undated ads", "ads whose first day is unknown"),
    "no_currency": (
        "No currency",
        "ads whose spend has no currency, and so is never added to any other",
    ),
    "no_spend": ("No spend", "ads for which no amount is known"),
    "payer_unknown": ("Payer unknown", "ads for which nobody is named as paying"),
    "no_text": ("No text", "ads without any words we could keep"),
    "media_not_fetched": ("Pictures and videos", "ads whose picture or video is not kept here"),
}


@router.get("/sources")
def show_sources(rooms: RoomsDep) -> HTMLResponse:
    """Every source: the last look, days covered, what it lacks, its terms."""
    page = PageHead(
        title="What this archive looks at",
        path="/sources",
        section="/sources",
        json="/api/v1/sources",
    )
    now = rooms.now()
    end_on = now.date()
    start_on = end_on - timedelta(days=DAYS_SHOWN - 1)
    with read(rooms.engine) as session:
        rows = []
        for source in list_sources(session):
            days = cover_source_days(session, source.id, start_on, end_on, now=now)
            cover = cover_source(session, source.id, now=now)
            rows.append((source, cover, draw_strip(days), list_stretches(days)))
        return render_page(
            rooms,
            session,
            page,
            "sources.html",
            rows=rows,
            days=DAYS_SHOWN,
            held=find_held(session),
        )


@router.get("/missing")
def show_missing(rooms: RoomsDep) -> HTMLResponse:
    """What is not here, counted, with reasons."""
    page = PageHead(title="What is not here, and why", path="/missing", json="/api/v1/missing")
    with read(rooms.engine) as session:
        report = what_is_missing(session)
        titles = {source.id: source.title for source in list_sources(session)}
        groups = [
            (name, title, says, [lack for lack in report.lacks if lack.what == name])
            for name, (title, says) in LACKS.items()
        ]
        return render_page(
            rooms, session, page, "missing.html", groups=groups, report=report, titles=titles
        )
