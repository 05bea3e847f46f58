"""The readers of the change sequence that a collecting machine runs: rules, search copy, mirror, copies.

`following.py` calls them. Each keeps its own mark and can be killed at any point.
"""

from contextlib import nullcontext

from sqlalchemy import Engine

from archive.duplicates.changes import follow_changes
from archive.exports.mirror import MirrorError, compact_mirror, find_folder, sync_mirror
from archive.exports.mirror.compacting import MOST_PARTS
from archive.names.following import bring_names_on
from archive.runs.tries import note_try
from archive.store.changes import Reach
from archive.store.database import read, write
from archive.terminal import note, note_refused
from config.settings import Settings
from oversight.evaluation.changes import CONSUMER, MOST_AT_ONCE, count_waiting, evaluate_changes
from oversight.reference.formulas import list_stale
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import take_into_use
from scrapers.intake.pages import Clock
from search.copies.consumer_position import count_behind
from search.copies.sync import sync_index
from search.engines import open_search
from search.port import SearchUnavailableError

EVERYTHING = 2**31


def evaluate_rules(settings: Settings, engine: Engine, clock: Clock, reach: Reach) -> int:
    """Take new rule files into use, and hold what changed against the rules that are in use.

    Gives how many ads were put aside; files that cannot be used `refused_files.py` names.
    """
    book = read_rule_book(settings)
    put_aside, has_more, done, of = 0, True, 0, 0
    with write(engine) as session:
        take_into_use(session, book, clock())
    while has_more:
        with read(engine) as session:
            rules = book.list_in_use(session)
            unreadable = book.list_unreadable(session)
            of = of or count_waiting(session, rules, book.elections, EVERYTHING)
            waiting = count_waiting(session, rules, book.elections, MOST_AT_ONCE)
        # Where nothing waits, nothing can kill: the mark is looked after all the same.
        trying = note_try(engine, CONSUMER, waiting, clock()) if waiting else nullcontext()
        with trying as noted, write(engine) as session:
            most = noted.most if noted else MOST_AT_ONCE
            report = evaluate_changes(session, rules, book.elections, clock(), most, noted)
        put_aside += report.put_aside
        has_more, done = report.has_more, done + waiting
        reach(done, max(of, done))
    for rule_id, sentence in (tell_changed_files(settings, rules) | unreadable).items():
        note(f"rule {rule_id}: {sentence}")
    note_refused(list_stale(settings, clock().date()))
    return put_aside


def sync_search(settings: Settings, engine: Engine, clock: Clock, reach: Reach) -> int:
    """Count who bears which name, and send what changed to the search engine.

    An engine that is down is caught up by the next sync. Gives how many ads were put aside.
    """
    bring_names_on(engine, clock())
    search = open_search(settings, engine)
    try:
        behind = count_behind(engine, search)
        report = sync_index(engine, search, clock(), lambda done: reach(done, max(behind, done)))
    except SearchUnavailableError as error:
        note(f"the search copy stays behind for now: {error}")
        return 0
    return len(report.rejected)


def write_mirror(settings: Settings, engine: Engine, clock: Clock, reach: Reach) -> int:
    """Add what changed to the Parquet files; a full disk or another writer is caught up with later.

    Gives how many rows were put aside.
    """
    folder = find_folder(settings)
    try:
        report = sync_mirror(engine, folder, clock(), reach=reach)
        if report.most_parts >= MOST_PARTS:
            compact_mirror(folder, clock())
    except (MirrorError, OSError) as error:
        note(f"the mirror stays behind for now: {error}")
        return 0
    return len(report.put_aside)


def find_copies(_settings: Settings, engine: Engine, clock: Clock, reach: Reach) -> int:
    """Compare what changed with other ads; gives how many ads were put aside."""
    return follow_changes(engine, clock, reach)
