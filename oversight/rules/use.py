"""Steps in the use of rules: a version comes into use, a person suspends a rule and resumes it.

Each is a row of the archive that is never changed and a leaf of the ledger; `rule_book` reads them at every
question.
"""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, select

from archive.errors import ArchiveError
from archive.models import RuleUse, RuleVersion
from archive.models.changes import LeafKind
from archive.models.oversight import RuleAction
from archive.reading.rules import list_uses
from archive.store.ledger.leaves import append_leaves
from archive.store.realm import read_realm
from config.overlay import Origin
from config.settings import Realm
from oversight.reference.keeping import keep_reference_texts
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook, RulesHere
from oversight.rules.rule_texts import keep_rule_texts
from oversight.rules.schema import Stage
from oversight.rules.sums import NOT_EVALUATED

SHIPPED_BY, SHIPPED_BECAUSE = "shipped", "it came with the program"


def take_into_use(session: Session, book: RuleBook, now: datetime) -> list[Rule]:
    """Record the rules that came with the program as in use, once, and give the rules in use then.

    In an archive of invented data they are as their files wish, in a real one at most in shadow; nothing is
    recorded before an archive is either. Another text, and a file of the operator's, is a proposal; one that
    is gone, or says that its rule is no longer evaluated, takes nothing out of use.
    """
    realm, used = read_realm(session), list_uses(session, RuleAction.USE)
    shipped = [rule for rule in book.rules if rule.origin is Origin.SHIPPED and rule.is_evaluated]
    for rule in shipped if realm else ():
        if rule.id not in used:
            keep_rule_texts(session, [rule], now)
            stage = rule.file.stage if realm is Realm.FICTIONAL else Stage.SHADOW
            said = (SHIPPED_BY, SHIPPED_BECAUSE)
            _add_step(session, rule, RuleAction.USE, said, now, stage)
    keep_reference_texts(session, book.settings, now)
    return book.list_in_use(session)


def adopt_rule(
    session: Session,
    book: RuleBook,
    rule_id: str,
    stage: Stage,
    said: tuple[str, str],
    now: datetime,
) -> Rule:
    """Bring the text that stands in a file into use; `said` is who decides it and why.

    Raises:
        NotFoundError: if no file has the rule.
        YamlFileError: if its file cannot be used.
        ArchiveError: if it is in use so already, its words changed and its version is no higher than one
            kept before, it is about a sum, stage or file say neither shadow nor active, nobody answers for it
            and it is to be active in a real archive, or a name or reason is missing.
    """
    rule = RulesHere(book.rules, {}, book.refused).find_rule(rule_id)
    if stage not in {Stage.SHADOW, Stage.ACTIVE}:
        raise ArchiveError(f"a rule is adopted as shadow or as active, not as {stage}")
    if rule.file.sum:
        raise ArchiveError(f"{rule_id} is about a sum: {NOT_EVALUATED}, so it stays a draft")
    if not rule.is_evaluated:
        raise ArchiveError(
            f"the file of {rule_id} says {rule.file.stage}, and not shadow or active"
        )
    if stage is Stage.ACTIVE and read_realm(session) is Realm.REAL and not rule.file.has_person:
        raise ArchiveError(
            f"nobody answers for {rule_id}: for active use its file names an owner, and a reader for each "
            "text of law; until then it can be shadow"
        )
    used = list_uses(session, RuleAction.USE).get(rule_id)
    if used and (used.rule_sha256, used.stage or rule.file.stage) == (rule.sha256, stage):
        raise ArchiveError(f"{rule_id} version {rule.file.version} is {stage} already")
    others = (RuleVersion.rule_id == rule_id, RuleVersion.sha256 != rule.sha256)
    newest = session.exec(select(func.max(RuleVersion.version)).where(*others)).one()
    if newest is not None and rule.file.version <= newest:
        raise ArchiveError(
            f"the file of {rule_id} says version {rule.file.version}, and version {newest} with other words "
            f"is kept here: nothing runs backwards, write version: {newest + 1}"
        )
    keep_rule_texts(session, [rule], now)
    _add_step(session, rule, RuleAction.USE, said, now, stage)
    return book.find_in_use(session, rule_id)


def suspend_rule(session: Session, rule: Rule, by: str, because: str, now: datetime) -> None:
    """Stop a rule at once: it takes no flag, carries no decision, and its signals leave the desk.

    Raises:
        ArchiveError: if it is not evaluated, or a name or reason is missing.
    """
    if not rule.is_evaluated:
        raise ArchiveError(f"{rule.id} is {rule.stage}: there is nothing to suspend")
    keep_rule_texts(session, [rule], now)
    _add_step(session, rule, RuleAction.SUSPEND, (by, because), now)


def resume_rule(session: Session, rule: Rule, by: str, because: str, now: datetime) -> None:
    """Use a suspended rule again, in the version that is in use.

    Raises:
        ArchiveError: if no person suspended it, or a name or reason is missing.
    """
    if rule.suspension is None:
        raise ArchiveError(f"nobody has suspended {rule.id}; its file says {rule.file.stage}")
    _add_step(session, rule, RuleAction.RESUME, (by, because), now)


def _add_step(
    session: Session,
    rule: Rule,
    action: RuleAction,
    said: tuple[str, str],
    now: datetime,
    stage: Stage | None = None,
) -> None:
    by, because = (each.strip() for each in said)
    if not by or not because:
        raise ArchiveError("say who decides it and why: --by NAME --because TEXT")
    row = RuleUse(
        rule_id=rule.id,
        action=action,
        rule_sha256=rule.sha256,
        stage=stage or "",
        by_name=by,
        because=because,
        at=now,
    )
    session.add(row)
    session.flush()
    said_so = row.model_dump(exclude={"id"}) | {"at": now.isoformat()}
    append_leaves(session, LeafKind.RULE_USE, [(row.id or 0, said_so)], now)
