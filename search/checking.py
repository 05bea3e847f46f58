"""Whether the search copy holds as many ads as the archive.

`paidforby verify` calls it; a copy that lags behind is said to, and not counted as bad.
"""

from datetime import datetime

from sqlalchemy import Engine

from archive.store.checking import ArchiveCheck
from config.counts import write_count
from search.port import SearchEngine, SearchUnavailableError
from search.sync import IndexStatus, index_status


def check_search(archive: Engine, search: SearchEngine, now: datetime) -> ArchiveCheck:
    """Compare the counts; documents the engine would not take are named."""
    check = ArchiveCheck(name="search")
    try:
        state = index_status(archive, search, now)
        if _differs(state):
            # A worker may have brought it on between the two counts.
            state = index_status(archive, search, now)
    except SearchUnavailableError as error:
        check.note_bad(str(error))
        return check
    if state.documents is None or state.mark is None:
        check.detail = "nothing has been indexed yet; paidforby index sync does it"
        return check
    check.checked = state.documents
    for row in state.rejected:
        check.note_bad(f"{row.id}: the engine does not take it: {row.reason}")
    if state.lag_changes:
        check.detail = f"{write_count(state.lag_changes, 'change')} behind, so ads are not counted"
    elif _differs(state):
        check.note_bad(
            f"{write_count(state.documents, 'ad')} in the copy, {state.ads:,} in the archive"
        )
    return check


def _differs(state: IndexStatus) -> bool:
    return (state.documents or 0) + len(state.rejected) != state.ads
