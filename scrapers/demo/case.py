"""Two people who do not exist, and one ad that one of them flags and the other decides.

The demo calls it once its archive is evaluated; whoever looks at the site finds a whole case.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from archive.curation.people import add_user, read_user
from archive.errors import NotFoundError
from archive.models import PublicAd, RuleVersion, Signal, User
from archive.models.oversight import RuleAnswer
from archive.models.people import Role
from archive.store.database import write
from config.settings import Settings
from oversight.cases.decisions import DecisionDraft, decide_flag
from oversight.cases.flags import raise_flag, read_current
from oversight.cases.powers import DecisionOutcome
from oversight.rules.loading import Rule
from oversight.rules.rule_book import read_rule_book
from oversight.rules.schema import Stage
from scrapers.intake.pages import Clock

OFFICER = "Officer Ada Example (demo)"
ANALYST = "Analyst Bo Example (demo)"
DEMO_KEYS_COUNT = timedelta(days=30)


@dataclass(frozen=True)
class DemoCase:
    """What the demo says of its case."""

    officer: str
    key: str
    ad_id: str = ""
    decision: str = ""


def decide_one_ad(settings: Settings, engine: Engine, clock: Clock) -> DemoCase | None:
    """Make the people, the flag and the decision; `None` when an earlier demo has made them here."""
    now = clock()
    with write(engine) as session:
        if _knows(session, OFFICER):
            return None
        ends_on = now.date() + DEMO_KEYS_COUNT
        officer, key = add_user(session, OFFICER, [Role.ANALYST, Role.REVIEWER], now, ends_on)
        analyst, _ = add_user(session, ANALYST, [Role.ANALYST], now, ends_on)
        book = read_rule_book(settings)
        found = find_unmet(session, book.list_in_use(session))
        if found is None:
            return DemoCase(officer.name, key)
        ad, rule = found
        note = f"The rule {rule.id!r} was not met when this ad was read."
        seen = read_current(session, ad, rule)
        flag = raise_flag(session, ad.public_id, rule, seen, note, analyst, now)
        draft = write_draft(rule)
        decision = decide_flag(session, flag, draft, officer, book, now)
        return DemoCase(officer.name, key, ad.public_id, decision.reference)


def _knows(session: Session, name: str) -> User | None:
    try:
        return read_user(session, name)
    except NotFoundError:
        return None


def find_unmet(session: Session, rules: list[Rule]) -> tuple[PublicAd, Rule] | None:
    """The first ad that an active rule answered not met, law before mere patterns, and the rule."""
    active = {rule.sha256: rule for rule in rules if rule.file.stage is Stage.ACTIVE}
    query = (
        select(PublicAd, RuleVersion.sha256)
        .join(Signal, col(Signal.ad_id) == col(PublicAd.id))
        .join(RuleVersion, col(RuleVersion.id) == col(Signal.rule_version_id))
        .where(Signal.answer == RuleAnswer.NOT_MET, col(RuleVersion.sha256).in_(active))
        .where(Signal.ad_version_id == PublicAd.version_id, Signal.superseded_because == "")
        .order_by(col(Signal.is_historic), col(Signal.id))
    )
    found = [(ad, active[sha256]) for ad, sha256 in session.exec(query)]
    # `*` is nobody's law: a pattern that people watch for.
    return min(found, key=lambda pair: pair[1].file.jurisdiction == "*", default=None)


def write_draft(rule: Rule) -> DecisionDraft:
    """An opinion in the words of the rule it rests on."""
    return DecisionDraft(
        outcome=DecisionOutcome.OPINION_CONCERN,
        reasons=(
            f"Invented for the demo. The rule says: {rule.file.says} The source has the field and "
            "left it blank, so a reader of the ad could not learn what the rule wants them to know."
        ),
        legal_basis=rule.file.legal_basis[0].cite,
        plain_summary=(
            "This ad, which does not exist, should have said something that it left out. "
            "Nobody was told and nothing was removed."
        ),
    )
