"""What rules answered about all archived ads, counted from the answers that evaluation keeps.

Pages and API of rules and `rules questions` ask. Of an ad that a rule is not about nothing is kept: how many
these are follows from how many ads there are, once every ad has been held against the rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from archive.models import Evaluation, PublicAd, QuarantinedPiece, RuleVersion
from archive.models.runs import PieceStatus
from archive.reading.rules import RuleCounts, answer_alike, count_answers
from archive.records import QuarantineStage
from oversight.evaluation.changes import is_complete
from oversight.evaluation.decidable import OPEN
from oversight.evaluation.questions import ask_rule
from oversight.reference.elections import Election
from oversight.rules.loading import Rule


def count_kept(
    session: Session,
    sha256s: Iterable[str],
    in_use: Sequence[Rule],
    elections: Sequence[Election],
    now: datetime,
) -> Mapping[str, RuleCounts]:
    """Counts of each of these rule versions, by hash; `in_use`: all rules that ads are held against."""
    counts = count_answers(session, sha256s)
    if has_asked_all(session, in_use, elections):
        ads = count_ads(session)
        for rule in in_use:
            if rule.is_evaluated and (of := counts.get(rule.sha256)):
                asked = ads * len(ask_rule(rule, elections, now))
                of.does_not_apply.not_about_it = asked - of.kept
    return counts


def count_decided(
    session: Session, rule: Rule, in_use: Sequence[Rule], elections: Sequence[Election]
) -> int | None:
    """Ads about which a rule answers, were it only that it is not about them; `None`: not all were asked."""
    if not rule.is_evaluated or not has_asked_all(session, in_use, elections):
        return None
    judged = aliased(RuleVersion)
    undecided = (
        select(func.count(col(Evaluation.ad_id).distinct()))
        .join(PublicAd, col(PublicAd.version_id) == Evaluation.ad_version_id)
        .join(judged, col(Evaluation.rule_version_id) == judged.id)
        .join(RuleVersion, answer_alike(RuleVersion, judged))
        .where(RuleVersion.sha256 == rule.sha256, col(Evaluation.answer).in_(OPEN))
    )
    return count_ads(session) - session.exec(undecided).one()


def count_ads(session: Session) -> int:
    """Ads that this archive holds."""
    return session.exec(select(func.count(col(PublicAd.id)))).one()


def has_asked_all(session: Session, in_use: Sequence[Rule], elections: Sequence[Election]) -> bool:
    """Whether every ad has been held against the rules in use, and none failed."""
    failed = select(QuarantinedPiece.id).where(
        QuarantinedPiece.stage == QuarantineStage.EVALUATION,
        QuarantinedPiece.status != PieceStatus.RELEASED,
    )
    return is_complete(session, in_use, elections) and session.exec(failed).first() is None
