"""What names cost: `python -m tests.benchmarks.names --rows 100000`.

Prints one JSON line: for each database the seconds of the first count of all ads, of the count after one more
and of a check, and for each question the milliseconds of the fastest of five answers.
A fifth as many advertisers as ads, and as many payers, have a name each; half of its words are common.
"""

import time
from collections.abc import Callable
from random import Random
from typing import Any

from sqlalchemy import Engine

from archive.ingest.pages import ingest_page
from archive.models import NameKind
from archive.models.runs import Outcome, RunKind
from archive.names.checking import check_names
from archive.names.following import bring_names_on
from archive.names.reading import NameQuestion, list_names, read_name, spell_names
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, read, write
from archive.store.setup import migrate
from search.answering.names import name_answers
from search.question.language import read_question
from tests.benchmarks.ingest import START, WORDS, make_pages
from tests.benchmarks.search_as_of import PAGE, run

QUESTIONS = ["harbour", "harbour bridge vote", "harbour name-77", "har*", "ha* -vote", "nobody"]
FASTEST_OF = 5


def fill_archive(engine: Engine, rows: int) -> None:
    """Take the ads in, and one more by a run of its own."""
    migrate(engine)
    for page in make_pages(rows, "new"):
        for begin in range(0, len(page), PAGE):
            add_ads(engine, [AdRecord(**rename(values)) for values in page[begin : begin + PAGE]])


def add_ads(engine: Engine, records: list[AdRecord]) -> None:
    """Take ads in by one run."""
    with write(engine) as session:
        lease = begin_run(session, "example", "new", RunKind.IMPORT, START)
        ingest_page(session, lease, records, None, START)
        end_run(session, lease, Outcome.DONE, START)


def rename(values: dict[str, Any]) -> dict[str, Any]:
    """The values of an ad, run and paid for by one of many."""
    number = (int(values["ref"]) - 10**14) // 5
    words = Random(number).choices(WORDS, k=3)
    name = " ".join([*words, f"name-{number}"]).title()
    return values | {
        "advertiser_ref": f"p{number}",
        "advertiser_name": name,
        "payer_name": f"{name}, Inc.",
    }


def measure_database(url: str, rows: int) -> dict[str, Any]:
    """Fill, count, ask."""
    engine = create_archive_engine(url)
    fill_archive(engine, rows)
    told: dict[str, Any] = {"count_seconds": time_once(lambda: bring_names_on(engine, START))}
    values = next(make_pages(1, "new"))[0]
    add_ads(engine, [AdRecord(**rename(values) | {"ref": str(10**14 + rows)})])
    told["one_ad_seconds"] = time_once(lambda: bring_names_on(engine, START))
    with read(engine) as session:
        told["check_seconds"] = time_once(lambda: check_names(session, lambda _: None))
        check = check_names(session, lambda _: None)
        told |= {"is_right": check.ok and not check.detail, "spellings": check.checked}
        keys = [item.key for item in list_names(session, NameQuestion(kind=NameKind.PAYER)).items]
        asked: dict[str, Callable[[], object]] = {
            "spell": lambda: spell_names(session, NameKind.PAYER, keys * 2),
            "read": lambda: read_name(session, "payer", keys[7]),
            "list": lambda: list_names(session, NameQuestion()),
            "list_payers": lambda: list_names(session, NameQuestion(kind=NameKind.PAYER)),
        }
        for text in QUESTIONS:
            question = read_question(text)
            asked[text] = lambda question=question: name_answers(session, question)
        for name, ask in asked.items():
            told[name] = round(1_000 * min(time_once(ask) for _ in range(FASTEST_OF)), 2)
    engine.dispose()
    return told


def time_once(work: Callable[[], object]) -> float:
    """Seconds of it."""
    begun = time.perf_counter()
    work()
    return round(time.perf_counter() - begun, 5)


if __name__ == "__main__":
    run(__doc__, measure_database)
