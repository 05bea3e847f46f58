"""Keeps judgements: current answers, replaced each time; signals and questions, only ever added.

Evaluation calls it within its transaction. Writing the same judgements again adds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from archive.models import Evaluation, Signal, SourceQuestion
from archive.models.oversight import RuleAnswer
from archive.store.bulk import StoredRow, find_storing, insert_rows, table_of
from oversight.evaluation.one_ad import AdAnswer
from oversight.rules.made_facts import AdRow

SIGNALLED = {RuleAnswer.NOT_MET, RuleAnswer.CANNOT_TELL}

Judged = Sequence[tuple[AdRow, Sequence[AdAnswer]]]
"""Ads, each with what applies to it."""

Values = dict[str, Any]

ALL_QUESTIONS = select(SourceQuestion)
"""They are few: a rule asks a source once for what it lacks."""

ANSWER_NAMES = (
    *("rule_version_id", "ad_id", "ad_version_id"),
    *("election_id", "answer", "is_historic"),
)
"""What an answer and a signal both hold."""


def write_answers(
    session: Session, evaluated: Judged, version_ids: Mapping[str, int], now: datetime
) -> int:
    """Replace what is kept of these ads; returns how many signals are new."""
    ad_ids = [ad.id for ad, _ in evaluated]
    rows = [
        (_describe_answer(ad, j, version_ids), j)
        for ad, ad_answers in evaluated
        for j in ad_answers
    ]
    connection = session.connection()
    connection.execute(delete(Evaluation).where(col(Evaluation.ad_id).in_(ad_ids)))
    evaluated_at = find_storing(session).time(now)
    asked = _ask_sources(session, evaluated, version_ids, now)
    answers = ((*row, evaluated_at, q) for (row, _), q in zip(rows, asked, strict=True))
    names = (*ANSWER_NAMES, "evaluated_at", "source_question_id")
    insert_rows(session, table_of(Evaluation), names, answers)
    known = _read_signal_keys(session, ad_ids)
    signals = [
        signal
        for (row, j), question_id in zip(rows, asked, strict=True)
        if j.outcome.answer in SIGNALLED
        and question_id is None
        and _key_of(signal := _describe_signal(row, j, now)) not in known
    ]
    if signals:
        connection.execute(insert(Signal), signals)
    return len(signals)


def mark_historic(session: Session, over_ids: Sequence[str]) -> None:
    """Take signals about elections that are over off the desk."""
    current = update(Signal).where(
        col(Signal.election_id).in_(over_ids), col(Signal.is_historic).is_(False)
    )
    session.connection().execute(current.values(is_historic=True))


def _ask_sources(
    session: Session, evaluated: Judged, version_ids: Mapping[str, int], now: datetime
) -> list[int | None]:
    """For each answer our id of the question that stands for it, if only its source can close it."""
    asked = {(q.rule_version_id, q.source, q.facts): q.id for q in session.exec(ALL_QUESTIONS)}
    ids = []
    for ad, j in ((ad, j) for ad, given in evaluated for j in given):
        key = (version_ids[j.question.rule.sha256], ad.source, " ".join(j.source_facts))
        if key[2] and key not in asked:
            version_id, source, lacking = key
            new = SourceQuestion(
                rule_version_id=version_id, source=source, facts=lacking, asked_at=now
            )
            session.add(new)
            session.flush()
            asked[key] = new.id
        ids.append(asked.get(key))
    return ids


def _describe_answer(ad: AdRow, j: AdAnswer, version_ids: Mapping[str, int]) -> StoredRow:
    return (
        *(version_ids[j.question.rule.sha256], ad.id, ad.version_id),
        *(j.question.election_id, j.outcome.answer.value, j.question.is_historic),
    )


def _describe_signal(row: StoredRow, j: AdAnswer, now: datetime) -> Values:
    return dict(zip(ANSWER_NAMES, row, strict=True)) | {
        "because": list(j.outcome.because),
        "trace": j.trace,
        "facts_sha256": j.facts_sha256,
        "signalled_at": now,
    }


SIGNAL_KEY = ("rule_version_id", "ad_version_id", "election_id", "facts_sha256")


def _key_of(row: Values) -> tuple[Any, ...]:
    return tuple(row[name] for name in SIGNAL_KEY)


def _read_signal_keys(session: Session, ad_ids: Iterable[int]) -> set[tuple[Any, ...]]:
    columns = [getattr(Signal, name) for name in SIGNAL_KEY]
    query = select(*columns).where(col(Signal.ad_id).in_(list(ad_ids)))
    return {tuple(row) for row in session.exec(query)}
