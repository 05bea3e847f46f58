"""The rules of this deployment with what they rest on, and the files of these that cannot be used.

Evaluation, commands, the site and the API read it. One bad file takes out what rests on it and no more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from archive.reading.rules import list_rule_texts
from config.overlay import ConfigFile, list_config_files
from config.readings import Readings, read_each
from config.settings import Settings
from config.yaml_files import YamlFileError, YamlText
from oversight.reference.elections import Election, read_elections
from oversight.reference.parameters import Parameter, read_parameters
from oversight.reference.periods import LATEST
from oversight.rules.loading import Rule, compile_rule, find_rule, load_rule


@dataclass(frozen=True)
class RuleBook:
    """Rules by id, elections in the order of the calendar, parameters, and the files that are left out."""

    rules: list[Rule]
    elections: list[Election]
    parameters: dict[str, Parameter]
    refused: list[YamlFileError]

    def find_rule(self, rule_id: str) -> Rule:
        """The rule of that id.

        Raises:
            NotFoundError: if there is none.
            YamlFileError: if its file cannot be used.
        """
        bad = [error for error in self.refused if error.name == rule_id]
        if bad and rule_id not in {rule.id for rule in self.rules}:
            raise bad[0]
        return find_rule(self.rules, rule_id)


def read_rule_book(settings: Settings, session: Session | None = None) -> RuleBook:
    """Everything rules rest on, shipped files overlaid by the operator's own.

    With a session, a rule whose file cannot be used goes on as the archive kept it, if that still loads.
    """
    parameters, calendar = read_parameters(settings), read_elections(settings)
    elections = [*calendar.values.values()]
    files = list_config_files(settings, "rules", ".yaml")
    read = read_each(files, lambda f: load_rule(f, parameters, elections), lambda rule: rule.id)
    kept = _load_kept(session, files, read, parameters) if session and read.refused else {}
    rules = read.values | kept
    return RuleBook(
        rules=[rules[rule_id] for rule_id in sorted(rules)],
        elections=elections,
        parameters=parameters.values,
        refused=[
            *parameters.refused,
            *(_name_windows(error, rules.values()) for error in calendar.refused),
            *(_name_kept(error, kept) for error in read.refused),
        ],
    )


def load_rules(settings: Settings) -> list[Rule]:
    """All rules by id, for whoever needs every one of them.

    Raises:
        YamlFileError: if a file of a rule, a parameter or an election cannot be used.
    """
    book = read_rule_book(settings)
    if book.refused:
        raise book.refused[0]
    return book.rules


def _load_kept(
    session: Session,
    files: Sequence[ConfigFile],
    read: Readings[Rule],
    parameters: Readings[Parameter],
) -> dict[str, Rule]:
    """The newest kept version of each rule whose file cannot be used; without one it is out of use."""
    wanted = {error.name for error in read.refused} - read.values.keys()
    texts = {row.rule_id: row.text for row in list_rule_texts(session, LATEST)}
    own = [file for file in files if file.path.stem in wanted & texts.keys()]

    def load_kept(file: ConfigFile) -> Rule:
        text = texts[file.path.stem]
        return compile_rule(YamlText(str(file.path), text.encode()), file.origin, parameters)

    return read_each(own, load_kept).values


def _name_kept(error: YamlFileError, kept: dict[str, Rule]) -> YamlFileError:
    if error.name not in kept:
        return error
    return error.add(f"version {kept[error.name].file.version}, which was in use, stays in use")


def _name_windows(error: YamlFileError, rules: Iterable[Rule]) -> YamlFileError:
    """An election's error with the rules that it may concern, as far as the folder tells its country."""
    country = Path(error.file).parent.name.upper()
    specs = {rule.id: rule.file.window for rule in rules if rule.file.window}
    resting = [
        name for name, spec in specs.items() if not spec.countries or country in spec.countries
    ]
    return (
        error.add(f"resting on it, at this election: {', '.join(sorted(resting))}")
        if resting
        else error
    )
