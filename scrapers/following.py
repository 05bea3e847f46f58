"""After data came in: evaluate the rules on what changed, then bring the search copy up to date.

The worker and the commands call it; each reader keeps its own mark and can be killed at any point.
Neither a broken rule file nor a search engine that is down undoes what was taken in.
"""

from sqlalchemy import Engine

from archive.database import write
from archive.terminal import note
from config.settings import Settings
from oversight.elections import load_elections
from oversight.evaluate import evaluate_changes
from oversight.reference_files import ReferenceFileError
from oversight.rules import load_rules
from scrapers.intake import Clock
from search.engines import open_search
from search.port import SearchUnavailableError
from search.sync import sync_index


def follow_changes(
    settings: Settings, engine: Engine, clock: Clock, *, evaluate: bool = True, index: bool = True
) -> None:
    """Let the readers of the change sequence catch up; says on standard error what stays behind."""
    if evaluate:
        _evaluate_rules(settings, engine, clock)
    if index:
        _sync_search(settings, engine, clock)


def _evaluate_rules(settings: Settings, engine: Engine, clock: Clock) -> None:
    try:
        rules, elections = load_rules(settings), load_elections(settings)
    except ReferenceFileError as error:
        note(f"no rule was evaluated: {error}")
        return
    has_more = True
    while has_more:
        with write(engine) as session:
            has_more = evaluate_changes(session, rules, elections, clock()).has_more


def _sync_search(settings: Settings, engine: Engine, clock: Clock) -> None:
    try:
        report = sync_index(engine, open_search(settings, engine), clock())
    except SearchUnavailableError as error:
        note(f"the search copy stays behind for now: {error}")
        return
    for refused in report.rejected:
        note(f"the search engine would not take {refused.id}: {refused.reason}")
