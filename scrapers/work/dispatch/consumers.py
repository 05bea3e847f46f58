"""The readers of the change sequence that a collecting machine runs: rules, search copy, mirror.

`following.py` calls them. Each keeps its own mark and can be killed at any point.
"""

from sqlalchemy import Engine

from archive.exports.mirror import MirrorError, compact_mirror, find_folder, sync_mirror
from archive.exports.mirror.compacting import MOST_PARTS
from archive.store.database import write
from archive.terminal import note
from config.settings import Settings
from config.yaml_files import YamlFileError
from oversight.evaluation.changes import evaluate_changes
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.rule_book import read_rule_book
from oversight.rules.use import take_into_use
from scrapers.intake.pages import Clock
from search.engines import open_search
from search.port import SearchUnavailableError
from search.sync import sync_index


def evaluate_rules(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Hold what changed against the rules; with a rule file that does not load, none is asked."""
    try:
        book = read_rule_book(settings)
    except YamlFileError as error:
        note(f"no rule was evaluated: {error}")
        return
    has_more = True
    while has_more:
        with write(engine) as session:
            rules = take_into_use(session, book, clock())
            has_more = evaluate_changes(session, rules, book.elections, clock()).has_more
            unreadable = book.list_unreadable(session)
    for rule_id, sentence in (tell_changed_files(settings, rules) | unreadable).items():
        note(f"rule {rule_id}: {sentence}")


def sync_search(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Send what changed to the search engine; one that is down is caught up by the next sync."""
    try:
        report = sync_index(engine, open_search(settings, engine), clock())
    except SearchUnavailableError as error:
        note(f"the search copy stays behind for now: {error}")
        return
    for refused in report.rejected:
        note(f"the search engine would not take {refused.id}: {refused.reason}")


def write_mirror(settings: Settings, engine: Engine, clock: Clock) -> None:
    """Add what changed to the Parquet files; a full disk or another writer is caught up with later."""
    folder = find_folder(settings)
    try:
        report = sync_mirror(engine, folder, clock())
        if report.most_parts >= MOST_PARTS:
            compact_mirror(folder, clock())
    except (MirrorError, OSError) as error:
        note(f"the mirror stays behind for now: {error}")
