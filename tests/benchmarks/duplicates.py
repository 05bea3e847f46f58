"""How well and how fast copies are found: `python -m tests.benchmarks.duplicates --ads 10000 --seed 1`.

The archive holds the texts of `labelled_texts.yaml`, judged by a person, and invented ones, in groups by
`MIXTURE`: texts of their own, a third of them with one of five legal lines; texts five times with other
capitals, signs and tracked links; with a word in fifteen swapped; with a sentence before or behind; with
other amounts; and one text to twenty towns. All ads go through the reader of the changes as the worker
runs it, database included.

Prints one JSON line. `precision`, `recall`: over all pairs of ads, groups being the truth;
`precision_samples`, `recall_samples` over pairs of labelled texts alone, `relation_samples` the share of
these whose relation (copy or family) is the labelled one. `ms_per_ad`: of the reader of the changes by
the clock, `cpu_ms_per_ad` without waiting for others; `ms_per_answer`: to find what one ad is related
to. Ends with 1 where a bar is missed.
"""

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml
from sqlalchemy import Engine
from sqlmodel import select

from archive.duplicates.reading import relate_texts
from archive.ingest.pages import ingest_page
from archive.models import AdText, PublicAd
from archive.models.runs import RunKind
from archive.records import AdRecord
from archive.runs.lease import begin_run
from archive.store.database import create_archive_engine, read, write
from archive.store.setup import migrate
from config.settings import Settings
from scrapers.work.dispatch.consumers import find_copies
from tests.benchmarks.ingest import declare_source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = 5_000
LABELLED = Path(__file__).with_name("labelled_texts.yaml")
MIXTURE = {
    "own": 0.45,
    "same": 0.15,
    "swapped": 0.1,
    "extended": 0.05,
    "amounts": 0.1,
    "towns": 0.15,
}
"""Share of the invented ads in groups of each kind."""
BARS = {"precision": 0.985, "recall": 0.985, "ms_per_ad": 1.0}

COMMON = (
    *("the", "to", "and", "of", "for", "our", "your", "we", "is", "in", "a", "that", "you", "vote"),
    *(
        "now",
        "tax",
        "school",
        "jobs",
        "health",
        "fight",
        "today",
        "people",
        "plan",
        "future",
        "join",
    ),
)
LEGAL = [
    f"Paid for by {name}. Not authorised by any candidate or committee."
    for name in ("Friends of the Tide", "Oak PAC", "Lamp Fund", "Salt Union", "Ferry League")
]
TOWNS = [
    f"{a}{b}"
    for a in ("Harbour", "Salt", "Lamp", "Oak", "Mill")
    for b in ("ton", "by", "wick", "ford")
]


class Sample(NamedTuple):
    """A text with what is true of it."""

    group: str
    part: int
    """Texts of one part of a group are copies, of two parts a family."""
    text: str
    by: str = "Harbour Party"
    is_first: bool = False
    """Whether it is the text of its part that others were made from."""


def read_labelled() -> list[Sample]:
    """The texts that a person has judged."""
    items = yaml.safe_load(LABELLED.read_text(encoding="utf-8"))
    return [
        Sample(f"labelled {number}", part, text, item.get("by", "Harbour Party"), place == 0)
        for number, item in enumerate(items)
        for part, texts in enumerate(item["texts"])
        for place, text in enumerate(texts)
    ]


def invent_samples(chance: Random, ads: int) -> Iterator[Sample]:
    """Invented texts by the mixture."""
    for kind, share in MIXTURE.items():
        size = {"own": 1, "towns": 20}.get(kind, 5)
        for number in range(round(ads * share) // size):
            words = invent_words(chance)
            yield from (
                Sample(f"{kind} {number}", copy, vary(chance, kind, words, copy))
                for copy in range(size)
            )


def invent_words(chance: Random) -> list[str]:
    """Words of one text: half of them common, half made of syllables."""
    made = (
        "".join(chance.choices(("ba", "ke", "li", "mo", "tu", "ra", "se"), k=3)) for _ in range(60)
    )
    return [
        next(made) if chance.random() < 0.5 else chance.choice(COMMON)
        for _ in range(chance.randint(10, 50))
    ]


def vary(chance: Random, kind: str, words: list[str], copy: int) -> str:
    """One ad of a group, as campaigns vary theirs."""
    words = list(words)
    if kind == "swapped" and copy:
        for _ in range(max(1, len(words) // 15)):
            words[chance.randrange(len(words))] = chance.choice(COMMON)
    if kind == "towns":
        words[2:2] = ["in", TOWNS[copy]]
        words[7:7] = [f"with {TOWNS[copy - 7]} Council"]
    if kind == "amounts":
        words[4:4] = ["give", f"${chance.randint(5, 500)},", "of", f"{chance.randint(1, 9)},000"]
    text = " ".join(words).capitalize() if kind != "towns" else " ".join(words)
    if kind == "own" and copy == 0 and chance.random() < 1 / 3:
        return f"{text}.\n{chance.choice(LEGAL)}"
    if kind == "extended" and copy:
        return f"Friend, hear this! {text}" if copy % 2 else f"{text}. Share it with all you know."
    if kind == "same" and copy:
        text = text.upper() if copy == 1 else text.replace(" ", "  ", 2)
        return f"{text}{'!' * copy} https://give.example/{copy}?ref={chance.randrange(10**6)}"
    return text


def fill_archive(engine: Engine, samples: list[Sample]) -> None:
    """Take each text in as the ad of its number."""
    declare_source(engine)
    with write(engine) as session:
        lease = begin_run(session, "example", "all", RunKind.CRAWL, NOON)
    for begin in range(0, len(samples), PAGE):
        page = [
            AdRecord(ref=str(number), platform="meta", bodies=[each.text], advertiser_name=each.by)
            for number, each in enumerate(samples[begin : begin + PAGE], begin)
        ]
        with write(engine) as session:
            ingest_page(session, lease, page, None, NOON)


def find_pairs(engine: Engine) -> dict[tuple[int, int], str]:
    """All pairs of ads that are related, by their numbers, with what the one is to the other."""
    pairs: dict[tuple[int, int], str] = {}
    with read(engine) as session:
        query = select(AdText.text_id, PublicAd.id, PublicAd.ref).where(AdText.ad_id == PublicAd.id)
        showing = defaultdict(list)
        rows = session.exec(query).all()
        for text_id, _, ref in rows:
            showing[text_id].append(int(ref))
        for _, ad_id, ref in rows:
            for relation, text_ids in relate_texts(session, ad_id).items():
                others = (other for text_id in text_ids for other in showing[text_id])
                pairs |= {(int(ref), other): relation.value for other in others if other > int(ref)}
    return pairs


def score(samples: list[Sample], pairs: dict[tuple[int, int], str]) -> dict[str, float]:
    """Precision and recall over all pairs, and over those of labelled texts."""
    labelled = {n for n, each in enumerate(samples) if each.group.startswith("labelled")}
    groups = defaultdict(list)
    for number, each in enumerate(samples):
        groups[each.group].append(number)
    true = {pair for numbers in groups.values() for pair in combinations(numbers, 2)}
    of_samples = {pair for pair in pairs if labelled.issuperset(pair)}
    true_samples = {pair for pair in true if labelled.issuperset(pair)}
    right = Counter(
        is_copy == (pairs[one, other] == "copy")
        for one, other in of_samples & true_samples
        if (is_copy := samples[one].part == samples[other].part)
        or (samples[one].is_first and samples[other].is_first)
    )
    return {
        "precision": len(true & pairs.keys()) / len(pairs),
        "recall": len(true & pairs.keys()) / len(true),
        "precision_samples": len(true_samples & of_samples) / len(of_samples),
        "recall_samples": len(true_samples & of_samples) / len(true_samples),
        "relation_samples": right[True] / right.total(),
    }


def measure(ads: int, seed: int) -> dict[str, Any]:
    """All figures of one archive."""
    chance = Random(seed)
    samples = read_labelled()
    count = len(samples)
    samples += invent_samples(chance, ads - count)
    chance.shuffle(samples)
    with TemporaryDirectory() as home:
        engine = create_archive_engine(f"sqlite:///{home}/archive.sqlite3")
        migrate(engine)
        fill_archive(engine, samples)
        began, worked = time.perf_counter(), time.process_time()
        find_copies(Settings(home=Path(home)), engine, lambda: NOON, lambda *_: None)
        followed, worked = time.perf_counter(), time.process_time() - worked
        pairs = find_pairs(engine)
        asked = time.perf_counter() - followed
        engine.dispose()
    return {name: round(share, 4) for name, share in score(samples, pairs).items()} | {
        "ms_per_ad": round((followed - began) / len(samples) * 1000, 3),
        "cpu_ms_per_ad": round(worked / len(samples) * 1000, 3),
        "ms_per_answer": round(asked / len(samples) * 1000, 3),
        "ads": len(samples),
        "labelled_texts": count,
        "mixture": MIXTURE,
        "seed": seed,
    }


def main() -> None:
    """Print the figures as one JSON line."""
    parser = argparse.ArgumentParser(description="Measure how copies of ads are found.")
    parser.add_argument("--ads", type=int, default=10_000, help="Ads in the archive.")
    parser.add_argument("--seed", type=int, default=1, help="What the invented texts hang on.")
    figures = measure(**vars(parser.parse_args()))
    sys.stdout.write(json.dumps(figures) + "\n")
    missed = [
        name
        for name, bar in BARS.items()
        if (figures[name] > bar if name == "ms_per_ad" else figures[name] < bar)
    ]
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
