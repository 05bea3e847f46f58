"""The rules of a moment: which versions this archive held, and which were in force.

The list of rules asks, on the site, in the API and in the terminal. A version that is no file here any
more is read from the register, word for word; it is shown and never evaluated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlmodel import Session

from archive.errors import NotFoundError
from archive.models import RuleUse, RuleVersion
from archive.models.oversight import RuleAction
from archive.reading.as_of.moment import Moment
from archive.reading.rules import list_rule_texts, list_uses
from oversight.rules.former import read_kept_text
from oversight.rules.loading import KeptRule, Rule
from oversight.rules.rule_book import list_suspensions
from oversight.rules.schema import RuleFile, Stage


def list_rules_then(session: Session, rules: Sequence[Rule], moment: Moment) -> Sequence[KeptRule]:
    """The rules in use or, as of an earlier time, those in use then, each as far as it had come, by id.

    Raises:
        YamlFileError: if a kept text is of a form that is no longer read.
    """
    if moment.as_of is None:
        return rules
    known = {rule.sha256: rule for rule in rules}
    stopped = list_suspensions(session, moment.as_of)
    used = list_uses(session, RuleAction.USE, as_of=moment.as_of)
    then: list[KeptRule] = []
    for row in list_rule_texts(session, moment.as_of):
        rule = known.get(row.sha256) or _read_rule_text(row)
        stage = _find_stage(rule.file, used)
        then.append(replace(rule, used_stage=stage, suspension=stopped.get(row.rule_id)))
    return then


def _find_stage(file: RuleFile, used: Mapping[str, RuleUse]) -> Stage | None:
    """The stage on record; of a rule that nobody had brought into use, draft if its file wishes for more.

    Before the first record of all, rules were in use as their files said.
    """
    if file.id in used:
        return Stage(used[file.id].stage) if used[file.id].stage else None
    return Stage.DRAFT if used and file.stage in {Stage.SHADOW, Stage.ACTIVE} else None


def pick_in_force(rules: Sequence[KeptRule], moment: Moment) -> list[KeptRule]:
    """Those that were law on the day of the moment, by their own dates, read as UTC days."""
    if moment.valid_at is None:
        return list(rules)
    day = moment.valid_at.date()
    return [rule for rule in rules if rule.file.validity.holds_on(day)]


def find_text_then(session: Session, rules: Sequence[Rule], rule_id: str, moment: Moment) -> str:
    """Hash of the text of a rule that was in use, and in force, at a moment.

    Raises:
        NotFoundError: if there was none.
    """
    then = pick_in_force(list_rules_then(session, rules, moment), moment)
    found = next((rule.sha256 for rule in then if rule.id == rule_id), None)
    if found is None:
        raise NotFoundError("rule in use then", rule_id)
    return found


def describe_rule(rule: KeptRule, day: date, file_note: str = "") -> dict[str, Any]:
    """A rule in one line, as programs read it, with what it is in law on a day.

    `file_note` says what happened to its file.
    """
    suspension = rule.suspension
    return {
        "id": rule.id,
        "version": rule.file.version,
        "title": rule.file.title,
        "jurisdiction": rule.file.jurisdiction,
        "kind": rule.file.kind,
        "legal_status": rule.file.validity.find_status(day),
        "stage": rule.stage,
        "evidence": rule.evidence,
        "origin": rule.origin,
        "suspended_at": suspension and suspension.suspended_at,
        "suspended_by": suspension and suspension.suspended_by,
        "suspended_because": suspension and suspension.suspended_because,
        "file_note": file_note,
        "sha256": rule.sha256,
    }


def _read_rule_text(row: RuleVersion) -> KeptRule:
    return KeptRule(read_kept_text(row.rule_id, row.text).read_as(RuleFile), row.sha256)
