"""Metrics: what a monitoring system is told about collecting, at `/metrics` of the site.

Public like the page of the sources: nothing in it is secret.
"""

from fastapi import APIRouter, Response

from api.dependencies import Reading, RoomsDep
from api.openmetrics import CONTENT_TYPE, write_metrics
from archive.reading.sources.metrics import read_metrics

router = APIRouter()


@router.get("/metrics")
def get_metrics(rooms: RoomsDep, session: Reading) -> Response:
    """Runs, alerts, budgets and what waits for people, read in one transaction."""
    text = write_metrics(read_metrics(session, rooms.now()))
    return Response(text, media_type=CONTENT_TYPE)
