"""Steps in the use of rules: a version comes into use, a person suspends a rule and resumes it.

Each is a row of the archive that is never changed; `rule_book` reads them at every question.
"""

from datetime import datetime

from sqlmodel import Session

from archive.errors import ArchiveError
from archive.models import RuleUse
from archive.models.oversight import RuleAction
from archive.reading.rules import list_uses
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook
from oversight.rules.rule_texts import keep_rule_texts

INSTALLATION = "this installation"


def take_into_use(session: Session, book: RuleBook, now: datetime) -> list[Rule]:
    """Note each evaluated rule file that is not the version in use, and give the rules in use then.

    A file that is gone, or says that its rule is no longer evaluated, takes nothing out of use.
    """
    used = list_uses(session, RuleAction.USE)
    keep_rule_texts(session, [rule for rule in book.rules if rule.is_evaluated], now)
    for rule in book.rules:
        before = used.get(rule.id)
        if rule.is_evaluated and (before is None or before.rule_sha256 != rule.sha256):
            because = "it stands in a rule file here"
            _add_step(session, rule, RuleAction.USE, INSTALLATION, because, now)
    session.flush()
    return book.list_in_use(session)


def suspend_rule(session: Session, rule: Rule, by: str, because: str, now: datetime) -> None:
    """Stop a rule at once: it takes no flag, carries no decision, and its signals leave the desk.

    Raises:
        ArchiveError: if it is not evaluated, or a name or reason is missing.
    """
    if not rule.is_evaluated:
        raise ArchiveError(f"{rule.id} is {rule.stage}: there is nothing to suspend")
    keep_rule_texts(session, [rule], now)
    _add_step(session, rule, RuleAction.SUSPEND, by, because, now)


def resume_rule(session: Session, rule: Rule, by: str, because: str, now: datetime) -> None:
    """Use a suspended rule again, in the version that is in use.

    Raises:
        ArchiveError: if no person suspended it, or a name or reason is missing.
    """
    if rule.suspension is None:
        raise ArchiveError(f"nobody has suspended {rule.id}; its file says {rule.file.stage}")
    _add_step(session, rule, RuleAction.RESUME, by, because, now)


def _add_step(
    session: Session, rule: Rule, action: RuleAction, by: str, because: str, now: datetime
) -> None:
    by, because = by.strip(), because.strip()
    if not by or not because:
        raise ArchiveError("say who decides it and why: --by NAME --because TEXT")
    session.add(
        RuleUse(
            rule_id=rule.id,
            action=action,
            rule_sha256=rule.sha256,
            by_name=by,
            because=because,
            at=now,
        )
    )
