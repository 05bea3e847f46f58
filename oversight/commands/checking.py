"""`paidforby rules check`: rules and all they rest on, read and held to their own tests."""

from pathlib import Path
from typing import Annotated

import typer

from archive.terminal import (
    FAILED,
    AsJson,
    emit_json,
    note,
    note_refused,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.overlay import ConfigFile, Origin, list_config_files
from config.readings import read_each
from config.settings import Settings
from config.yaml_files import YamlFileError, read_model
from oversight.reference.elections import Election, read_elections, read_holidays
from oversight.reference.formulas import (
    check_renewed,
    list_stale,
    load_parameter,
    read_parameters,
)
from oversight.reference.holidays import Holidays
from oversight.reference.parameters import Parameter
from oversight.rules.checking import load_election, load_rule
from oversight.rules.loading import Rule
from oversight.rules.made_worlds import answer_worlds
from oversight.rules.rule_book import read_rule_book
from oversight.rules.sums import NOT_EVALUATED
from oversight.rules.versions import describe_rule


def check_files(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Rule files or folders; none: all rules in use here."),
    ] = None,
    worlds: Annotated[
        bool, typer.Option(help="Also what each rule answers at the edges of its window and law.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read rules and hold them to their own tests; exit code 1 if one does not load.

    Without paths it reads parameters, elections and holidays too, with paths those below such folders.

    Example: paidforby rules check config/rules
    """
    settings = Settings()
    with plain_errors():
        if paths:
            rules, refused = _load_each(settings, [f for path in paths for f in _find_files(path)])
        else:
            book = read_rule_book(settings)
            rules = book.rules
            refused = [*book.refused, *list_stale(settings, utc_now().date())]
    _report_check(rules, refused, worlds=worlds, as_json=as_json)
    if refused:
        raise typer.Exit(FAILED)


def _load_each(
    settings: Settings, files: list[ConfigFile]
) -> tuple[list[Rule], list[YamlFileError]]:
    parameters, elections = read_parameters(settings), read_elections(settings).values.values()
    free, held = read_holidays(settings), list_config_files(settings, "rules", ".yaml")
    # As they are without any election: what none of them suits is told of the election.
    rules = read_each(held, lambda file: load_rule(file, parameters, ())).values.values()

    def read(file: ConfigFile) -> Rule | Parameter | Holidays | Election:
        if "params" in file.path.parts:
            check_renewed(file, utc_now().date())
            return load_parameter(file, parameters.values)
        if "holidays" in file.path.parts:
            return read_model(file, Holidays)
        if "elections" in file.path.parts:
            return load_election(file, free.values, rules)
        return load_rule(file, parameters, elections)

    found = read_each(files, read, lambda each: f"the {type(each).__name__.lower()} {each.id}")
    return [each for each in found.values.values() if isinstance(each, Rule)], found.refused


def _find_files(path: Path) -> list[ConfigFile]:
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    found = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return [ConfigFile(str(file), file, Origin.LOCAL) for file in found]


def _report_check(
    rules: list[Rule], refused: list[YamlFileError], *, worlds: bool, as_json: bool
) -> None:
    faults = [fault for error in refused for fault in error.faults]
    note_refused(faults)
    made = {rule.id: answer_worlds(rule) if worlds else [] for rule in rules}
    if as_json:
        errors = [{"file": e.file, "line": e.line, "field": e.field, "why": e.why} for e in faults]
        emit_json(
            {
                "rules": [
                    describe_rule(rule, utc_now().date())
                    | ({"worlds": made[rule.id]} if worlds else {})
                    for rule in rules
                ],
                "errors": errors,
            }
        )
        return
    for rule in rules:
        beside = f"; {NOT_EVALUATED}" if rule.file.sum else ""
        tests = write_count(len(rule.file.tests), "test")
        say(f"{rule.id} version {rule.file.version}: {tests} passed{beside}")
        for world in made[rule.id]:
            say(
                f"  {world['world']}: {world['answer'].replace('_', ' ')}. {' '.join(world['because'])}"
            )
        if rule.file.review_on and rule.file.review_on <= utc_now().date():
            note(f"{rule.id}: the law was to be read again by {rule.file.review_on}")
    loaded = write_count(len(rules), "rule loads", "rules load")
    say(f"{loaded}, {write_count(len(refused), 'file')} cannot be used")
