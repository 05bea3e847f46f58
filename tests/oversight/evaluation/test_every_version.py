"""Every version of an ad is judged under its own days, in whatever order the archive learns of them."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from archive.ingest.pages import ingest_page
from archive.models import AdVersion, Evaluation, PublicAd, RuleVersion, Signal, Source
from archive.models.runs import Outcome, RunKind
from archive.reading.rules import SuspensionView
from archive.records import AdRecord
from archive.runs.lease import begin_run, end_run
from archive.store.database import create_archive_engine, write
from config.settings import Settings
from oversight.evaluation.changes import evaluate_changes
from oversight.evaluation.one_ad import evaluate_ad, find_run
from oversight.evaluation.questions import list_questions
from oversight.reference.elections import Election
from oversight.rules.loading import Rule
from oversight.rules.rule_book import find_rule, read_rule_book
from tests.examples import few_or_many
from tests.migrated import migrated_file
from tests.oversight.rules.test_facts import make_public_ad
from tests.sources_with_terms import make_source

BOOK = read_rule_book(Settings(home=Path("nowhere"), database_url=None, meilisearch_url=None))
RULES = ("payer-left-blank", "started-on-the-eve", "us-30120-payer-named")
VOTE = next(e for e in BOOK.elections if e.id == "gr-2023-05-21-parliament")
START = datetime(2023, 5, 15, 12, tzinfo=UTC)
SIGNALLED = {"not_met", "cannot_tell"}

Answers = dict[tuple[str, datetime, str], str]
"""By rule, when the version was first seen, and election."""


def day(number: int, hour: int = 12) -> datetime:
    return START.replace(hour=hour) + timedelta(days=number)


def show(session: Session, at: datetime, now: datetime, **said: Any) -> None:
    """A run that saw the ad at a time, of which we learn at another."""
    run = begin_run(session, "example", "2023", RunKind.CRAWL, now, observed_on=at)
    ingest_page(session, run, [AdRecord(ref="a1", platform="examplatform", **said)], None, now)
    end_run(session, run, Outcome.DONE, now)


@dataclass
class World:
    """What happened so far, as plain as can be: looks at one ad by their time, and what judges it."""

    looks: dict[datetime, dict[str, Any]] = field(default_factory=dict)
    rules: dict[str, Rule] = field(
        default_factory=lambda: {name: find_rule(BOOK.rules, name) for name in RULES}
    )
    vote: Election = VOTE

    @property
    def asked(self) -> list[str]:
        return [rule.id for rule in self.rules.values() if rule.is_evaluated]

    def list_stretches(self) -> list[list[datetime]]:
        """The times of looks, parted where the words changed."""
        looks = sorted(self.looks.items())
        return [[at for at, _ in of_one] for _, of_one in groupby(looks, lambda look: look[1])]

    def key(self, answers: Iterable[tuple[str, datetime, str, str]]) -> Answers:
        """What is kept, by the first look at the words; each once."""
        starts = [times[0] for times in self.list_stretches()]
        listed = [*answers]
        keyed = {
            (rule, max(at for at in starts if at <= seen_at), election): answer
            for rule, seen_at, election, answer in listed
        }
        assert len(keyed) == len(listed), "one an answer"
        return keyed

    def recompute(self, ad: PublicAd, now: datetime) -> Answers:
        """Every answer from scratch: a version lasts from a look to the first that saw other words."""
        shown = self.list_stretches()
        questions = list_questions(self.rules.values(), [self.vote], now)
        answers: Answers = {}
        for i, times in enumerate(shown):
            since = (shown[i - 1][-1], times[0]) if i else None
            until = (times[-1], shown[i + 1][0]) if i + 1 < len(shown) else None
            seen_at = None if ad.ended_on else shown[-1][-1]
            run = find_run(ad, seen_at).cut(since, until)
            said = AdRecord(ref="a1", platform="examplatform", **self.looks[times[0]])
            row = make_public_ad(**said.model_dump(exclude={"ref", "missing"}))
            row.missing = dict(said.missing)
            for each in evaluate_ad(row, questions, run) if run else ():
                name = (each.question.rule.id, times[0], each.question.election_id)
                answers[name] = each.outcome.answer.value
        return answers


def read_kept(session: Session, table: type[Evaluation] | type[Signal], *where: Any) -> list[Any]:
    columns = (RuleVersion.rule_id, AdVersion.observed_at, table.election_id, table.answer)
    query = select(*columns).join(table, RuleVersion.id == table.rule_version_id)
    return [*session.exec(query.join(AdVersion, AdVersion.id == table.ad_version_id).where(*where))]


@contextmanager
def open_archive() -> Iterator[Engine]:
    with TemporaryDirectory(prefix="paidforby-versions-") as folder:
        path = shutil.copy(migrated_file(), Path(folder) / "archive.sqlite3")
        engine = create_archive_engine(f"sqlite:///{path}")
        with write(engine) as session:
            info = make_source(None).model_copy(update={"missing_end": "running, says its manual"})
            session.add(Source(**info.model_dump()))
        yield engine
        engine.dispose()


SAID = st.fixed_dictionaries(
    {
        "declared_political": st.just(True),
        "started_on": st.sampled_from([date(2023, 5, 14), date(2023, 5, 19)]),
        "ended_on": st.sampled_from([None, None, date(2023, 5, 19), date(2023, 5, 24)]),
        "payer_name": st.sampled_from(["", "Jo"]),
        "countries": st.sampled_from([["GR"], ["US"]]),
        "day_zone": st.just("Europe/Athens"),
    }
)
LOOK = st.tuples(st.just("look"), st.integers(0, 11), SAID)
ACTS = st.one_of(
    LOOK,
    LOOK,
    st.tuples(st.just("again"), st.integers(0, 11), st.none()),
    st.tuples(
        st.just("move"), st.just(0), st.sampled_from([VOTE.polling_days[0], date(2023, 5, 25)])
    ),
    st.tuples(st.just("suspend"), st.just(0), st.sampled_from(RULES)),
    st.tuples(st.just("resume"), st.just(0), st.sampled_from(RULES)),
    st.tuples(st.just("words"), st.just(0), st.sampled_from(RULES)),
    st.tuples(st.just("judge"), st.just(0), st.none()),
)


def act(world: World, session: Session, kind: str, number: int, what: Any, now: datetime) -> None:
    if kind == "again" and world.looks:
        kind, what = "look", world.looks[min(world.looks)]
    if kind == "look" and day(number) not in world.looks:
        world.looks[day(number)] = what
        show(session, day(number), now, **what)
    elif kind == "move":
        world.vote = VOTE.model_copy(update={"polling_days": (what,)})
    elif kind in {"suspend", "resume"}:
        stopped = SuspensionView(suspended_at=now, suspended_by="Ada", suspended_because="?")
        suspension = stopped if kind == "suspend" else None
        world.rules[what] = replace(world.rules[what], suspension=suspension)
    elif kind == "words":
        rule = world.rules[what]
        text = f"{rule.text}\n# other words"
        world.rules[what] = replace(rule, text=text, sha256=f"{hash(text) % 10**12:064d}")
    elif kind == "judge":
        judge(world, session, now)


def judge(world: World, session: Session, now: datetime) -> int:
    new = 0
    while True:
        report = evaluate_changes(session, [*world.rules.values()], [world.vote], now, limit=3)
        new += report.new_signals
        if not report.has_more:
            return new


@settings(max_examples=few_or_many(40, 150))
@given(st.lists(ACTS, min_size=1, max_size=14))
def test_whatever_happens_in_any_order_answers_are_those_of_a_recomputation(
    acts: list[tuple[str, int, Any]],
) -> None:
    world = World()
    with open_archive() as engine, write(engine) as session:
        for i, (kind, number, what) in enumerate([("look", 0, FIRST), *acts]):
            act(world, session, kind, number, what, day(20) + timedelta(minutes=i))
        now = day(21)
        judge(world, session, now)
        assert judge(world, session, now) == 0
        ad = session.exec(select(PublicAd)).one()
        expected = world.recompute(ad, now)
        assert world.key(read_kept(session, Evaluation)) == expected
        signalled = {name: answer for name, answer in expected.items() if answer in SIGNALLED}
        stands = (Signal.superseded_because == "", RuleVersion.rule_id.in_(world.asked))
        assert world.key(read_kept(session, Signal, *stands)) == signalled


FIRST = {
    "declared_political": True,
    "started_on": date(2023, 5, 14),
    "ended_on": None,
    "payer_name": "",
    "countries": ["GR"],
    "day_zone": "Europe/Athens",
}
