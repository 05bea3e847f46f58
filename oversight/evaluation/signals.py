"""Keeps judgements: one current answer each, written when it moves; signals and questions, only ever added.

Evaluation calls it within its transaction. Writing the same judgements again writes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from archive.models import Evaluation, RuleVersion, Signal, SourceQuestion
from archive.models.oversight import RuleAnswer, SignalEnd
from archive.store.batches import cut_batches
from archive.store.bulk import StoredRow, find_storing, insert_rows, table_of, update_rows
from oversight.evaluation.one_ad import AdAnswer
from oversight.rules.made_facts import AdRow

EVALUATOR = 4
"""Raise it when the same rules and facts may answer differently: everything is evaluated anew."""

SIGNALLED = {RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL}

Judged = Iterable[tuple[AdRow, Sequence[AdAnswer]]]
"""Versions of ads, each with what applies to it."""

Answers = Counter[tuple[str, str]]
"""How many there are, by rule and answer."""

ALL_QUESTIONS = select(SourceQuestion)
"""They are few: a rule asks a source once for what it lacks."""

ANSWER_NAMES = (
    *("rule_version_id", "ad_id", "ad_version_id"),
    *("election_id", "answer", "is_historic"),
)
"""What an answer and a signal both hold."""

SIGNAL_KEY = (*("rule_version_id", "ad_version_id", "election_id"), "facts_sha256", "evaluator")


def write_answers(
    session: Session,
    evaluated: Judged,
    ad_ids: Sequence[int],
    version_ids: Mapping[str, int],
    now: datetime,
) -> tuple[Answers, int, int]:
    """Make what is kept of these ads what was answered.

    Gives the answers counted, of how many versions they are, and how many signals are new.
    """
    ask = _SourceQuestions(session, now)
    rows: list[StoredRow] = []
    counts, versions, signalled = Answers(), 0, {}
    for ad, ad_answers in evaluated:
        versions += 1
        for j in ad_answers:
            row = _describe_answer(ad, j, version_ids)
            lacking = j.source_facts
            asked = ask.find(row[0], ad.source, lacking) if lacking else None
            rows.append((*row, asked))
            counts[j.question.rule.id, row[4]] += 1
            if asked is None and j.outcome.answer in SIGNALLED:
                signalled[row[0], row[2], row[3], j.facts_sha256, EVALUATOR] = row, j
    _keep_answers(session, ad_ids, rows, now)
    known = _end_signals(session, ad_ids, signalled.keys(), version_ids)
    new = [_describe_signal(row, j, now) for key, (row, j) in signalled.items() if key not in known]
    if new:
        session.connection().execute(insert(Signal), new)
    return counts, versions, len(new)


def _keep_answers(
    session: Session, ad_ids: Sequence[int], rows: Sequence[StoredRow], now: datetime
) -> None:
    """Replace the answers that moved, and no others."""
    names = (*ANSWER_NAMES, "source_question_id")
    table, connection = table_of(Evaluation), session.connection()
    kept: dict[StoredRow, int] = {}
    for ids in cut_batches(ad_ids):
        query = select(*(table.c[name] for name in (*names, "id"))).where(table.c.ad_id.in_(ids))
        kept |= {row[:-1]: row[-1] for row in connection.execute(query)}
    wanted = set(rows)
    gone = [row_id for row, row_id in kept.items() if row not in wanted]
    for ids in cut_batches(gone):
        connection.execute(delete(Evaluation).where(col(Evaluation.id).in_(ids)))
    evaluated_at = find_storing(session).time(now)
    moved = [(*row, evaluated_at) for row in rows if row not in kept]
    insert_rows(session, table, (*names, "evaluated_at"), moved)


def _end_signals(
    session: Session,
    ad_ids: Sequence[int],
    standing: Iterable[tuple[Any, ...]],
    version_ids: Mapping[str, int],
) -> set[tuple[Any, ...]]:
    """Say of each signal about these ads whether it stands; gives the keys of all of them.

    Those of rules that are not asked now stay as they are.
    """
    columns = [col(getattr(Signal, name)) for name in SIGNAL_KEY]
    beside = (col(Signal.id), col(Signal.superseded_because), col(RuleVersion.rule_id))
    stands, known, moved = set(standing), set(), []
    asked = set(version_ids.values())
    of_rule = select(RuleVersion.rule_id).where(col(RuleVersion.id).in_(asked))
    rule_ids = set(session.exec(of_rule))
    for ids in cut_batches(ad_ids):
        query = select(*beside, *columns).join(RuleVersion).where(col(Signal.ad_id).in_(ids))
        for row in session.connection().execute(query):
            values: tuple[Any, ...] = tuple(row)
            (signal_id, because, rule_id), key = values[:3], values[3:]
            known.add(key)
            is_asked = rule_id in rule_ids
            ended = "" if key in stands else _end_of(key[0], asked) if is_asked else because
            if ended != because:
                moved.append((signal_id, ended))
    update_rows(session, table_of(Signal), ("id", "superseded_because"), moved)
    return known


def _end_of(version_id: int, asked: set[int]) -> str:
    return (SignalEnd.NEWER_ANSWER if version_id in asked else SignalEnd.NEWER_RULE).value


def mark_historic(session: Session, over_ids: Sequence[str], ahead_ids: Sequence[str]) -> None:
    """Take what is about elections that are over off the desk, and back what is about those that moved."""
    for table in (Signal, Evaluation):
        for ids, is_over in ((over_ids, True), (ahead_ids, False)):
            moved = update(table).where(
                col(table.election_id).in_(ids), col(table.is_historic).is_(not is_over)
            )
            session.connection().execute(moved.values(is_historic=is_over))


class _SourceQuestions:
    """The questions that sources alone can close."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._asked = {
            (q.rule_version_id, q.source, q.facts): q.id for q in session.exec(ALL_QUESTIONS)
        }

    def find(self, version_id: int, source: str, lacking: Sequence[str]) -> int | None:
        """Our id of the question for what a source lacks, asked if it is new."""
        key = version_id, source, " ".join(lacking)
        if key not in self._asked:
            new = SourceQuestion(
                rule_version_id=version_id, source=source, facts=key[2], asked_at=self._now
            )
            self._session.add(new)
            self._session.flush()
            self._asked[key] = new.id
        return self._asked[key]


def _describe_answer(ad: AdRow, j: AdAnswer, version_ids: Mapping[str, int]) -> StoredRow:
    question, answer = j.question, j.outcome.counted_as
    version_id = version_ids[question.rule.sha256]
    return version_id, ad.id, ad.version_id, question.election_id, answer, question.is_historic


def _describe_signal(row: StoredRow, j: AdAnswer, now: datetime) -> dict[str, Any]:
    return dict(zip(ANSWER_NAMES, row, strict=True)) | {
        "because": j.because,
        "trace": j.trace,
        "facts_sha256": j.facts_sha256,
        "evaluator": EVALUATOR,
        "signalled_at": now,
    }
