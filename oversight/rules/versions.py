"""The rules of a moment: which versions this archive held, and which were in force.

The list of rules asks, on the site, in the API and in the terminal. A version that is no file here any
more is read from the register, word for word; it is shown and never evaluated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from archive.models import RuleVersion
from archive.reading.as_of.moment import Moment
from archive.reading.rules import list_rule_texts
from config.citations import Evidence
from config.overlay import Origin
from config.yaml_files import YamlText
from oversight.rules.loading import Rule
from oversight.rules.schema import RuleFile, Stage


@dataclass(frozen=True)
class FormerRule:
    """An earlier version of a rule, as the register keeps it."""

    file: RuleFile
    sha256: str
    origin: Origin | None = None
    """`None`: the file it stood in is no longer here."""
    suspension: None = None

    @property
    def id(self) -> str:
        """Stable id of the rule."""
        return self.file.id

    @property
    def evidence(self) -> Evidence:
        """How well the law it rests on was read."""
        return self.file.evidence

    @property
    def stage(self) -> Stage:
        """How far it had come, as its file says."""
        return self.file.stage


AnyRule = Rule | FormerRule


def list_rules_then(session: Session, rules: Sequence[Rule], moment: Moment) -> Sequence[AnyRule]:
    """The rules in use or, as of an earlier time, the newest version the register held of each, by id.

    The register says when a version was first loaded, and not when a rule went out of use.

    Raises:
        YamlFileError: if a kept text is of a form that is no longer read.
    """
    if moment.as_of is None:
        return rules
    in_use = {rule.sha256: rule for rule in rules}
    held = list_rule_texts(session, moment.as_of)
    return [in_use.get(row.sha256) or _read_rule_text(row) for row in held]


def pick_in_force(rules: Sequence[AnyRule], moment: Moment) -> list[AnyRule]:
    """Those that were law on the day of the moment, by their own dates, read as UTC days."""
    if moment.valid_at is None:
        return list(rules)
    day = moment.valid_at.date()
    return [rule for rule in rules if rule.file.validity.holds_on(day)]


def describe_rule(rule: AnyRule, file_note: str = "") -> dict[str, Any]:
    """A rule in one line, as programs read it; `file_note` says what happened to its file."""
    suspension = rule.suspension
    return {
        "id": rule.id,
        "version": rule.file.version,
        "title": rule.file.title,
        "jurisdiction": rule.file.jurisdiction,
        "kind": rule.file.kind,
        "legal_status": rule.file.validity.status,
        "stage": rule.stage,
        "evidence": rule.evidence,
        "origin": rule.origin,
        "suspended_at": suspension and suspension.suspended_at,
        "suspended_by": suspension and suspension.suspended_by,
        "suspended_because": suspension and suspension.suspended_because,
        "file_note": file_note,
        "sha256": rule.sha256,
    }


def _read_rule_text(row: RuleVersion) -> FormerRule:
    text = YamlText(f"rule {row.rule_id} as it was kept", row.text.encode())
    return FormerRule(text.read_as(RuleFile), row.sha256)
