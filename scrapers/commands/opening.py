"""The archive for commands that may be the first to need it: opened, or made where there is none."""

from sqlalchemy import Engine

from archive.errors import NotInitialisedError
from archive.ingest.ads.asked_countries import note_unmarked
from archive.privacy.projecting import project_changed
from archive.records.escaping import escape_text
from archive.store.database import open_engine, write
from archive.store.home import mark_home, tell_home
from archive.store.revisions import require_current
from archive.store.setup import init_archive
from archive.terminal import note, utc_now
from config.counts import write_count
from config.settings import Settings
from scrapers.spiders import find_spiders


def open_or_init(settings: Settings) -> Engine:
    """The archive, made where there is none; tables that are not this program's are refused, not changed.

    Raises:
        OtherTablesError: if they are older or newer.
    """
    engine = open_engine(settings)
    try:
        require_current(engine)
    except NotInitialisedError:
        note(f"new archive at {engine.url.set(query={}).render_as_string()}")
    finally:
        engine.dispose()
    return bring_up_to_date(settings)


def bring_up_to_date(settings: Settings) -> Engine:
    """The archive with the newest tables, which knows every source and shows what may be shown today."""
    spiders = find_spiders().values()
    engine = init_archive(settings, [spider.describe(settings) for spider in spiders])
    with write(engine) as session:
        mark_home(session, settings)
        apart = tell_home(session, settings)
        changed = project_changed(session, utc_now())
        asked = note_unmarked(session, utc_now())
    if apart:
        note(f"{apart}; machines of one archive share one PAIDFORBY_HOME: paidforby doctor")
    if asked:
        note(
            f"{write_count(asked, 'ad counts', 'ads count')} as shown in a country from now on that their "
            "source was asked for, since it states none"
        )
    if changed:
        note(
            "other fields of sources are shown than before: "
            f"{write_count(changed, 'record looks', 'records look')} otherwise now"
        )
        clear_or_tell(settings, engine)
    return engine


def clear_or_tell(settings: Settings, engine: Engine) -> bool:
    """Let every copy follow at once; says on standard error which could not, and whether all could."""
    # Search and DuckDB take long to import, and mostly nothing was withheld.
    from scrapers.work.dispatch.copies import clear_copies  # noqa: PLC0415

    left = clear_copies(settings, engine, utc_now())
    for line in left:
        note(escape_text(line))
    if left:
        note(
            "when they can be reached again, type: paidforby index sync, then paidforby mirror sync"
        )
    return not left
