"""Commands about credentials of sources: how each stands, and whether its source takes it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from archive.models import Run
from archive.models.runs import Outcome
from archive.records.escaping import escape_text
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    FAILED,
    AsJson,
    emit_json,
    format_table,
    note,
    note_refused,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings
from scrapers.commands.importing import find_spider
from scrapers.work.crawl.checking import check_source
from scrapers.work.crawl.crawl_process import find_realm
from scrapers.work.crawl.crawling import CrawlOrder
from scrapers.work.plan.credentials import list_standings, read_credentials

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What sources must be shown: whose it is, until when it holds, whether it is taken.",
)


class CredentialTest(StrEnum):
    """What a source said to its credential."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNKNOWN = "unknown"


EXIT_CODES = {
    CredentialTest.TAKEN: DONE,
    CredentialTest.UNKNOWN: DONE_WITH_REMAINDERS,
    CredentialTest.REFUSED: FAILED,
}
"""From good to bad."""


@dataclass(frozen=True)
class TestVerdict:
    """What came of a test call."""

    source: str
    answer: CredentialTest
    reason: str


@app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """Every credential: whether it is given, whose it is, until when it holds.

    Example: paidforby credentials list
    """
    settings, today = Settings(), utc_now().date()
    with plain_errors():
        standings, refused = list_standings(settings), read_credentials(settings).refused
    note_refused(refused)
    if as_json:
        emit_json([vars(standing) | {"says": standing.tell(today)} for standing in standings])
    else:
        rows = [(standing.source, standing.tell(today)) for standing in standings]
        say("\n".join(format_table(("source", "credential"), rows)))
        say("next: paidforby credentials test")
    raise typer.Exit(DONE_WITH_REMAINDERS if refused else DONE)


@app.command("test")
def try_command(
    source: Annotated[str | None, typer.Argument(help="Source; without it: all.")] = None,
    base_url: Annotated[
        str, typer.Option(help="Another address in the source's place, such as the replica's.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Ask each source for its first answer, and say whether it took the credential.

    Example: paidforby credentials test meta_ad_library
    """
    settings = Settings()
    with plain_errors():
        if source is None:
            sources = [standing.source for standing in list_standings(settings)]
            verdicts = [_test_in_child(each, base_url) for each in sources]
        else:
            verdicts = [_test_here(settings, source, base_url)]
    if as_json:
        emit_json([vars(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            say(escape_text(f"{verdict.source}: {verdict.answer}: {verdict.reason}"))
    raise typer.Exit(max((EXIT_CODES[verdict.answer] for verdict in verdicts), key=_rank_code))


def _rank_code(code: int) -> int:
    return list(EXIT_CODES.values()).index(code)


def _test_here(settings: Settings, source: str, base_url: str) -> TestVerdict:
    """One test call in this process: Scrapy runs once in it."""
    spider = find_spider(source)
    partitions = spider.list_partitions(settings, utc_now().date())
    if spider.read_secret(settings) is None or not partitions:
        note(f"{source} asks for no credential")
        raise typer.Exit(FAILED)
    order = CrawlOrder(spider, partitions[0], base_url, find_realm(base_url))
    return classify_test(check_source(settings, order, utc_now, most_answers=1).run)


def classify_test(run: Run) -> TestVerdict:
    """What the beginning of a crawl says about the credential it was made with."""
    if run.outcome == Outcome.BLOCKED:
        return TestVerdict(run.source, CredentialTest.REFUSED, run.reason)
    if run.outcome in {Outcome.FAILED, Outcome.DEFERRED}:
        return TestVerdict(run.source, CredentialTest.UNKNOWN, run.reason)
    return TestVerdict(
        run.source,
        CredentialTest.TAKEN,
        f"the source answered with {write_count(run.seen, 'record')}",
    )


def _test_in_child(source: str, base_url: str) -> TestVerdict:
    command = [sys.executable, "-m", "paidforby", "credentials", "test", source, "--json"]
    if base_url:
        command += ["--base-url", f"{base_url.rstrip('/')}/{source}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own command)
    if not ended.stdout:
        return TestVerdict(source, CredentialTest.REFUSED, ended.stderr.strip())
    told = json.loads(ended.stdout)[0]
    return TestVerdict(source, CredentialTest(told["answer"]), told["reason"])
