"""Rules adopted and flags by people who have just looked: most tests care for what comes after."""

from datetime import datetime

from sqlmodel import Session, select

from archive.models import Flag, PublicAd, User
from oversight.cases import SeenVersions, raise_flag, read_current
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook
from oversight.rules.schema import Stage
from oversight.rules.use import adopt_rule


def adopt(session: Session, book: RuleBook, rule_id: str, now: datetime) -> Rule:
    """Bring the rule of an operator's file into use."""
    return adopt_rule(session, book, rule_id, Stage.ACTIVE, ("Ada", "It is needed."), now)


def flag_ad(session: Session, ad_id: str, rule: Rule, note: str, user: User, now: datetime) -> Flag:
    """Flag the current version of an ad under a rule."""
    ad = session.exec(select(PublicAd).where(PublicAd.public_id == ad_id)).first()
    unseen = SeenVersions(ad_version=1, rule_sha256=rule.sha256)
    seen = read_current(session, ad, rule) if ad else unseen
    return raise_flag(session, ad_id, rule, seen, note, user, now)
