"""Metrics: what a monitoring system is told about collecting, copies and readers, at `/metrics` of the site.

Nothing in it is secret; nginx of docs/run keeps it from the world all the same.
"""

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from api.dependencies import Reading, Rooms, RoomsDep
from api.openmetrics import write_metrics
from archive.duplicates import changes as copies
from archive.exports.mirror.manifest import find_folder, read_manifest
from archive.exports.mirror.syncing import name_consumer
from archive.reading.machine_metrics import read_machine_metrics
from archive.reading.sources.metrics import read_metrics
from archive.store.changes import read_position
from oversight.evaluation.changes import CONSUMER
from search.copies.consumer_position import read_last_noted

router = APIRouter()


@router.get("/metrics")
def get_metrics(request: Request, rooms: RoomsDep, session: Reading) -> Response:
    """Runs, alerts, budgets, copies, room and requests, read in one transaction."""
    accepted = request.headers.get("accept", "")
    now, positions = rooms.now(), dict(_find_positions(rooms, session))
    metrics = [
        *read_metrics(session, now),
        *read_machine_metrics(session, rooms.settings, positions, now),
        *rooms.counts.collect(),
    ]
    text, media_type = write_metrics(metrics, accepted)
    return Response(text, headers={"content-type": media_type})


def _find_positions(rooms: Rooms, session: Session) -> Iterator[tuple[str, int]]:
    """How far each copy that was ever filled has followed the archive, as the archive has it."""
    noted = read_last_noted(session, rooms.search)
    if noted is not None:
        yield "search", noted
    manifest = read_manifest(find_folder(rooms.settings))
    consumers = {"rules": CONSUMER, "copies": copies.CONSUMER} | (
        {"mirror": name_consumer(manifest)} if manifest else {}
    )
    for name, consumer in consumers.items():
        if mark := read_position(session, consumer):
            yield name, mark.seq
