"""Watch lists: what sources are asked beyond the ads they label political, by whom added and why."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.dependencies import Reading
from api.listings import CSV_TOO, Format, FormatOf, Listing, answer_csv, answer_whole
from api.parameters import SourceOf
from archive.curation.watch_lists import WatchListView, list_watch_lists, read_watch_list
from archive.models.watch_lists import WatchListEntryView

router = APIRouter(prefix="/watch-lists", tags=["sources"])


@router.get("", response_model=Listing[WatchListView], responses=CSV_TOO)
def get_watch_lists(
    session: Reading,
    source: SourceOf,
    shape: FormatOf = Format.JSON,
) -> Listing[WatchListView] | Response:
    """Every list by its name, with all that was ever on it; as CSV, a row for each entry."""
    lists = list(list_watch_lists(session, source))
    if shape is Format.CSV:
        return answer_csv(WatchListEntryView, [entry for view in lists for entry in view.entries])
    return answer_whole(session, lists)


@router.get("/{list_id}")
def get_watch_list(
    session: Reading, list_id: Annotated[str, Path(description="Short name of the list.")]
) -> WatchListView:
    """One list, with all that was ever on it."""
    return read_watch_list(session, list_id)
