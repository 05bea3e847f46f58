"""The rules of this deployment: as their files say, and as they are in use, which the archive records.

`init` in an archive that has had a run, else the first import or pass of the worker, records those that came
with the program as in use (`use.py`); a person adopts what stands in other files. From then on the text and
the stage that the archive keeps count, whatever becomes of the file, until another version is adopted. What
a person suspends is suspended at the next question, in every process. One bad file takes out what rests on
it and no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session, col, func, select

from archive.errors import NotFoundError, NotInitialisedError
from archive.models import ReferenceVersion, RuleVersion
from archive.models.oversight import ReferenceKind, RuleAction
from archive.reading.rules import SuspensionView, list_uses
from archive.store.database import open_archive, read
from archive.store.realm import read_realm
from config.overlay import ConfigFile, Origin, list_config_files
from config.readings import Readings, read_each
from config.settings import Realm, Settings
from config.yaml_files import MAX_BYTES, YamlFileError, read_bytes
from oversight.reference.elections import Election, read_elections
from oversight.reference.formulas import read_parameters
from oversight.reference.labels import LabelLists, read_label_lists
from oversight.reference.parameters import Parameter
from oversight.reference.registers import Registers, read_registers
from oversight.rules.checking import load_rule
from oversight.rules.former import read_kept_text
from oversight.rules.loading import Rule, compile_rule
from oversight.rules.schema import Stage

Lists = tuple[Registers, LabelLists]
FilesRead = tuple[list[Rule], list[Election], Readings[Parameter], list[YamlFileError]]
FOLDERS = ("rules", "params", "elections", "holidays")
BROUGHT = (ReferenceKind.REGISTER, ReferenceKind.LABEL_LIST)


@dataclass(frozen=True)
class RuleBook:
    """The files a process started with, and all it takes to read a kept version of a rule."""

    settings: Settings
    rules: list[Rule]
    """By id, as the files that can be used say."""
    elections: list[Election]
    """In the order of the calendar."""
    parameters: Readings[Parameter]
    refused: list[YamlFileError]
    """Files of rules and of what they rest on that cannot be used."""
    read_before: dict[str, Rule] = field(default_factory=dict)
    """Kept versions, by hash: a text never changes, so each is compiled once."""
    lists_before: dict[int | None, Lists] = field(default_factory=dict)
    """Registers and label lists as they were read last, by our id of the newest copy."""

    def list_in_use(self, session: Session) -> list[Rule]:
        """Every rule by id, each in the version that is in use, with its suspension.

        A version in use that can no longer be read is left out, unless the rule came with the program. A rule
        that did, and was never in use, stands as in its file; an operator's is a proposal.
        """
        realm = read_realm(session)
        rules = {rule.id: _stand_by(rule, realm) for rule in self.rules}
        for rule_id, use in list_uses(session, RuleAction.USE).items():
            try:
                version = self.read_version(session, use.rule_sha256)
            except YamlFileError:
                continue
            stage = Stage(use.stage) if use.stage else None
            rules[rule_id] = replace(version, used_stage=stage)
        stopped = list_suspensions(session)
        registers, labels = self._read_lists(session)
        return [
            replace(rules[i], suspension=stopped.get(i), registers=registers, label_lists=labels)
            for i in sorted(rules)
        ]

    def _read_lists(self, session: Session, as_of: datetime | None = None) -> Lists:
        if as_of is not None:
            return read_registers(session, as_of), read_label_lists(session, as_of)
        is_list = col(ReferenceVersion.kind).in_(BROUGHT)
        newest = session.exec(select(func.max(ReferenceVersion.id)).where(is_list)).one()
        if newest not in self.lists_before:
            self.lists_before.clear()
            self.lists_before[newest] = read_registers(session), read_label_lists(session)
        return self.lists_before[newest]

    def list_unreadable(self, session: Session) -> dict[str, str]:
        """Rules in use whose kept text can no longer be read, by id, with the reason."""
        why: dict[str, str] = {}
        for rule_id, use in list_uses(session, RuleAction.USE).items():
            try:
                self.read_version(session, use.rule_sha256)
            except YamlFileError as error:
                shipped = (rule for rule in self.rules if rule.origin is Origin.SHIPPED)
                stands_in = any(rule.id == rule_id for rule in shipped)
                so = "its file stands in for it" if stands_in else "no ad is held against it"
                why[rule_id] = f"The version in use can no longer be read, so {so}: {error.why}"
        return why

    def list_refused(self, session: Session) -> list[YamlFileError]:
        """The files that cannot be used; of a rule that goes on as it was kept, with that version."""
        if not self.refused:
            return []
        from_files = {rule.id for rule in self.rules}
        kept = {rule.id: rule for rule in self.list_in_use(session) if rule.id not in from_files}
        return [
            error.add(_tell_kept(kept[error.name])) if error.name in kept else error
            for error in self.refused
        ]

    def may_be_stale(self, today: date) -> bool:
        """Whether law has renewed the last value of any parameter by now."""
        days = (parameter.stale_on for parameter in self.parameters.values.values())
        return any(day and day <= today for day in days)

    def find_in_use(self, session: Session, rule_id: str) -> Rule:
        """The version of a rule that is in use.

        Raises:
            NotFoundError: if there is no such rule.
        """
        return find_rule(self.list_in_use(session), rule_id)

    def read_version(self, session: Session, sha256: str, as_of: datetime | None = None) -> Rule:
        """A version this archive keeps, ready to answer with today's parameters and a time's registers.

        Raises:
            NotFoundError: if it keeps no such version.
            YamlFileError: if the text is of a form that is no longer read.
        """
        known = {rule.sha256: rule for rule in self.rules} | self.read_before
        if sha256 not in known:
            row = session.exec(select(RuleVersion).where(RuleVersion.sha256 == sha256)).first()
            if row is None:
                raise NotFoundError("rule version", sha256)
            written = read_kept_text(row.rule_id, row.text)
            known[sha256] = compile_rule(written, None, self.parameters)
            self.read_before[sha256] = known[sha256]
        rule = known[sha256]
        if not rule.file.registers and not rule.file.labels:
            return rule
        registers, labels = self._read_lists(session, as_of)
        return replace(rule, registers=registers, label_lists=labels)


@dataclass(frozen=True)
class RulesHere:
    """The rules in use in the archive here, and what keeps others from being so."""

    rules: list[Rule]
    unreadable: dict[str, str]
    refused: list[YamlFileError]

    def find_rule(self, rule_id: str) -> Rule:
        """The rule of that id.

        Raises:
            NotFoundError: if there is none.
            YamlFileError: if its file cannot be used, and no version of it is in use.
        """
        bad = [error for error in self.refused if error.name == rule_id]
        if bad and rule_id not in {rule.id for rule in self.rules}:
            raise bad[0]
        return find_rule(self.rules, rule_id)


def read_rule_book(settings: Settings) -> RuleBook:
    """Everything rules rest on as the files are now, shipped ones overlaid by the operator's own."""
    stamp = tuple(_stamp_file(file) for folder in FOLDERS for file in _list_files(settings, folder))
    return RuleBook(settings, *_read_files(_Files(stamp, settings)))


@dataclass(frozen=True)
class _Files:
    """The files of a rule book by what they hold."""

    stamp: tuple[tuple[Path, Origin, bytes | str], ...]
    settings: Settings = field(compare=False)


def _list_files(settings: Settings, folder: str) -> list[ConfigFile]:
    return list_config_files(settings, folder, ".yaml")


def _stamp_file(file: ConfigFile) -> tuple[Path, Origin, bytes | str]:
    try:
        return file.path, file.origin, read_bytes(file.path, MAX_BYTES)
    except YamlFileError as error:
        return file.path, file.origin, error.why


# Whoever works reads the book at each round; to check every rule anew takes a quarter of a second.
@lru_cache(maxsize=8)
def _read_files(of: _Files) -> FilesRead:
    settings = of.settings
    parameters, calendar = read_parameters(settings), read_elections(settings)
    elections = [*calendar.values.values()]
    files = _list_files(settings, "rules")
    read = read_each(files, lambda f: load_rule(f, parameters, elections), lambda rule: rule.id)
    rules = [read.values[rule_id] for rule_id in sorted(read.values)]
    windows = [_name_windows(error, rules) for error in calendar.refused]
    refused = [*parameters.refused, *windows, *read.refused]
    return rules, elections, parameters, refused


def load_rules(settings: Settings) -> list[Rule]:
    """The rules of all files by id, for whoever needs every one of them.

    Raises:
        YamlFileError: if a file of a rule, a parameter or an election cannot be used.
    """
    book = read_rule_book(settings)
    if book.refused:
        raise book.refused[0]
    return book.rules


def find_rules_here(book: RuleBook) -> RulesHere:
    """What is in use in the archive here; where there is none yet, the rules are those of the files."""
    settings, of_files = book.settings, RulesHere(book.rules, {}, book.refused)
    # To look for tables in a file of SQLite would make the file.
    if settings.database_url is None and not (settings.home / "archive.sqlite3").exists():
        return of_files
    try:
        engine = open_archive(settings)
    except NotInitialisedError:
        return of_files
    try:
        with read(engine) as session:
            in_use = book.list_in_use(session)
            return RulesHere(in_use, book.list_unreadable(session), book.list_refused(session))
    finally:
        engine.dispose()


def _stand_by(rule: Rule, realm: Realm | None) -> Rule:
    """A rule that was never in use: as its file has it, but no more than this archive takes unasked."""
    if not rule.is_evaluated:
        return rule
    if rule.origin is not Origin.SHIPPED:
        return replace(rule, used_stage=Stage.DRAFT)
    return replace(rule, used_stage=Stage.SHADOW) if realm is Realm.REAL else rule


def _tell_kept(rule: Rule) -> str:
    stays = "is suspended, stays so" if rule.suspension else "was in use, stays in use"
    return f"version {rule.file.version}, which {stays}"


def _name_windows(error: YamlFileError, rules: Iterable[Rule]) -> YamlFileError:
    """An election's error with the rules that it may concern, as far as the folder tells its country."""
    country = Path(error.file).parent.name.upper()
    specs = {rule.id: rule.file.window for rule in rules if rule.file.window}
    resting = [
        name
        for name, spec in specs.items()
        if error.place.startswith("elections/")
        and (not spec.countries or country in spec.countries)
    ]
    return (
        error.add(f"resting on it, at this election: {', '.join(sorted(resting))}")
        if resting
        else error
    )


def list_suspensions(session: Session, as_of: datetime | None = None) -> dict[str, SuspensionView]:
    """The suspensions that hold, or held at a time, by id of the rule."""
    newest = list_uses(session, RuleAction.SUSPEND, RuleAction.RESUME, as_of=as_of)
    return {
        rule_id: SuspensionView(
            suspended_at=step.at, suspended_by=step.by_name, suspended_because=step.because
        )
        for rule_id, step in newest.items()
        if step.action == RuleAction.SUSPEND
    }


def find_rule(rules: Iterable[Rule], rule_id: str) -> Rule:
    """The rule of that id.

    Raises:
        NotFoundError: if there is none.
    """
    found = next((rule for rule in rules if rule.id == rule_id), None)
    if found is None:
        raise NotFoundError("rule", rule_id)
    return found
