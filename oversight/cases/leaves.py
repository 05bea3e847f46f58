"""What the ledger says of a flag, a step and a decision; each is hashed once and never put otherwise.

Whoever keeps one appends the leaf; whoever checks the ledger reckons it again from the row. Persons stand
in it as the numbers this archive gave them.
"""

from typing import Any

from sqlmodel import Session

from archive.models import AdVersion, CaseStep, Decision, Flag, PublicAd, RuleVersion


def state_flag(session: Session, flag: Flag) -> dict[str, Any]:
    """A flag as it was raised: its words, who, and the ad and rule versions it is about."""
    names = {"reference", "note", "raised_by_id", "raised_at"}
    return flag.model_dump(mode="json", include=names) | _state_versions(session, flag)


def state_step(session: Session, step: CaseStep) -> dict[str, Any]:
    """A step of a flag: what, from where to where, who, when and why."""
    flag = session.get_one(Flag, step.flag_id)
    said = step.model_dump(mode="json", exclude={"id", "flag_id"})
    return said | {"flag": flag.reference}


def state_decision(session: Session, decision: Decision) -> dict[str, Any]:
    """A decision: its words, and the ad and rule versions it is about."""
    flag = session.get_one(Flag, decision.flag_id)
    said = decision.model_dump(mode="json", exclude={"id", "flag_id", "decided_by_id"})
    return said | _state_versions(session, flag) | {"flag": flag.reference}


def _state_versions(session: Session, flag: Flag) -> dict[str, str]:
    return {
        "ad": session.get_one(PublicAd, flag.ad_id).public_id,
        "content_sha256": session.get_one(AdVersion, flag.ad_version_id).content_sha256,
        "rule_sha256": session.get_one(RuleVersion, flag.rule_version_id).sha256,
    }
