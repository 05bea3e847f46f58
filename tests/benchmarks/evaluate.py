"""What holding ads against rules costs: `python -m tests.benchmarks.evaluate --ads N`.

Prints one JSON line, of CPU time, each the least of several tries. `cel_ratio`: 50 conditions by our closures
over the same by the official CEL runtime, with one activation an ad; at most 0.45. `over_closures`: 50 rules
on a new ad, with sentences and trace of each signal, over their conditions by closures alone; at most 8;
`ad_ms` is the former in milliseconds. `walk_ratio`: a walk over ads whose answers stand over reading the rows
it reads; at most 3. `rewritten`: rows it writes; 0.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from cel_expr_python import cel
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Connection, delete, event
from sqlmodel import Session, col, select

from archive.ingest.pages import ingest_page
from archive.models import Ad, ConsumerPosition, Evaluation, PublicAd, Signal
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, MissingReason
from archive.runs.lease import begin_run, end_run
from archive.store.batches import cut_batches
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from oversight.evaluation.changes import CONSUMER, evaluate_changes
from oversight.evaluation.one_ad import evaluate_ad
from oversight.evaluation.questions import list_ad_facts, list_questions
from oversight.evaluation.signals import SIGNAL_KEY, SIGNALLED
from oversight.language import FactValue, compile_node, parse_expression
from oversight.rules.answers import Clauses
from oversight.rules.facts import FACT_TYPES, list_columns, read_facts
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook, read_rule_book
from tests.migrated import copy_tables

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = ("US", "GB", "DE", "GR", "AU")
WORDS = (
    *("vote", "today", "paid", "donate", "fraud", "harbour", "school"),
    *("jobs", "tax", "roads", "news", "polling", "place", "bridge"),
)
CONDITIONS = (
    'ad.text_folded.contains("{word}")',
    'ad.text_folded.contains("{word}") && "{place}" in ad.countries',
    'ad.text.matches("(?i){word}\\\\s+(jobs|money|news)")',
    "!has(ad.payer_name) || size(ad.payer_name) < 12",
    "ad.spend_upper_minor > 50000 && ad.spend_lower_minor >= 100",
    'ad.spend_upper_minor > 9999 && ad.currency != "EUR"',
    'ad.started_at >= timestamp("2024-05-20T00:00:00Z") && ad.started_at < timestamp("2024-06-09T00:00:00Z")',
    'ad.ended_at - ad.started_at > duration("720h")',
    'ad.landing_domains.exists(d, d.endsWith("{word}.example"))',
    'ad.platform == "examplatform" ? ad.impressions_upper > 999 : ad.impressions_upper > 99999',
)


def write_conditions() -> list[str]:
    """Fifty conditions: ten, with five words and places each."""
    return [
        condition.format(word=WORDS[i + j], place=place)
        for i, place in enumerate(PLACES)
        for j, condition in enumerate(CONDITIONS)
    ]


def make_rules(base: Rule) -> list[Rule]:
    """A rule a condition, each about the ads of a place."""
    rules = []
    for i, condition in enumerate(write_conditions()):
        about = f'ad.declared_political && "{PLACES[i % len(PLACES)]}" in ad.countries'
        applies, duty = (
            compile_node(parse_expression(text, FACT_TYPES)) for text in (about, condition)
        )
        file = base.file.model_copy(update={"id": f"bench-{i}"})
        clauses = Clauses(applies, duty, is_forbidden=True, unless={})
        rules.append(replace(base, file=file, sha256=str(i), clauses=clauses))
    return rules


def draw_ad(dice: Random, number: int) -> AdRecord:
    """An invented ad; one in twenty names nobody who paid."""
    start = date(2024, 4, 1) + timedelta(days=dice.randint(0, 90))
    at = datetime(start.year, start.month, start.day, 9, tzinfo=UTC)
    return AdRecord(
        ref=f"a{number}",
        platform="examplatform",
        declared_political=dice.random() < 0.9,
        payer_name=dice.choice(["Jo", "Citizens for the harbour"]) if dice.random() < 0.95 else "",
        bodies=[" ".join(dice.choices(WORDS, k=40))],
        countries=dice.sample(PLACES, dice.randint(1, 2)),
        currency=dice.choice(["USD", "EUR"]),
        spend_lower_minor=dice.randint(0, 90_000),
        spend_upper_minor=100_000,
        impressions_lower=0,
        impressions_upper=dice.randint(100, 200_000),
        landing_urls=[f"https://{dice.choice(WORDS)}.example/now"],
        started_at=at,
        ended_at=at + timedelta(days=dice.randint(1, 60)),
    )


def time_least(work: Callable[[], object], tries: int = 5) -> float:
    """CPU seconds of the quickest try."""
    taken = []
    for _ in range(tries):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def to_cel(value: FactValue) -> object:
    """A fact as the official runtime takes it."""
    if isinstance(value, datetime):
        stamp = Timestamp()
        stamp.FromDatetime(value.replace(tzinfo=None))
        return stamp
    return list(value) if isinstance(value, tuple) else value


def measure_cel(rules: Sequence[Rule], facts: Sequence[Mapping[str, FactValue]]) -> float:
    """Our closures over the official runtime, on the same conditions and ads."""
    duties = [rule.clauses.duty for rule in rules]
    runtime = cel.NewEnv(variables={"ad": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    compiled = [runtime.compile(text) for text in write_conditions()]
    given = [
        {
            name.removeprefix("ad."): to_cel(value)
            for name, value in of_ad.items()
            if not isinstance(value, MissingReason)
        }
        for of_ad in facts
    ]

    def ask_cel() -> None:
        for values in given:
            activation = runtime.Activation(data={"ad": values})
            for condition in compiled:
                condition.eval(activation).value()

    def ask_closures() -> None:
        for of_ad in facts:
            for duty in duties:
                duty.answer(of_ad)

    return time_least(ask_closures) / time_least(ask_cel)


def measure_new_ads(
    rules: Sequence[Rule], ads: Sequence[PublicAd], facts: Sequence[Mapping[str, FactValue]]
) -> dict[str, float]:
    """All rules on new ads with everything a signal says, over their conditions alone."""
    questions = list_questions(rules, [], NOW)

    def explain() -> None:
        for ad in ads:
            for each in evaluate_ad(ad, questions):
                if each.outcome.answer in SIGNALLED:
                    _ = (each.outcome.because, each.trace, each.facts_sha256)

    def answer() -> None:
        for of_ad in facts:
            for rule in rules:
                rule.clauses.applies_when.answer(of_ad)
                rule.clauses.duty.answer(of_ad)

    seconds = time_least(explain, 3)
    return {
        "over_closures": round(seconds / time_least(answer), 2),
        "ad_ms": round(seconds / len(ads) * 1000, 3),
    }


def measure_walk(session: Session, book: RuleBook, ids: Sequence[int]) -> dict[str, float]:
    """A walk over all ads by the rules that came with the program, when every answer stands."""
    questions = list_questions(book.rules, book.elections, NOW)
    columns = list_columns(list_ad_facts(questions.asked))
    keys = [getattr(Signal, name) for name in SIGNAL_KEY]
    rewritten = 0

    def walk() -> None:
        session.execute(delete(ConsumerPosition).where(col(ConsumerPosition.consumer) == CONSUMER))
        session.expire_all()
        while evaluate_changes(session, book.rules, book.elections, NOW).has_more:
            pass

    def read_rows() -> None:
        for some in cut_batches(ids):
            connection = session.connection()
            connection.execute(select(*columns).where(col(PublicAd.id).in_(some))).all()
            connection.execute(select(Ad.id, Ad.versions).where(col(Ad.id).in_(some))).all()
            for table, wanted in ((Evaluation, Evaluation.__table__.columns), (Signal, keys)):
                connection.execute(select(*wanted).where(col(table.ad_id).in_(some))).all()

    def count(connection: Connection, cursor, statement: str, *_: object) -> None:
        nonlocal rewritten
        if statement.startswith(("INSERT", "UPDATE", "DELETE")) and "consumer" not in statement:
            rewritten += max(cursor.rowcount, 0)

    walk()
    event.listen(session.connection(), "after_cursor_execute", count)
    seconds = time_least(walk, 3)
    return {"walk_ratio": round(seconds / time_least(read_rows), 2), "rewritten": rewritten}


def measure(ads: int) -> dict[str, float]:
    """Every figure once."""
    dice = Random(1)
    book = read_rule_book(Settings(home=Path("nowhere"), database_url=None, meilisearch_url=None))
    rules = make_rules(next(rule for rule in book.rules if rule.id == "payer-left-blank"))
    with TemporaryDirectory() as name:
        engine = create_archive_engine(copy_tables(Path(name)))
        with write(engine) as session:
            run = begin_run(session, "example", "2024", RunKind.CRAWL, NOW)
            ingest_page(session, run, [draw_ad(dice, i) for i in range(ads)], None, NOW)
            end_run(session, run, Outcome.DONE, NOW)
            rows = session.exec(select(PublicAd).limit(400)).all()
            names = list_ad_facts(list_questions(rules, [], NOW).asked)
            facts = [read_facts(row, names) for row in rows]
            figures = {"cel_ratio": round(measure_cel(rules, facts), 3)}
            figures |= measure_new_ads(rules, rows, facts)
            figures |= measure_walk(session, book, session.exec(select(PublicAd.id)).all())
        engine.dispose()
    return figures


def main() -> None:
    """Print the figures as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=5_000)
    sys.stdout.write(json.dumps(measure(parser.parse_args().ads)) + "\n")


if __name__ == "__main__":
    main()
