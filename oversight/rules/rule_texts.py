"""The register of rule versions: every rule this archive ever loaded, word for word, never changed.

Evaluation and flags call it, so that whatever they write cites an immutable text.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from archive.models import RuleVersion
from archive.models.changes import LeafKind
from archive.store.ledger.leaves import append_leaves
from oversight.rules.loading import Rule


def keep_rule_texts(session: Session, rules: Iterable[Rule], now: datetime) -> dict[str, int]:
    """Keep each rule version that is new; returns our id of every rule's version, by hash.

    A new version gets a ledger leaf; the same file loaded again changes nothing.
    """
    query = select(RuleVersion.sha256, RuleVersion.id, RuleVersion.meaning_sha256)
    known = {sha256: (row_id, meaning) for sha256, row_id, meaning in session.exec(query)}
    ids = {}
    for rule in rules:
        row_id, meaning = known.get(rule.sha256) or (None, "")
        if row_id and not meaning:
            # It was kept before versions were told apart by what they answer by.
            session.get_one(RuleVersion, row_id).meaning_sha256 = rule.meaning_sha256
            session.flush()
        ids[rule.sha256] = row_id or _add_version(session, rule, now)
    return ids


def find_judging_versions(session: Session, rules: Iterable[Rule], now: datetime) -> dict[str, int]:
    """Our id of the first version that answers by the same as each of these, by hash of its text.

    Answers and signals stand under it, so that a rule which changes in words alone writes none anew.
    """
    ids = keep_rule_texts(session, rules, now)
    query = select(col(RuleVersion.id), RuleVersion.rule_id, RuleVersion.meaning_sha256)
    rows = session.exec(query.order_by(col(RuleVersion.id)))
    means = {row_id: (rule_id, meaning) for row_id, rule_id, meaning in rows}
    first: dict[tuple[str, str], int] = {}
    for row_id, meaning in means.items():
        first.setdefault(meaning, row_id or 0)
    return {sha256: first[means[row_id]] for sha256, row_id in ids.items()}


def _add_version(session: Session, rule: Rule, now: datetime) -> int:
    row = RuleVersion(
        rule_id=rule.id,
        version=rule.file.version,
        sha256=rule.sha256,
        text=rule.text,
        recorded_at=now,
        meaning_sha256=rule.meaning_sha256,
    )
    session.add(row)
    session.flush()
    if row.id is None:
        raise RuntimeError("the database gave a rule version no id")
    leaf = {"rule_id": rule.id, "version": rule.file.version, "sha256": rule.sha256}
    append_leaves(session, LeafKind.RULE_VERSION, [(row.id, leaf)], now)
    return row.id
