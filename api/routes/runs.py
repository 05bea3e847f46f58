"""Runs: every run of a source and how it ended."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.auth import require_role
from api.dependencies import Cursor, Limit, Reading, RoomsDep
from api.listings import (
    CSV_TOO,
    Listing,
    ShapeOf,
)
from api.parameters import SourceOf
from archive.models.people import Role
from archive.reading import list_runs
from archive.reading.sources.sources import read_run_detail
from archive.reading.views import RunDetail, RunView

router = APIRouter(prefix="/runs", tags=["sources"])


@router.get("", response_model=Listing[RunView], responses=CSV_TOO)
def get_runs(
    rooms: RoomsDep,
    session: Reading,
    shape: ShapeOf,
    source: SourceOf,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[RunView] | Response:
    """Runs of sources, newest first."""
    page = list_runs(session, source, cursor, limit, rooms.now())
    return shape.answer_page(RunView, page)


@router.get("/{run_id}/detail", dependencies=[Depends(require_role(Role.OPERATOR))])
def get_run_detail(
    session: Reading, run_id: Annotated[int, Path(ge=1, le=2**63 - 1, description="The run's id.")]
) -> RunDetail:
    """What was kept of how a run ended; for operators, since it may quote its source."""
    return read_run_detail(session, run_id)
