"""The rules in use: a record in the archive, which no edit of a file changes by itself.

An import or the worker takes evaluated rule files into use (`use.py`) and notes it; from then on the
text the archive keeps is what counts, until another version is taken into use. What a person suspends
is suspended at the next question, in every process. A rule that was never in use stands as in its file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session, select

from archive.errors import NotFoundError, NotInitialisedError
from archive.models import RuleVersion
from archive.models.oversight import RuleAction
from archive.reading.rules import SuspensionView, list_uses
from archive.store.database import open_archive, read
from config.settings import Settings
from config.yaml_files import YamlFileError, YamlText
from oversight.reference.elections import Election, load_elections
from oversight.reference.parameters import Parameter, load_parameters
from oversight.rules.loading import Rule, find_rule, load_rule_text, load_rules


@dataclass(frozen=True)
class RuleBook:
    """The rule files a process started with, and all it takes to read a kept version of a rule."""

    settings: Settings
    rules: Sequence[Rule]
    parameters: Mapping[str, Parameter]
    elections: Sequence[Election]
    read_before: dict[str, Rule] = field(default_factory=dict)
    """Kept versions, by hash: a text never changes, so each is compiled once."""

    def list_in_use(self, session: Session) -> list[Rule]:
        """Every rule by id, each in the version that is in use, with its suspension.

        A version in use that can no longer be read is left out, unless a file has that rule.
        """
        rules = {rule.id: rule for rule in self.rules}
        for rule_id, use in list_uses(session, RuleAction.USE).items():
            if rule_id not in rules or rules[rule_id].sha256 != use.rule_sha256:
                try:
                    rules[rule_id] = self.read_version(session, use.rule_sha256)
                except YamlFileError:
                    continue
        stopped = _list_suspensions(session)
        return [replace(rules[i], suspension=stopped.get(i)) for i in sorted(rules)]

    def list_unreadable(self, session: Session) -> dict[str, str]:
        """Rules in use whose kept text can no longer be read, by id, with the reason."""
        why: dict[str, str] = {}
        for rule_id, use in list_uses(session, RuleAction.USE).items():
            try:
                self.read_version(session, use.rule_sha256)
            except YamlFileError as error:
                stands_in = any(rule.id == rule_id for rule in self.rules)
                so = "its file stands in for it" if stands_in else "no ad is held against it"
                why[rule_id] = f"The version in use can no longer be read, so {so}: {error.why}"
        return why

    def find_in_use(self, session: Session, rule_id: str) -> Rule:
        """The version of a rule that is in use.

        Raises:
            NotFoundError: if there is no such rule.
        """
        return find_rule(self.list_in_use(session), rule_id)

    def read_version(self, session: Session, sha256: str) -> Rule:
        """A version this archive keeps, ready to answer with today's parameters.

        Raises:
            NotFoundError: if it keeps no such version.
            YamlFileError: if the text is of a form that is no longer read.
        """
        known = {rule.sha256: rule for rule in self.rules} | self.read_before
        if sha256 not in known:
            row = session.exec(select(RuleVersion).where(RuleVersion.sha256 == sha256)).first()
            if row is None:
                raise NotFoundError("rule version", sha256)
            written = YamlText(f"rule {row.rule_id} as it was kept", row.text.encode())
            known[sha256] = load_rule_text(written, None, self.parameters)
            self.read_before[sha256] = known[sha256]
        return known[sha256]


def read_rule_book(settings: Settings) -> RuleBook:
    """The rule book as the files are now.

    Raises:
        YamlFileError: if a file cannot be used.
    """
    return RuleBook(
        settings, load_rules(settings), load_parameters(settings), load_elections(settings)
    )


def list_rules_here(book: RuleBook) -> tuple[list[Rule], dict[str, str]]:
    """The rules in use in the archive here, and those that can no longer be read, with the reason.

    Where there is no archive yet, the rules are those of the files.
    """
    settings = book.settings
    # To look for tables in a file of SQLite would make the file.
    if settings.database_url is None and not (settings.home / "archive.sqlite3").exists():
        return list(book.rules), {}
    try:
        engine = open_archive(settings)
    except NotInitialisedError:
        return list(book.rules), {}
    try:
        with read(engine) as session:
            return book.list_in_use(session), book.list_unreadable(session)
    finally:
        engine.dispose()


def _list_suspensions(session: Session) -> dict[str, SuspensionView]:
    newest = list_uses(session, RuleAction.SUSPEND, RuleAction.RESUME)
    return {
        rule_id: SuspensionView(
            suspended_at=step.at, suspended_by=step.by_name, suspended_because=step.because
        )
        for rule_id, step in newest.items()
        if step.action == RuleAction.SUSPEND
    }
