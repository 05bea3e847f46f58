"""Whether a question has one answer: `python -m tests.benchmarks.same_answer --ads 30000 --seed 1`.

Generated questions over invented ads of nine languages, some of whose payers differ by case alone, are put to
FTS5, to a real Meilisearch, and as of now; each is judged on every ad by the plain meaning of words as well.

Prints one JSON line: `queries`; the shares of them whose total (`same_total`), total as of now (`same_as_of`)
and facets (`same_facets`) are those of both engines, whose total is the plain meaning's (`right`), and whose
first page, newest first, has the same ads in the same order (`same_first_page`); `complex`, the share with
OR, `-`, `*`, a field, a phrase of three words or more than ten words; `unequal`, at most five that differ.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import col

from archive.ingest.pages import ingest_page
from archive.models import PublicAd
from archive.models.runs import Outcome, RunKind
from archive.reading.as_of.moment import Moment
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import read, write
from archive.store.setup import init_archive
from config.settings import Settings
from search.answering.found import search_now
from search.as_of.answers import search_as_of
from search.copies.sync import sync_index
from search.embedded import EmbeddedSearch
from search.hits import FACET_VALUES, SearchPage
from search.indexed.documents import read_documents
from search.indexed.word_lists import WordLists, answers, cut_lists
from search.meilisearch import MeilisearchSearch
from search.question.language import WORD_FIELDS, QueryError
from search.question.query import AdQuery, build_query
from tests import servers

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = 5_000
QUERIES = 500
FACETS = ("payer", "country", "currency", "state")
FREQUENT = (
    *("vote", "for", "the", "a", "of", "climate", "tax", "now", "you", "our", "and", "to", "jobs"),
    *("stop", "in"),
)
SPOKEN = (
    *("habitação", "größere", "Straße", "école", "Łódź", "школи", "здоров'я", "التعليم", "الحكومة"),
    *("जलवायु", "कानून", "教育", "ガス", "สภาพ", "1,204", "d'or", "İstanbul", "Ørsted", "Αθήνα"),
)
FIELDS = tuple(name for name in WORD_FIELDS if name != "id")


class Words:
    """Words as texts have them: few that are frequent, many that are rare."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.rare = [f"w{self.dice.randrange(36**3):x}{n}" for n in range(4_000)]

    def draw(self) -> str:
        """One word."""
        kind = self.dice.random()
        if kind < 0.5:
            return self.dice.choice(FREQUENT)
        if kind < 0.62:
            return self.dice.choice(SPOKEN)
        return self.rare[int(len(self.rare) * self.dice.random() ** 3)]

    def write(self, least: int, most: int) -> str:
        """So many words in a row."""
        return " ".join(self.draw() for _ in range(self.dice.randint(least, most)))


def invent_ad(words: Words, number: int) -> AdRecord:
    """An ad; payers come in twins that differ by case."""
    dice = words.dice
    payer = f"Friends of {dice.choice(FREQUENT)} {dice.randrange(40)}"
    return AdRecord(
        ref=f"a{number}",
        platform="examplatform",
        titles=[words.write(1, 4)] if dice.random() < 0.7 else [],
        bodies=[words.write(5, 40)],
        advertiser_name=f"{words.draw()} Party {dice.randrange(200)}",
        payer_name=dice.choice([payer, payer.upper(), None]),
        landing_urls=[f"https://{words.draw()}.example/{words.draw()}"]
        if dice.random() < 0.6
        else [],
        countries=dice.choice([[], ["DE"], ["DE", "PL"], ["GB"]]),
        currency=dice.choice(["EUR", "GBP", None]),
        started_on=date(2026, 1, 1) + timedelta(days=dice.randrange(100)),
    )


def ask_at_random(words: Words) -> tuple[str, bool]:
    """A question, and whether it is a complex one."""
    dice = words.dice
    if dice.random() < 0.5:
        text = words.write(1, 3)
        return (text, False) if dice.random() < 0.7 else (f'"{words.write(2, 2)}"', False)
    kind = dice.randrange(6)
    other = words.write(1, 2)
    return {
        0: f"{words.draw()} OR {words.draw()} {other}",
        1: f"{other} -{words.draw()}",
        2: f"{words.draw()[:3]}* {words.draw()}" if dice.random() < 0.5 else "cl* OR vo*",
        3: f"{dice.choice(FIELDS)}:{words.draw()} {words.draw()}",
        4: f'"{words.write(3, 3)}"',
        5: words.write(11, 14),
    }[kind], True


def fill(home: Path, words: Words, ads: int) -> Engine:
    """The archive, filled."""
    engine = init_archive(Settings(home=home, database_url=None, meilisearch_url=None), [])
    with write(engine) as session:
        lease = begin_run(session, "example", "all", RunKind.CRAWL, NOW)
    for begin in range(0, ads, PAGE):
        page = [invent_ad(words, n) for n in range(begin, min(begin + PAGE, ads))]
        with write(engine) as session:
            ingest_page(session, lease, page, None, NOW)
    with write(engine) as session:
        end_run(session, lease, Outcome.DONE, NOW, complete=True)
    return engine


def read_lists(engine: Engine) -> list[WordLists]:
    """The words of every ad."""
    with read(engine) as session:
        return [cut_lists(d) for d in read_documents(session, col(PublicAd.id) > 0).documents]


def cut(page: SearchPage) -> dict[str, object]:
    """Facets to compare; where there are more values than are told, which of equal counts is chance."""
    return {
        name: values if len(values) < FACET_VALUES else sorted(values.values())
        for name, values in page.facets.items()
    }


def list_queries(words: Words) -> Iterator[tuple[AdQuery, str, bool]]:
    """Questions that can be asked."""
    while True:
        text, is_complex = ask_at_random(words)
        try:
            yield build_query(text, facets=FACETS), text, is_complex
        except QueryError:
            continue


def measure(ads: int, seed: int) -> dict[str, object]:
    """Ask everybody everything."""
    words = Words(seed)
    same = dict.fromkeys(("same_total", "same_as_of", "same_facets", "right", "same_first_page"), 0)
    unequal: list[str] = []
    hard = 0
    with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
        (Path(folder) / "engine").mkdir()
        with servers.run_meilisearch(Path(folder) / "engine") as server:
            engine = fill(Path(folder) / "home", words, ads)
            fts = EmbeddedSearch(engine)
            settings = Settings(meilisearch_url=server.url, meilisearch_key=SecretStr(server.key))
            served = MeilisearchSearch(settings)
            for search in (fts, served):
                sync_index(engine, search, NOW)
            lists, asked = read_lists(engine), list_queries(words)
            for _ in range(QUERIES):
                query, text, is_complex = next(asked)
                hard += is_complex
                newest = replace(query, sort="newest")
                with read(engine) as session:
                    one, other = search_now(session, fts, query), search_now(session, served, query)
                    past = search_as_of(session, query, Moment(as_of=NOW))
                    pages = [search_now(session, s, newest).hits for s in (fts, served)]
                right = sum(answers(each, query.question) for each in lists)
                held = {
                    "same_total": one.total == other.total,
                    "same_as_of": past.total == one.total,
                    "same_facets": cut(one) == cut(other) == cut(past),
                    "right": one.total == right,
                    "same_first_page": [h.id for h in pages[0]] == [h.id for h in pages[1]],
                }
                for name, is_so in held.items():
                    same[name] += is_so
                if not all(held.values()) and len(unequal) < 5:
                    unequal.append(f"{text}: {held}")
            engine.dispose()
    shares = {name: round(n / QUERIES, 3) for name, n in same.items()}
    return (
        {"ads": ads, "queries": QUERIES, "complex": hard / QUERIES} | shares | {"unequal": unequal}
    )


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(measure(given.ads, given.seed), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
