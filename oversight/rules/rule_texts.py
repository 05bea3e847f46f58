"""The register of rule versions: every rule this archive ever loaded, word for word, never changed.

Evaluation and flags call it, so that whatever they write cites an immutable text.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, select

from archive.models import RuleVersion
from archive.models.changes import LeafKind
from archive.store.ledger.leaves import append_leaves
from oversight.rules.loading import Rule


def keep_rule_texts(session: Session, rules: Iterable[Rule], now: datetime) -> dict[str, int]:
    """Keep each rule version that is new; returns our id of every rule's version, by hash.

    A new version gets a ledger leaf; the same file loaded again changes nothing.
    """
    known = dict(session.exec(select(RuleVersion.sha256, RuleVersion.id)).all())
    ids = {}
    for rule in rules:
        ids[rule.sha256] = known.get(rule.sha256) or _add_version(session, rule, now)
    return ids


def _add_version(session: Session, rule: Rule, now: datetime) -> int:
    row = RuleVersion(
        rule_id=rule.id,
        version=rule.file.version,
        sha256=rule.sha256,
        text=rule.text,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    if row.id is None:
        raise RuntimeError("the database gave a rule version no id")
    leaf = {"rule_id": rule.id, "version": rule.file.version, "sha256": rule.sha256}
    append_leaves(session, LeafKind.RULE_VERSION, [(row.id, leaf)], now)
    return row.id
