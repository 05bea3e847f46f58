"""Missing: what this archive knows that it does not have."""

from fastapi import APIRouter

from api.dependencies import Reading
from archive.reading import what_is_missing
from archive.reading.views import MissingReport

router = APIRouter(tags=["sources"])


@router.get("/missing")
def get_missing(session: Reading) -> MissingReport:
    """What could not be read, is not known or was not fetched, by source and reason."""
    return what_is_missing(session)
