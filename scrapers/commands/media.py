"""The command that fetches pictures, videos and pages of ads, and says what came of it."""

from collections import Counter
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status

from archive.media.machine_text import find_tesseract
from archive.media.terms import MediaTermsScope
from archive.models.media import MediaState
from archive.records import Allowance
from archive.store.database import read
from archive.store.realm import read_realm
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    WRONG_USAGE,
    AsJson,
    emit_json,
    format_table,
    note,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Realm, Settings
from scrapers.media.collecting import (
    FetchedAddress,
    MediaOrder,
    fetch_media,
    list_wanted,
)
from scrapers.media.machine_text import read_kept

app = typer.Typer(
    help="Pictures, videos and pages of ads.", no_args_is_help=True, rich_markup_mode=None
)

Counts = Counter[tuple[str, str]]
"""How many addresses of a source ended in a state."""


@app.callback()
def _root() -> None:
    """Pictures, videos and pages of ads."""


@app.command()
def fetch(
    source: Annotated[list[str] | None, typer.Option(help="Only this source; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many ads of each source.")] = 100,
    base_url: Annotated[
        str, typer.Option(help="A replica's address in every host's place; invented data only.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Fetch and keep what is due, where the source's terms allow.

    Example: paidforby media fetch --source snap --limit 100
    """
    settings = Settings()
    engine = open_or_exit(settings)
    order = MediaOrder(frozenset(source) if source else None, limit, base_url)
    known = {scope.source for scope in list_wanted(engine, order)}
    if unknown := sorted(set(source or ()) - known):
        note(f"there is no source {', '.join(unknown)} in this archive; type: paidforby sources")
        raise typer.Exit(WRONG_USAGE)
    with read(engine) as session:
        is_invented = read_realm(session) == Realm.FICTIONAL
    if is_invented and not base_url:
        note("addresses of invented ads lead nowhere; --base-url names the replica to ask instead")
    counts: Counts = Counter()
    with plain_errors(), Console(stderr=True).status("fetching media") as status:
        for fetched in fetch_media(settings, engine, utc_now, order):
            _count(fetched, counts, status)
        words_read = read_kept(settings, engine, utc_now, limit)
    if as_json:
        emit_json(_list_counts(sorted(known), counts) | {"words_read": words_read})
    else:
        for line in _tell_counts(list_wanted(engine, order), counts):
            say(line)
    waits = any(state == MediaState.UNREACHABLE for _, state in counts)
    raise typer.Exit(DONE_WITH_REMAINDERS if waits else DONE)


def _count(fetched: FetchedAddress, counts: Counts, status: Status) -> None:
    counts[fetched.source, fetched.outcome.state] += 1
    addresses = write_count(counts.total(), "address", "addresses")
    status.update(f"fetching media: {addresses}, now {fetched.source}")


def _list_counts(sources: list[str], counts: Counts) -> dict[str, object]:
    """The counts as programs read them: source -> state -> addresses."""
    return {"sources": {s: {state: counts[s, state] for state in MediaState} for s in sources}}


def _tell_counts(scopes: list[MediaTermsScope], counts: Counts) -> list[str]:
    """The counts as a table, and which sources and feeds are left alone, and why."""
    header = ("source", *(state.replace("_", " ") for state in MediaState))
    names = dict.fromkeys(scope.source for scope in scopes)
    fetched = [name for name in names if any(counts[name, state] for state in MediaState)]
    rows = [(name, *(counts[name, state] for state in MediaState)) for name in fetched]
    lines = format_table(header, rows) if rows else ["nothing was due"]
    left = {s.name: s.terms.because for s in scopes if s.terms.allows == Allowance.LEAVE}
    for because in dict.fromkeys(left.values()):
        alone = ", ".join(name for name in left if left[name] == because)
        lines.append(f"left alone, because {because}: {alone}")
    if find_tesseract() is None:
        lines.append("words in pictures are not read: this machine has no tesseract")
    return [*lines, "next: paidforby sources"]
