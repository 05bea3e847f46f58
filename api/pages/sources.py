"""Pages about what this archive collects, and about what is not in it."""

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import RoomsDep
from api.feeds import FeedEntry, PageFeed
from api.pages.coverage_strip import draw_coverage_strip, list_row_ranges
from api.pages.feed_routes import serve_feed
from api.pages.site import PageHead, render_page
from archive.reading import cover_source, list_sources, read_data_as_of, what_is_missing
from archive.reading.coverage import cover_source_days
from archive.reading.sources.quarantined import find_quarantined
from archive.reading.sources.watched_sources import list_told_alerts, list_watched_sources
from archive.runs.crawling_stops import find_stop
from archive.store.database import read

router = APIRouter()

PATH = "/sources"
DAYS_SHOWN = 90

KINDS = {
    "silent": "silent",
    "few_records": "fewer records than expected",
    "many_records": "more records than expected",
    "fall": "a fall",
    "blank_field": "a field that is blank too often",
}

DATA_GAPS = {
    "quarantined_pieces": ("Quarantined", "pieces that could not be read, with their bytes kept"),
    "quarantined_batch": ("Implausible", "batches that are quarantined until a person decides"),
    "undated": ("Undated ads", "ads whose first day is unknown"),
    "no_currency": (
        "No currency",
        "ads whose spend has no currency, and so is never added to any other",
    ),
    "no_spend": ("No spend", "ads for which no amount is known"),
    "payer_unknown": ("Payer unknown", "ads for which nobody is named as paying"),
    "no_text": ("No text", "ads without any words we could keep"),
    "unlabelled": (
        "Not called political",
        "ads that no list and no sum shows unless you ask for them",
    ),
    "media_not_fetched": ("Pictures and videos", "ads whose picture or video is not kept here"),
}


@router.get(PATH)
def show_sources(rooms: RoomsDep) -> HTMLResponse:
    """Every source: the last run, days covered, what it does not tell, its terms."""
    page = PageHead(
        title="What this archive collects",
        path=PATH,
        section=PATH,
        json="/api/v1/sources",
    )
    now = rooms.now()
    end_on = now.date()
    start_on = end_on - timedelta(days=DAYS_SHOWN - 1)
    with read(rooms.engine) as session:
        rows = []
        for source in list_watched_sources(session, now):
            days = cover_source_days(session, source.id, start_on, end_on, now=now)
            cover = cover_source(session, source.id, now=now)
            rows.append((source, cover, draw_coverage_strip(days), list_row_ranges(days)))
        return render_page(
            rooms,
            session,
            page,
            "sources.html",
            rows=rows,
            stop=find_stop(session),
            days=DAYS_SHOWN,
            refused=[each for each in rooms.list_refused(session) if not each.is_of_rules],
            held=find_quarantined(session),
        )


def _make_feed(rooms: RoomsDep) -> PageFeed:
    with read(rooms.engine) as session:
        alerts = list_told_alerts(session, rooms.now())
        titles = {source.id: source.title for source in list_sources(session)}
        data_as_of = read_data_as_of(session)
    return PageFeed(
        title="Alerts: silent sources, and runs that brought what nobody expected",
        path=PATH,
        author=rooms.settings.operator_name,
        public_url=rooms.settings.public_url,
        entries=[
            FeedEntry(
                id=f"alert/{alert.id}",
                title=f"{titles.get(alert.source, alert.source)}: {KINDS[alert.kind]}",
                path=f"{PATH}#{alert.source}",
                updated_at=alert.since_at,
                summary=alert.reason,
            )
            for alert in alerts
        ],
        data_as_of=data_as_of,
    )


@router.get("/missing")
def show_missing(rooms: RoomsDep) -> HTMLResponse:
    """What is not here, counted, with reasons."""
    page = PageHead(title="What is not here, and why", path="/missing", json="/api/v1/missing")
    with read(rooms.engine) as session:
        report = what_is_missing(session, rooms.now())
        titles = {source.id: source.title for source in list_sources(session)}
        groups = [
            (
                name,
                title,
                says,
                [data_gap for data_gap in report.data_gaps if data_gap.what == name],
            )
            for name, (title, says) in DATA_GAPS.items()
        ]
        return render_page(
            rooms, session, page, "missing.html", groups=groups, report=report, titles=titles
        )


serve_feed(router, PATH, _make_feed)
