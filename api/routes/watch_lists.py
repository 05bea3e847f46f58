"""Watch lists: what sources are asked beyond the ads they label political, by whom added and why."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.dependencies import Reading
from api.listings import Listing, answer_whole
from archive.watch_lists import WatchListView, list_watch_lists, read_watch_list

router = APIRouter(prefix="/watch-lists", tags=["sources"])


@router.get("")
def get_watch_lists(
    session: Reading,
    source: Annotated[str | None, Query(description="Only lists put to this source.")] = None,
) -> Listing[WatchListView]:
    """Every list by its name, with all that was ever on it."""
    return answer_whole(session, list(list_watch_lists(session, source)))


@router.get("/{list_id}")
def get_watch_list(
    session: Reading, list_id: Annotated[str, Path(description="Short name of the list.")]
) -> WatchListView:
    """One list, with all that was ever on it."""
    return read_watch_list(session, list_id)
