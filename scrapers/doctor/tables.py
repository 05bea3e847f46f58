"""The archive's database and the queue's tables in it."""

from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from archive.errors import NotInitialisedError, OtherTablesError
from archive.runs.crawling_stops import find_stop, tell_stop
from archive.runs.quarantine import count_open
from archive.store.database import create_archive_engine, is_postgresql, read
from archive.store.realm import read_realm
from archive.store.revisions import require_current
from config.settings import Settings
from scrapers.doctor.findings import Finding
from scrapers.work.dispatch.queue_schema import TOO_NEW, list_migrations, read_release


def examine_database(settings: Settings) -> Finding:
    """The archive's database; SQLite is not made here, only looked for."""
    file = settings.home / "archive.sqlite3"
    if settings.database_url is None and not file.exists():
        return Finding("archive", False, f"none at {settings.home}", to_type="paidforby init")
    engine = create_archive_engine(settings.resolved_database_url)
    kind = "PostgreSQL" if is_postgresql(engine) else "SQLite"
    try:
        require_current(engine)
        with read(engine) as session:
            realm, put_aside, stop = read_realm(session), count_open(session), find_stop(session)
    except (NotInitialisedError, OtherTablesError) as error:
        is_newer = isinstance(error, OtherTablesError) and error.is_newer
        advice = "upgrade paidforby on this machine" if is_newer else "paidforby init"
        return Finding("archive", False, str(error), to_type=advice)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        # What SQLite says of a damaged file is of this very class.
        is_damaged = type(error) is DatabaseError
        server = "check PAIDFORBY_DATABASE_URL and the server"
        advice = "bring back a backup: paidforby restore" if is_damaged else server
        told = f"{kind} {'cannot be read' if is_damaged else 'does not answer'}: {cause}"
        return Finding("archive", False, told, to_type=advice)
    finally:
        engine.dispose()
    told = f"{kind}, realm: {realm or 'not set before the first run'}"
    if stop:
        told, advice = (
            f"{told}; crawling is {tell_stop(stop)}",
            "paidforby crawling resume --by NAME",
        )
        return Finding("archive", True, told, to_type=advice, warns=True)
    waiting = ", ".join(f"{count:,} at {stage}" for stage, count in put_aside.items() if count)
    if waiting:
        advice = "paidforby quarantine list"
        return Finding("archive", True, f"{told}; put aside: {waiting}", to_type=advice, warns=True)
    return Finding("archive", True, told)


def examine_queue(settings: Settings) -> list[Finding]:
    """The queue's tables, where there are any."""
    if settings.database_url is None:
        return []
    engine = create_archive_engine(settings.resolved_database_url)
    if not is_postgresql(engine):
        return []
    try:
        with read(engine) as session:
            release = read_release(session.connection())
    except SQLAlchemyError:
        # That the server does not answer is said of the archive.
        return []
    finally:
        engine.dispose()
    newest = list_migrations()[-1].stem
    if release > newest:
        return [Finding("queue", False, TOO_NEW)]
    made_anew = "of an older procrastinate: the scheduler makes them anew when it starts"
    state = "up to date" if release == newest else made_anew
    return [Finding("queue", True, f"its tables are {state}")] if release else []
