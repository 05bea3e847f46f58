"""From the change sequence to answers and signals, killable at any point.

The worker and the commands call `evaluate_changes` until it says that nothing is left. It evaluates
every version of each ad; an ad that fails is put aside, and the mark moves past it. When rules, parameters or
elections are not those of the last evaluation, it first walks over all ads anew. It writes no flag and no
decision, and tells nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Field, Session, SQLModel, col

from archive.models import Change, Evaluation, PublicAd
from archive.models.changes import ChangeKind
from archive.models.oversight import Exemption, RuleAnswer
from archive.reading.rules import KEPT, AnswerCounts
from archive.records import QuarantineStage
from archive.records.canonical import hash_json
from archive.runs.fence import take_each
from archive.runs.quarantine import list_open_subjects, put_aside, settle_passed
from archive.runs.sightings import read_seen_ids
from archive.runs.tries import NotedTry, ProcessKilledError
from archive.store.batches import cut_batches
from archive.store.bulk import pause_collector
from archive.store.changes import last_change_seq, move_position, read_changes, read_position
from oversight.evaluation.one_ad import evaluate_ad, find_run
from oversight.evaluation.questions import QuestionSet, list_ad_facts, list_questions, reads_labels
from oversight.evaluation.running import find_seen_running, list_shown_versions
from oversight.evaluation.signals import EVALUATOR, Answers, mark_historic, write_answers
from oversight.reference.elections import Election
from oversight.reference.labels import read_labels
from oversight.rules.facts import read_ads
from oversight.rules.loading import Rule
from oversight.rules.rule_texts import find_judging_versions

CONSUMER = "oversight"
MOST_AT_ONCE = 2_000

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
    seen_id: int = 0
    """How far among the ads that the run of the next change saw."""

    @property
    def detail(self) -> str:
        walked = "" if self.walked_id is None else f" {self.walked_id}"
        return f"{self.rules_sha256}{walked}" + (f" seen {self.seen_id}" if self.seen_id else "")


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
    if not has_more:
        # It goes through all answers; those of this pass know it already.
        over = {e.id: e.is_over(now) for e in elections}
        mark_historic(
            session, *([i for i, is_so in over.items() if is_so is way] for way in (True, False))
        )
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
    kept = find_judging_versions(session, rules, now)
    # A rule that is not asked, such as a suspended one, has no newer answers.
    version_ids = {rule.sha256: kept[rule.sha256] for rule in rules if rule.is_evaluated}
    step = _Evaluation(session, version_ids, questions, now)
    waiting = list_open_subjects(session, QuarantineStage.EVALUATION)
    for some in cut_batches(ids):
        done, failed = take_each(some, step.evaluate, session)
        for each in done:
            report.ads += len(each.public_ids)
            report.new_signals += each.new_signals
            _count_answers(report.answers, questions, each)
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
    answers: Answers
    versions: int
    new_signals: int


@dataclass(frozen=True)
class _Evaluation:
    """Everything that ads are evaluated with."""

    session: Session
    version_ids: Mapping[str, int]
    questions: QuestionSet
    now: datetime

    def evaluate(self, ids: Sequence[int]) -> _Evaluated:
        """Answer all questions about a few ads and write the answers."""
        ads = read_ads(self.session, ids, list_ad_facts(self.questions.asked))
        seen = find_seen_running(self.session, ads)
        shown = list_shown_versions(self.session, ads)
        said = read_labels(self.session, ids) if reads_labels(self.questions.asked) else {}
        evaluated = (
            (version.ad, evaluate_ad(version.ad, self.questions, part))
            for ad in ads
            for run in [find_run(ad, seen.get(ad.id), said.get(ad.id))]
            for version in shown[ad.id]
            if (part := run.cut(version.since, version.until))
        )
        # Thousands of answers hold no cycles, and the collector would go through them again and again.
        with pause_collector():
            written = write_answers(self.session, evaluated, ids, self.version_ids, self.now)
        return _Evaluated([ad.public_id for ad in ads], *written)


def count_waiting(
    session: Session, rules: Sequence[Rule], elections: Sequence[Election], limit: int
) -> int:
    """How many changes or ads the next call would take, at most `limit`."""
    place = _find_place(session, hash_questions(rules, elections))
    following = [] if place.walked_id is not None else read_changes(session, place.seq, 1)
    if following and following[0].kind == ChangeKind.AD_SEEN:
        return len(_list_open_seen(session, following[0].subject_id, place.seen_id)[:limit]) or 1
    after = (
        select(col(Change.seq)).where(col(Change.seq) > place.seq)
        if place.walked_id is None
        else select(col(PublicAd.id)).where(col(PublicAd.id) > place.walked_id)
    )
    counted = select(func.count()).select_from(after.limit(limit).subquery())
    return session.connection().execute(counted).scalar_one()


def is_complete(session: Session, rules: Sequence[Rule], elections: Sequence[Election]) -> bool:
    """Whether every ad has been held against these rules as it is now, or was put aside."""
    place = _find_place(session, hash_questions(rules, elections))
    later = (col(Change.seq) > place.seq, col(Change.kind).in_(AD_KINDS))
    waiting = select(col(Change.seq)).where(*later).limit(1)
    if place.walked_id is not None:
        waiting = select(col(PublicAd.id)).limit(1)
    return session.connection().execute(waiting).first() is None


def hash_questions(rules: Sequence[Rule], elections: Sequence[Election]) -> str:
    """Hash of everything beside the ads that answers depend on."""
    parameters = {name: p for rule in rules for name, p in rule.parameters.items()}
    return hash_json(
        {
            "evaluator": EVALUATOR,
            "rules": sorted(rule.meaning_sha256 for rule in rules if rule.is_evaluated),
            "parameters": {name: p.model_dump(mode="json") for name, p in parameters.items()},
            "elections": [election.model_dump(mode="json") for election in elections],
            "kept": KEPT,
            "cited": sorted({text for rule in rules for text in rule.cited.values()}),
        }
    )


def _find_place(session: Session, rules_sha256: str) -> _Place:
    """Where to go on: from the mark, or with a new walk when the rules are not those of the mark."""
    mark = read_position(session, CONSUMER)
    marked, *rest = mark.detail.split() if mark and mark.detail else [""]
    if mark is None or marked != rules_sha256:
        # Changes up to here are in the walk; later ones come after it.
        return _Place(last_change_seq(session), rules_sha256, walked_id=0)
    if rest[:1] == ["seen"]:
        return _Place(mark.seq, rules_sha256, seen_id=int(rest[1]))
    return _Place(mark.seq, rules_sha256, int(rest[0]) if rest else None)


def _read_next(session: Session, place: _Place, limit: int) -> tuple[list[int], _Place, bool]:
    """Our ids of the next ads, the place after them, and whether more wait."""
    if place.walked_id is not None:
        return _walk_ads(session, place, limit)
    changes = read_changes(session, place.seq, limit)
    taken = [*takewhile(lambda change: change.kind != ChangeKind.AD_SEEN, changes)]
    if changes and not taken:
        return _look_again(session, place, changes[0], limit)
    ids = dict.fromkeys(c.subject_id for c in taken if c.kind in AD_KINDS)
    reached = replace(place, seq=taken[-1].seq or place.seq) if taken else place
    return list(ids), reached, len(changes) == limit or len(taken) < len(changes)


def _look_again(
    session: Session, place: _Place, change: Change, limit: int
) -> tuple[list[int], _Place, bool]:
    """Ads that a run saw and of which something is open: it may say now when they ran."""
    ids = _list_open_seen(session, change.subject_id, place.seen_id)[:limit]
    if len(ids) == limit:
        return ids, replace(place, seen_id=ids[-1]), True
    seq = change.seq or place.seq
    return ids, replace(place, seq=seq, seen_id=0), last_change_seq(session) > seq


def _list_open_seen(session: Session, run_id: int, after: int) -> list[int]:
    is_open = col(Evaluation.answer).in_((RuleAnswer.CANNOT_TELL, RuleAnswer.NO_BREACH_POSSIBLE))
    query = select(col(Evaluation.ad_id)).where(is_open, col(Evaluation.ad_id) > after).distinct()
    open_ids = set(session.connection().execute(query).scalars())
    return sorted(open_ids & read_seen_ids(session, run_id, ChangeKind.AD_CONTENT))


def _walk_ads(session: Session, place: _Place, limit: int) -> tuple[list[int], _Place, bool]:
    query = select(col(PublicAd.id)).where(col(PublicAd.id) > place.walked_id)
    query = query.order_by(col(PublicAd.id)).limit(limit)
    ids = list(session.connection().execute(query).scalars())
    is_done = len(ids) < limit
    reached = replace(place, walked_id=None if is_done else ids[-1])
    return ids, reached, not is_done or last_change_seq(session) > place.seq


def _count_answers(
    counts: dict[str, AnswerCounts], questions: QuestionSet, done: _Evaluated
) -> None:
    given = Answers(done.answers)
    for question in questions.asked:
        given[question.rule.id, Exemption.NOT_ABOUT_IT.value] += done.versions
    for (rule_id, _), number in done.answers.items():
        given[rule_id, Exemption.NOT_ABOUT_IT.value] -= number
    for (rule_id, answer), number in given.items():
        counts.setdefault(rule_id, AnswerCounts()).add(answer, number)
