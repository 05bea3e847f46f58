"""What is not shown any more, out of every copy at once: kept texts, names, search engines, mirror.

Commands call it in the step in which something was withheld. A copy that cannot follow is named; the archive
itself has it no longer.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from archive.duplicates.changes import CONSUMER, follow_changes
from archive.exports.mirror import MirrorError, compact_mirror, find_folder, sync_mirror
from archive.exports.mirror.manifest import read_manifest
from archive.names.following import bring_names_on
from archive.store.changes import reach_quietly, read_position
from archive.store.database import read
from config.settings import Settings
from search.copies.sync import sync_index
from search.embedded import EmbeddedSearch
from search.engines import open_search
from search.port import ForeignCopyError, SearchEngine, SearchUnavailableError


def clear_copies(settings: Settings, engine: Engine, now: datetime) -> list[str]:
    """Let every copy there is follow the archive, old files too; names those that could not, and why."""
    bring_names_on(engine, now)
    left = []
    for name, follow in _list_copies(settings, engine, now):
        try:
            follow()
        except (SearchUnavailableError, MirrorError, OSError) as error:
            left.append(f"{name} still has it: {error}")
    return left


def _list_copies(
    settings: Settings, engine: Engine, now: datetime
) -> Iterator[tuple[str, Callable[[], object]]]:
    with read(engine) as session:
        is_compared = read_position(session, CONSUMER) is not None
    if is_compared:
        yield (
            "the texts kept to find copies",
            partial(follow_changes, engine, lambda: now, reach_quietly),
        )
    search = open_search(settings, engine)
    # What was filled before another engine was chosen is a copy as well.
    embedded = open_search(settings.model_copy(update={"meilisearch_url": None}), engine)
    for each in {search.name: search, embedded.name: embedded}.values():
        yield f"the search copy ({each.name})", partial(_follow, engine, each, now)
    if read_manifest(find_folder(settings)) is not None:
        yield "the mirror", partial(_rewrite_mirror, settings, engine, now)


def _follow(engine: Engine, search: SearchEngine, now: datetime) -> None:
    """Bring a search copy up to date, if there is one.

    Raises:
        SearchUnavailableError: if the engine is away, or keeps an old document in place of a new one.
    """
    if search.read_copy() is None:
        return
    try:
        rejected = sync_index(engine, search, now).rejected
    except ForeignCopyError:
        # Nothing of this archive is in it.
        return
    if rejected:
        raise SearchUnavailableError(f"it would not take {', '.join(row.id for row in rejected)}")
    if isinstance(search, EmbeddedSearch):
        search.forget_words()


def _rewrite_mirror(settings: Settings, engine: Engine, now: datetime) -> None:
    """Bring the files up to date and delete those that hold what was there before."""
    folder = find_folder(settings)
    sync_mirror(engine, folder, now)
    compact_mirror(folder, now)
    # The second one deletes what the first replaced, also under those who read it.
    compact_mirror(folder, now)
