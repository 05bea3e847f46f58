"""From the change sequence to answers and signals, killable at any point.

The worker and the commands call `evaluate_changes` until it says that nothing is left. It evaluates
each ad as it is now; one that fails is put aside, and the mark moves past it. When rules, parameters or
elections are not those of the last evaluation, it first walks over all ads anew. It writes no flag and no
decision, and tells nobody.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Field, Session, SQLModel, col

from archive.models import Change, PublicAd
from archive.models.changes import ChangeKind
from archive.reading.rules import APPLIES, AnswerCounts
from archive.records import QuarantineStage
from archive.records.canonical import hash_json
from archive.runs.fence import take_each
from archive.runs.quarantine import list_open_subjects, put_aside, settle_passed
from archive.runs.tries import NotedTry, ProcessKilledError
from archive.store.batches import cut_batches
from archive.store.changes import last_change_seq, move_position, read_changes, read_position
from oversight.evaluation.one_ad import (
    AdAnswer,
    Question,
    evaluate_ad,
    list_ad_facts,
    list_questions,
)
from oversight.evaluation.running import find_seen_running
from oversight.evaluation.signals import mark_historic, write_answers
from oversight.reference.elections import Election
from oversight.rules.facts import list_columns
from oversight.rules.loading import Rule
from oversight.rules.rule_texts import keep_rule_texts

CONSUMER = "oversight"
MOST_AT_ONCE = 2_000

EVALUATOR = 2
"""Raise it when the same rules and facts may answer differently: everything is evaluated anew."""


AD_KINDS = frozenset({ChangeKind.AD_CONTENT, ChangeKind.AD_NUMBERS, ChangeKind.AD_STATE})


class EvaluationReport(SQLModel):
    """What one call did."""

    ads: int = Field(default=0, description="Ads evaluated.")
    put_aside: int = Field(default=0, description="Ads that evaluation failed on.")
    new_signals: int = Field(default=0, description="Signals that were not there before.")
    answers: dict[str, AnswerCounts] = Field(
        default_factory=dict, description="Answers given in this call, by rule."
    )
    seq: int = Field(default=0, description="Every change up to this one is evaluated.")
    has_more: bool = Field(default=False, description="Whether to call again.")


@dataclass(frozen=True)
class _Place:
    """How far evaluation has come: in the change sequence, and in a walk over all ads if one is on."""

    seq: int
    rules_sha256: str
    walked_id: int | None = None

    @property
    def detail(self) -> str:
        walked = "" if self.walked_id is None else f" {self.walked_id}"
        return f"{self.rules_sha256}{walked}"


def evaluate_changes(
    session: Session,
    rules: Sequence[Rule],
    elections: Sequence[Election],
    now: datetime,
    limit: int = MOST_AT_ONCE,
    noted: NotedTry | None = None,
) -> EvaluationReport:
    """Evaluate the next ads, at most `limit` changes or ads, and move the mark in one transaction.

    The next ad is put aside untouched, if the try that was noted meets what kills.
    """
    place = _find_place(session, hash_questions(rules, elections))
    ids, reached, has_more = _read_next(session, place, limit)
    report = EvaluationReport(seq=reached.seq, has_more=has_more)
    if noted is not None and noted.meets_killer(session):
        for ad_id in ids:
            put_aside_ad(session, ad_id, ProcessKilledError(), now)
        report.put_aside = len(ids)
    else:
        evaluate_ads(session, ids, rules, elections, now, report)
    mark_historic(session, [e.id for e in elections if e.is_over(now)])
    move_position(session, CONSUMER, reached.seq, reached.detail, now)
    return report


def evaluate_ads(
    session: Session,
    ids: Sequence[int],
    rules: Sequence[Rule],
    elections: Sequence[Election],
    now: datetime,
    report: EvaluationReport,
) -> None:
    """Evaluate ads and add them to the report; put aside what fails, settle what no longer does."""
    questions = list_questions(rules, elections, now)
    step = _Evaluation(session, keep_rule_texts(session, rules, now), questions, now)
    waiting = list_open_subjects(session, QuarantineStage.EVALUATION)
    for some in cut_batches(ids):
        done, failed = take_each(some, step.evaluate, session)
        for each in done:
            report.ads += len(each.public_ids)
            report.new_signals += each.new_signals
            _count_answers(report.answers, each.answers)
            passed = waiting.intersection(each.public_ids)
            settle_passed(session, QuarantineStage.EVALUATION, passed, now)
        for ad_id, error in failed:
            put_aside_ad(session, ad_id, error, now)
        report.put_aside += len(failed)


def put_aside_ad(session: Session, ad_id: int, error: Exception, now: datetime) -> None:
    """Put aside an ad that evaluation failed on."""
    query = select(col(PublicAd.source), col(PublicAd.public_id)).where(col(PublicAd.id) == ad_id)
    source, public_id = session.connection().execute(query).one()
    put_aside(session, QuarantineStage.EVALUATION, source, public_id, error, now)


class _Evaluated(NamedTuple):
    """What a few ads brought."""

    public_ids: list[str]
    new_signals: int
    answers: list[AdAnswer]


@dataclass(frozen=True)
class _Evaluation:
    """Everything that ads are evaluated with."""

    session: Session
    version_ids: Mapping[str, int]
    questions: Sequence[Question]
    now: datetime

    def evaluate(self, ids: Sequence[int]) -> _Evaluated:
        """Answer all questions about a few ads and write the answers."""
        names = list_ad_facts(self.questions)
        query = select(*list_columns(names)).where(col(PublicAd.id).in_(ids))
        ads = self.session.connection().execute(query).all()
        seen = find_seen_running(self.session, ads)
        evaluated = [(ad, evaluate_ad(ad, self.questions, names, seen.get(ad.id))) for ad in ads]
        new_signals = write_answers(self.session, evaluated, self.version_ids, self.now)
        answers = [answer for _, ad_answers in evaluated for answer in ad_answers]
        return _Evaluated([ad.public_id for ad in ads], new_signals, answers)


def count_waiting(
    session: Session, rules: Sequence[Rule], elections: Sequence[Election], limit: int
) -> int:
    """How many changes or ads the next call would take, at most `limit`."""
    place = _find_place(session, hash_questions(rules, elections))
    after = (
        select(col(Change.seq)).where(col(Change.seq) > place.seq)
        if place.walked_id is None
        else select(col(PublicAd.id)).where(col(PublicAd.id) > place.walked_id)
    )
    counted = select(func.count()).select_from(after.limit(limit).subquery())
    return session.connection().execute(counted).scalar_one()


def hash_questions(rules: Sequence[Rule], elections: Sequence[Election]) -> str:
    """Hash of everything beside the ads that answers depend on."""
    parameters = {name: p for rule in rules for name, p in rule.parameters.items()}
    return hash_json(
        {
            "evaluator": EVALUATOR,
            "rules": sorted(rule.sha256 for rule in rules if rule.is_evaluated),
            "parameters": {name: p.model_dump(mode="json") for name, p in parameters.items()},
            "elections": [election.model_dump(mode="json") for election in elections],
            "cited": sorted({text for rule in rules for text in rule.cited.values()}),
        }
    )


def _find_place(session: Session, rules_sha256: str) -> _Place:
    """Where to go on: from the mark, or with a new walk when the rules are not those of the mark."""
    mark = read_position(session, CONSUMER)
    marked, _, walked = mark.detail.partition(" ") if mark else ("", "", "")
    if mark is None or marked != rules_sha256:
        # Changes up to here are in the walk; later ones come after it.
        return _Place(last_change_seq(session), rules_sha256, walked_id=0)
    return _Place(mark.seq, rules_sha256, int(walked) if walked else None)


def _read_next(session: Session, place: _Place, limit: int) -> tuple[list[int], _Place, bool]:
    """Our ids of the next ads, the place after them, and whether more wait."""
    if place.walked_id is not None:
        return _walk_ads(session, place, limit)
    changes = read_changes(session, place.seq, limit)
    ids = dict.fromkeys(c.subject_id for c in changes if c.kind in AD_KINDS)
    reached = replace(place, seq=changes[-1].seq or place.seq) if changes else place
    return list(ids), reached, len(changes) == limit


def _walk_ads(session: Session, place: _Place, limit: int) -> tuple[list[int], _Place, bool]:
    query = select(col(PublicAd.id)).where(col(PublicAd.id) > place.walked_id)
    query = query.order_by(col(PublicAd.id)).limit(limit)
    ids = list(session.connection().execute(query).scalars())
    is_done = len(ids) < limit
    reached = replace(place, walked_id=None if is_done else ids[-1])
    return ids, reached, not is_done or last_change_seq(session) > place.seq


def _count_answers(counts: dict[str, AnswerCounts], ad_answers: Sequence[AdAnswer]) -> None:
    by_rule: dict[str, list[AdAnswer]] = defaultdict(list)
    for ad_answer in ad_answers:
        by_rule[ad_answer.question.rule.id].append(ad_answer)
    for rule_id, given in by_rule.items():
        count = counts.setdefault(rule_id, AnswerCounts())
        for ad_answer in given:
            answer = ad_answer.outcome.answer
            setattr(count, answer.value, getattr(count, answer.value) + 1)
            count.applies += answer in APPLIES
