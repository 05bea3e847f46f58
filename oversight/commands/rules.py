"""`paidforby rules`: check rule files, list and show rules, and print the windows they reckon.

Rules are files: none of it needs an archive, but for the versions of an earlier time.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from archive.commands.moment_options import AsOf, ValidAt, read_options
from archive.errors import ArchiveError, NotFoundError, NotInitialisedError
from archive.reading.as_of.moment import Moment
from archive.store.database import open_archive, read
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    FAILED,
    AsJson,
    emit_json,
    format_table,
    note_refused,
    open_or_exit,
    plain_errors,
    say,
)
from config.overlay import ConfigFile, Origin
from config.readings import read_each
from config.settings import Settings
from config.yaml_files import YamlFileError, read_model
from oversight.reference.elections import Election, read_elections
from oversight.reference.parameters import Parameter, read_parameters
from oversight.reference.windows import Span, find_window
from oversight.rules.loading import Rule, load_rule
from oversight.rules.rule_book import RuleBook, read_rule_book
from oversight.rules.schema import RuleFile
from oversight.rules.versions import AnyRule, list_rules_then, pick_in_force

app = typer.Typer(no_args_is_help=True, help="Acceptability rules: the law as published data.")

RuleId = Annotated[str, typer.Argument(metavar="RULE", help="Id of the rule.")]


@app.command("check")
def check_files(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Rule files or folders; none: all rules in use here."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read rules and hold them to their own tests; exit code 1 if one does not load.

    Without paths it reads parameters and elections too, with paths those below `params` and `elections`.
    """
    settings = Settings()
    with plain_errors():
        if paths:
            rules, refused = _load_each(settings, [f for path in paths for f in _find_files(path)])
        else:
            book = read_rule_book(settings)
            rules, refused = book.rules, book.refused
    _report_check(rules, refused, as_json=as_json)
    if refused:
        raise typer.Exit(FAILED)


def _load_each(
    settings: Settings, files: list[ConfigFile]
) -> tuple[list[Rule], list[YamlFileError]]:
    parameters, elections = read_parameters(settings), read_elections(settings).values.values()

    def read(file: ConfigFile) -> Rule | Parameter | Election:
        if "params" in file.path.parts:
            return read_model(file, Parameter)
        if "elections" in file.path.parts:
            return read_model(file, Election)
        return load_rule(file, parameters, elections)

    found = read_each(files, read, lambda each: f"the {type(each).__name__.lower()} {each.id}")
    return [each for each in found.values.values() if isinstance(each, Rule)], found.refused


def _find_files(path: Path) -> list[ConfigFile]:
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    found = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    return [ConfigFile(str(file), file, Origin.LOCAL) for file in found]


def _report_check(rules: list[Rule], refused: list[YamlFileError], *, as_json: bool) -> None:
    faults = [fault for error in refused for fault in error.faults]
    note_refused(faults)
    if as_json:
        errors = [{"file": e.file, "line": e.line, "field": e.field, "why": e.why} for e in faults]
        emit_json({"rules": [describe_rule(rule) for rule in rules], "errors": errors})
        return
    for rule in rules:
        say(f"{rule.id} version {rule.file.version}: {len(rule.file.tests)} tests passed")
    say(f"{len(rules)} rules load, {len(refused)} files cannot be used")


@app.command("list")
def list_rules(as_of: AsOf = None, valid_at: ValidAt = None, as_json: AsJson = False) -> None:
    """List the rules of this deployment, now or as held and in force at an earlier moment.

    Exit code 3: the files that are named on standard error cannot be used.
    """
    with plain_errors():
        book = _read_book(Settings())
        rules = _find_rules(book, read_options(as_of, valid_at))
    _show_rules([describe_rule(rule) for rule in rules], as_json=as_json)
    note_refused(book.refused)
    raise typer.Exit(DONE_WITH_REMAINDERS if book.refused else DONE)


def _show_rules(described: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        emit_json(described)
        return
    names = ("id", "version", "jurisdiction", "legal_status", "stage", "evidence", "origin")
    rows = [[line[name] or "earlier" for name in names] for line in described]
    for line in format_table([name.replace("_", " ") for name in names], rows):
        say(line)
    say()
    say("next: paidforby rules show RULE")


def _read_book(settings: Settings) -> RuleBook:
    """The rules in use; where a file cannot be used, an archive that is there tells what stays so."""
    book = read_rule_book(settings)
    if not book.refused:
        return book
    try:
        engine = open_archive(settings)
    except NotInitialisedError:
        return book
    with read(engine) as session:
        return read_rule_book(settings, session)


def _find_rules(book: RuleBook, moment: Moment) -> list[AnyRule]:
    if moment.as_of is None:
        return pick_in_force(book.rules, moment)
    with read(open_or_exit(Settings())) as session:
        return pick_in_force(list_rules_then(session, book.rules, moment), moment)


def describe_rule(rule: AnyRule) -> dict[str, Any]:
    """A rule in one line, as programs read it."""
    return {
        "id": rule.id,
        "version": rule.file.version,
        "title": rule.file.title,
        "jurisdiction": rule.file.jurisdiction,
        "kind": rule.file.kind,
        "legal_status": rule.file.validity.status,
        "stage": rule.file.stage,
        "evidence": rule.file.evidence,
        "origin": rule.origin,
        "sha256": rule.sha256,
    }


@app.command("show")
def show_rule(rule_id: RuleId, as_json: AsJson = False) -> None:
    """Show one rule: what it says, on what law, and its tests."""
    with plain_errors():
        rule = _read_book(Settings()).find_rule(rule_id)
    if as_json:
        file = rule.file.model_dump(mode="json", by_alias=True)
        emit_json(describe_rule(rule) | {"file": file, "text": rule.text})
        return
    for line in _tell_rule(rule.file):
        say(line)
    say(f"{rule.origin}, SHA-256 {rule.sha256}")


def _tell_rule(file: RuleFile) -> list[str]:
    duty = "requires" if file.requires else "forbids"
    lines = [
        f"{file.id} version {file.version}: {file.title}",
        file.says,
        "",
        *(f"law          {c.cite} ({c.evidence.replace('_', ' ')})" for c in file.legal_basis),
        f"in force     {_tell_validity(file)}",
        f"applies when {file.applies_when.when} ({file.applies_when.cite})",
        f"{duty:<12} {file.duty.when} ({file.duty.cite})",
        *(f"unless       {c.when} ({c.id}; {c.cite})" for c in file.unless),
        *(f"a person     {question}" for question in file.needs_human),
        *(f"test         {test.name}: {test.expect.replace('_', ' ')}" for test in file.tests),
        "",
    ]
    if file.window:
        lines.insert(5, f"window       from {file.window.starts} to {file.window.ends}")
    return lines


def _tell_validity(file: RuleFile) -> str:
    validity = file.validity
    starts = f"from {validity.starts_on}" if validity.starts_on else "no beginning established"
    ends = f", until before {validity.ends_on}" if validity.ends_on else ""
    return f"{starts}{ends} ({validity.status.replace('_', ' ')})"


@app.command("windows")
def show_windows(
    rule_id: RuleId,
    election: Annotated[str, typer.Option(help="Id of the election.")],
    as_json: AsJson = False,
) -> None:
    """Print every instant of a rule's window at an election, in local time and in UTC."""
    with plain_errors():
        book = _read_book(Settings())
        rule, vote = book.find_rule(rule_id), _find_election(book, election)
        instants = _list_instants(rule, vote)
    if as_json:
        emit_json({"rule": rule.id, "election": vote.id, "instants": instants})
        return
    say(f"{rule.id} at the {vote.title}")
    rows = [[i["zone"], i["edge"], i["moment"], i["local"], i["utc"]] for i in instants]
    for line in format_table(["zone", "edge", "moment", "local time", "UTC"], rows):
        say(line)


def _find_election(book: RuleBook, election_id: str) -> Election:
    found = next((vote for vote in book.elections if vote.id == election_id), None)
    if found is None:
        for error in book.refused:
            if error.name == election_id:
                raise error
        raise NotFoundError("election", election_id)
    return found


def _list_instants(rule: Rule, election: Election) -> list[dict[str, str]]:
    spec = rule.file.window
    if spec is None:
        raise ArchiveError(f"the rule {rule.id} has no window; it asks about all days alike")
    window = find_window(spec, election)
    if not window.spans:
        raise ArchiveError(f"it is not established on which day {election.id} was called")
    moments = {"opens": spec.starts, "is over": spec.ends}
    return [
        {
            "zone": span.zone,
            "edge": edge,
            "moment": moment,
            "local": _find_edge(span, edge).astimezone(ZoneInfo(span.zone)).isoformat(),
            "utc": _find_edge(span, edge).astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        for span in window.spans
        for edge, moment in moments.items()
    ]


def _find_edge(span: Span, edge: str) -> datetime:
    return span.start_at if edge == "opens" else span.end_at
