"""Missing: what this archive knows that it does not have."""

from fastapi import APIRouter, Response

from api.dependencies import Reading, RoomsDep
from api.listings import CSV_TOO, Format, FormatOf, answer_csv
from archive.reading import what_is_missing
from archive.reading.views import DataGap, MissingReport

router = APIRouter(tags=["sources"])


@router.get("/missing", response_model=MissingReport, responses=CSV_TOO)
def get_missing(
    rooms: RoomsDep, session: Reading, shape: FormatOf = Format.JSON
) -> MissingReport | Response:
    """What could not be read, is not known or was not fetched, by source and reason.

    As CSV the data gaps alone; runs that did not end as done are in the list of runs.
    """
    report = what_is_missing(session, rooms.now())
    return answer_csv(DataGap, report.data_gaps) if shape is Format.CSV else report
