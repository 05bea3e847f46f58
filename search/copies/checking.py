"""Whether the search copy holds as many ads as the archive.

`paidforby verify` calls it; a copy that lags behind is said to, and not counted as bad.
"""

from datetime import datetime

from sqlalchemy import Engine

from archive.store.checking import ArchiveCheck
from config.counts import write_count
from search.copies.status import index_status
from search.port import SearchEngine, SearchUnavailableError


def check_search(archive: Engine, search: SearchEngine, now: datetime) -> ArchiveCheck:
    """Compare the counts; documents the engine would not take are named."""
    check = ArchiveCheck(name="search")
    try:
        state = index_status(archive, search, now)
    except SearchUnavailableError as error:
        check.note_bad(str(error))
        return check
    for fault in state.faults:
        check.note_bad(fault)
    if state.faults:
        return check
    if state.documents is None:
        check.detail = "nothing has been indexed yet; paidforby index sync does it"
        return check
    check.checked = state.documents
    for row in state.rejected:
        check.note_bad(f"{row.id}: the engine does not take it: {row.reason}")
    if state.lag_changes:
        behind = write_count(state.lag_changes, "change")
        check.detail = f"{behind} behind, so counts may differ by as many"
    return check
