"""Labels: what people, and programs they run, say of ads; given, withdrawn, never deleted.

`paidforby labels` calls it. A label changes nothing of what the source said; `archive.reading.visible`
reads those of people to tell which ads lists and sums show by default, rules read all of them through
`oversight.reference.labels`. Giving and withdrawing each is a leaf of the ledger.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from archive.errors import ArchiveError
from archive.models import Ad, AdLabel, LabelTerm, RuleVersion
from archive.models.changes import ChangeKind, LeafKind
from archive.store.changes import append_changes
from archive.store.ledger.leaves import append_leaves


@dataclass(frozen=True)
class LabelWord:
    """What a label says; `method` is the program that says so, none a person."""

    term: LabelTerm = LabelTerm.POLITICAL
    says: bool = True
    method: str | None = None


POLITICAL = LabelWord()


def label_ad(
    session: Session,
    ad: Ad,
    labelled_by: str,
    reason: str,
    now: datetime,
    rule_id: str | None = None,
    word: LabelWord = POLITICAL,
) -> AdLabel:
    """Label an ad; `rule_id` where a rule's signal pointed the person to it.

    Raises:
        ArchiveError: if a label of that term, by a person or by that program, holds already, a name or
            reason is missing, or the archive has never held the rule.
    """
    if not labelled_by.strip() or not reason.strip():
        raise ArchiveError("say who labels it and why: --by NAME --because TEXT")
    if standing := find_label(session, ad.id, word):
        raise ArchiveError(
            f"{ad.source}:{ad.ref} is labelled already, by {standing.labelled_by}, as to {word.term}"
        )
    if rule_id is not None:
        _check_rule(session, rule_id)
    label = AdLabel(
        ad_id=ad.id,
        **asdict(word),
        labelled_by=labelled_by,
        rule_id=rule_id,
        reason=reason,
        recorded_at=now,
    )
    usual = asdict(POLITICAL)
    said = {name: value for name, value in asdict(word).items() if value != usual[name]}
    said |= {"act": "given", "by": labelled_by, "rule": rule_id, "reason": reason}
    return _keep_label(session, ad, label, said, now)


def withdraw_label(
    session: Session,
    ad: Ad,
    withdrawn_by: str,
    reason: str,
    now: datetime,
    word: LabelWord = POLITICAL,
) -> AdLabel:
    """End the label of an ad that holds, of a person or of one program, whatever it says.

    Raises:
        ArchiveError: if none does.
    """
    label = find_label(session, ad.id, word)
    if label is None:
        raise ArchiveError(f"no label of {ad.source}:{ad.ref} holds as to {word.term}")
    label.withdrawn_by, label.withdrawal_reason, label.withdrawn_at = withdrawn_by, reason, now
    return _keep_label(
        session, ad, label, {"act": "withdrawn", "by": withdrawn_by, "reason": reason}, now
    )


def find_label(session: Session, ad_id: int, word: LabelWord = POLITICAL) -> AdLabel | None:
    """The label of an ad that holds as to a term, of a person or of one program."""
    holds = (AdLabel.ad_id == ad_id, col(AdLabel.withdrawn_at).is_(None))
    query = select(AdLabel).where(*holds, AdLabel.term == word.term, AdLabel.method == word.method)
    return session.exec(query).first()


def list_labels(session: Session, ad_id: int) -> Sequence[AdLabel]:
    """Every label an ad has had, oldest first."""
    query = select(AdLabel).where(AdLabel.ad_id == ad_id)
    return session.exec(query.order_by(col(AdLabel.id))).all()


def _keep_label(
    session: Session, ad: Ad, label: AdLabel, said: dict[str, Any], now: datetime
) -> AdLabel:
    session.add(label)
    session.flush()
    statement = {"source": ad.source, "ref": ad.ref, **said, "recorded_at": now.isoformat()}
    append_leaves(session, LeafKind.LABEL, [(label.id or 0, statement)], now)
    # Search and the mirror keep copies of who is listed.
    append_changes(session, ChangeKind.AD_CONTENT, [ad.id], now)
    return label


def _check_rule(session: Session, rule_id: str) -> None:
    known = select(RuleVersion.id).where(RuleVersion.rule_id == rule_id)
    if session.exec(known).first() is None:
        raise ArchiveError(f"this archive has held no rule {rule_id!r}; see: paidforby rules list")
