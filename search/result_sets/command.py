"""`paidforby search --to FILE`: everything that answers, in a file."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from archive.errors import QuestionError
from archive.reading.as_of.moment import Moment
from archive.records.escaping import escape_text
from archive.terminal import format_time, make_progress, say, utc_now
from config.counts import write_count
from config.settings import Settings
from search.engines import open_search
from search.question.query import AdQuery
from search.result_sets.asked import AskedSet
from search.result_sets.files import name_sidecar, write_result_set
from search.result_sets.rows import stream_result_set

To = Annotated[
    Path | None,
    typer.Option(
        "--to",
        metavar="FILE",
        help="Write all ads that answer, newest first, to a file that ends in .csv, .jsonl or .parquet, and "
        "what is known of its rows to FILE.meta.json.",
    ),
]
Excel = Annotated[
    bool,
    typer.Option("--excel", help="With --to FILE.csv: for spreadsheets, with amounts in units."),
]
SampleSize = Annotated[
    int | None,
    typer.Option("--sample", min=1, help="With --to: only so many, the same for the same --seed."),
]
Seed = Annotated[str, typer.Option("--seed", help="Of the sample.")]


def take_away(
    settings: Settings,
    archive: Engine,
    query: AdQuery,
    moment: Moment,
    asked: AskedSet,
    path: Path,
    *,
    excel: bool,
) -> None:
    """Write the files, and say what they hold.

    Raises:
        QuestionError: if the file cannot be one of these.
        SearchUnavailableError: if neither engine nor archive could list all ads in time.
    """
    if excel and path.suffix != ".csv":
        raise QuestionError("excel", "only a file that ends in .csv can be for spreadsheets")
    engine, known_at = open_search(settings, archive), moment.as_of or utc_now()
    stream = stream_result_set(archive, engine, query, replace(moment, as_of=known_at), asked)
    with make_progress() as progress:
        task = progress.add_task(path.name[-40:], total=None)
        known = write_result_set(
            stream,
            path,
            lambda written: progress.update(task, completed=written),
            for_spreadsheets=excel,
        )
    say(f"rows        {write_count(known['rows'], 'ad')}, as known on {format_time(known_at)}")
    say(f"ids_sha256  {known['ids_sha256']}")
    say(f"files       {escape_text(str(path))}, {escape_text(name_sidecar(path).name)}")
