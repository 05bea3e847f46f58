"""Whether what is meant comes first: `python -m tests.benchmarks.relevance --ads 10000 --seed 1`.

Invented ads of made-up words. `typo1`, `typo2`: a word that at most ten ads have is asked for with one or two
letters wrong (left out, doubled, changed or swapped); the share of questions where following `near` shows the
ad it was taken from among the first ten (recall@10). `topical_ndcg`: two words of a topic are asked for; of
the ads that have both, those about the topic count 2, with a word of it in the title 3, those that only
mention it 0; nDCG of the first ten, ads without both words left aside.

Prints one JSON line, for each engine.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from math import log2
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sqlalchemy import Engine

from archive.ingest.pages import ingest_page
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import read, write
from archive.store.setup import init_archive
from config.settings import Settings
from search.answering.found import search_now
from search.answering.other_words import add_others
from search.copies.sync import sync_index
from search.embedded import EmbeddedSearch
from search.meilisearch import MeilisearchSearch
from search.port import SearchEngine
from search.question.query import build_query
from tests import servers
from tests.benchmarks.same_answer import NOW, PAGE

QUESTIONS = 200
TOPICS, TOPIC_WORDS, VOCABULARY = 60, 8, 6_000
SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
FIRST = 10


class Corpus:
    """Ads, each with its words, some of them about a topic."""

    def __init__(self, ads: int, seed: int) -> None:
        self.dice = random.Random(seed)
        words = {
            "".join(self.dice.choices(SYLLABLES, k=self.dice.randint(2, 5))) for _ in range(20_000)
        }
        drawn = self.dice.sample(sorted(word for word in words if len(word) > 4), VOCABULARY)
        self.topics = [drawn[n * TOPIC_WORDS : (n + 1) * TOPIC_WORDS] for n in range(TOPICS)]
        self.general = drawn[TOPICS * TOPIC_WORDS :]
        self.gains: list[dict[int, int]] = []
        """For each ad, by topic, what it counts for it."""
        self.texts: list[set[str]] = []
        self.records = [self._invent(number) for number in range(ads)]
        self.bearers: dict[str, list[int]] = {}
        for number, text in enumerate(self.texts):
            for word in text:
                self.bearers.setdefault(word, []).append(number)

    def _invent(self, number: int) -> AdRecord:
        topic, words = self.dice.randrange(TOPICS), self.topics
        body, title, gains = self._draw(18), self._draw(3), {}
        if self.dice.random() < 0.5:
            body += self.dice.choices(words[topic], k=self.dice.randint(3, 7))
            gains[topic] = 2
            if self.dice.random() < 0.4:
                title.append(self.dice.choice(words[topic]))
                gains[topic] = 3
        elif self.dice.random() < 0.5:
            body += self.dice.sample(words[topic], k=2)
        self.dice.shuffle(body)
        self.gains.append(gains)
        self.texts.append({*body, *title})
        return AdRecord(
            ref=f"a{number}",
            platform="examplatform",
            titles=[" ".join(title)],
            bodies=[" ".join(body)],
        )

    def _draw(self, most: int) -> list[str]:
        size = len(self.general)
        return [
            self.general[int(size * self.dice.random() ** 2)]
            for _ in range(self.dice.randint(2, most))
        ]

    def misspell(self, word: str) -> str:
        """A word with one letter wrong."""
        place = self.dice.randrange(1, len(word) - 1)
        before, letter, after = word[:place], word[place], word[place + 1 :]
        return self.dice.choice(
            [
                before + after,
                before + letter * 2 + after,
                before + self.dice.choice("qxzj") + after,
                before + after[0] + letter + after[1:],
            ]
        )


def fill(home: Path, records: Sequence[AdRecord]) -> Engine:
    """The archive, filled."""
    engine = init_archive(Settings(home=home, database_url=None, meilisearch_url=None), [])
    with write(engine) as session:
        lease = begin_run(session, "example", "all", RunKind.CRAWL, NOW)
    for begin in range(0, len(records), PAGE):
        with write(engine) as session:
            ingest_page(session, lease, records[begin : begin + PAGE], None, NOW)
    with write(engine) as session:
        end_run(session, lease, Outcome.DONE, NOW, complete=True)
    return engine


def find_near(corpus: Corpus, engine: Engine, search: SearchEngine, typos: int, seed: int) -> float:
    """Recall of what `near` leads to."""
    corpus.dice.seed(seed)
    least = 5 if typos == 1 else 9
    rare = sorted(w for w, ads in corpus.bearers.items() if len(ads) <= FIRST and len(w) >= least)
    found = []
    with read(engine) as session:
        while len(found) < QUESTIONS:
            word = asked = corpus.dice.choice(rare)
            for _ in range(typos):
                asked = corpus.misspell(asked)
            if asked in corpus.bearers:
                continue
            query = build_query(asked)
            page = add_others(session, search, query, search_now(session, search, query))
            hits = search_now(session, search, build_query(page.near.q)).hits if page.near else []
            wanted = f"example:a{corpus.dice.choice(corpus.bearers[word])}"
            found.append(wanted in [hit.id for hit in hits[:FIRST]])
    return round(mean(found), 3)


def weigh_order(corpus: Corpus, engine: Engine, search: SearchEngine, seed: int) -> float:
    """The nDCG of the first ten of ads that have both words of a topic."""
    corpus.dice.seed(seed)
    weighed = []
    with read(engine) as session:
        while len(weighed) < QUESTIONS:
            topic = corpus.dice.randrange(TOPICS)
            asked = corpus.dice.sample(corpus.topics[topic], k=2)
            having = set(corpus.bearers.get(asked[0], ())) & set(corpus.bearers.get(asked[1], ()))
            gains = {number: corpus.gains[number].get(topic, 0) for number in having}
            if len({*gains.values()}) < 2:
                continue
            hits = search_now(session, search, build_query(" ".join(asked), limit=FIRST)).hits
            shown = [gains[int(hit.id.removeprefix("example:a"))] for hit in hits]
            weighed.append(add_up(shown) / add_up(sorted(gains.values(), reverse=True)[:FIRST]))
    return round(mean(weighed), 3)


def add_up(gains: Sequence[int]) -> float:
    """Gains, each less the further down it stands."""
    return sum(gain / log2(place + 2) for place, gain in enumerate(gains))


def measure(ads: int, seed: int) -> dict[str, object]:
    """All figures of both engines."""
    corpus = Corpus(ads, seed)
    figures: dict[str, object] = {"ads": ads, "questions": QUESTIONS}
    with TemporaryDirectory(prefix="paidforby-benchmark-") as folder:
        (Path(folder) / "engine").mkdir()
        with servers.run_meilisearch(Path(folder) / "engine") as server:
            engine = fill(Path(folder) / "home", corpus.records)
            settings = Settings(meilisearch_url=server.url, meilisearch_key=SecretStr(server.key))
            for name, search in (
                ("meilisearch", MeilisearchSearch(settings)),
                ("fts5", EmbeddedSearch(engine)),
            ):
                sync_index(engine, search, NOW)
                figures[name] = {
                    "typo1": find_near(corpus, engine, search, 1, seed),
                    "typo2": find_near(corpus, engine, search, 2, seed),
                    "topical_ndcg": weigh_order(corpus, engine, search, seed),
                }
            engine.dispose()
    return figures


def main() -> None:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.stdout.write(json.dumps(measure(given.ads, given.seed)) + "\n")


if __name__ == "__main__":
    main()
