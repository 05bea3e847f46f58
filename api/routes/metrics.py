"""Metrics: what a monitoring system is told about collecting, at `/metrics` of the site.

Public like the page of the sources: nothing in it is secret.
"""

from fastapi import APIRouter, Request, Response

from api.dependencies import Reading, RoomsDep
from api.openmetrics import write_metrics
from archive.reading.sources.metrics import read_metrics

router = APIRouter()


@router.get("/metrics")
def get_metrics(request: Request, rooms: RoomsDep, session: Reading) -> Response:
    """Runs, alerts, budgets and what waits for people, read in one transaction."""
    accepted = request.headers.get("accept", "")
    text, media_type = write_metrics(read_metrics(session, rooms.now()), accepted)
    return Response(text, headers={"content-type": media_type})
