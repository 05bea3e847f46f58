"""`paidforby rules`: check rule files, list and show rules and their questions, suspend them, print windows.

Where there is no archive yet, rules are what their files say.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any

import typer
from sqlmodel import Session

from archive.commands.moment_options import AsOf, ValidAt, read_options
from archive.reading.as_of.moment import Moment
from archive.records.escaping import escape_text
from archive.store.database import open_archive, read, write
from archive.terminal import (
    DONE,
    DONE_WITH_REMAINDERS,
    AsJson,
    emit_json,
    format_table,
    format_time,
    note,
    note_refused,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.settings import Settings
from oversight.cases.decision_register import list_resting
from oversight.commands.checking import check_files
from oversight.commands.new_rule import write_new_rule
from oversight.commands.questions import show_questions
from oversight.commands.rule_facts import show_facts
from oversight.commands.rule_windows import show_windows
from oversight.rules.changed_files import tell_changed_files
from oversight.rules.facts import name_fact
from oversight.rules.loading import KeptRule, Rule
from oversight.rules.rule_book import RulesHere, find_rules_here, read_rule_book
from oversight.rules.schema import RuleFile, Stage
from oversight.rules.sums import NOT_EVALUATED
from oversight.rules.use import adopt_rule, resume_rule, suspend_rule
from oversight.rules.validity import DatedStatus
from oversight.rules.versions import describe_rule, list_rules_then, pick_in_force

app = typer.Typer(no_args_is_help=True, help="Acceptability rules: the law as published data.")
app.command("questions")(show_questions)
app.command("facts")(show_facts)
app.command("windows")(show_windows)

RuleId = Annotated[str, typer.Argument(metavar="RULE", help="Id of the rule.")]


app.command("check")(check_files)
app.command("new")(write_new_rule)


@app.command("list")
def list_rules(as_of: AsOf = None, valid_at: ValidAt = None, as_json: AsJson = False) -> None:
    """List the rules of this deployment, now or as held and in force at an earlier moment.

    Exit code 3: the files that are named on standard error cannot be used.

    Example: paidforby rules list
    """
    with plain_errors():
        settings = Settings()
        here = find_rules_here(read_rule_book(settings))
        moment = read_options(as_of, valid_at)
        rules, told = _find_rules(settings, here, moment)
    for rule_id in told.keys() - {rule.id for rule in rules}:
        note(f"{rule_id}: {told[rule_id]}")
    day = (moment.valid_at or moment.as_of or utc_now()).date()
    described = [describe_rule(rule, day, told.get(rule.id, "")) for rule in rules]
    _show_rules(described, as_json=as_json)
    note_refused(here.refused)
    raise typer.Exit(DONE_WITH_REMAINDERS if here.refused else DONE)


def _show_rules(described: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        emit_json(described)
        return
    names = ("id", "version", "jurisdiction", "legal_status", "stage", "evidence", "origin")
    rows = [[line[name] or "earlier" for name in names] for line in described]
    for line in format_table([name.replace("_", " ") for name in names], rows):
        say(line)
    for line in _tell_standing(described):
        say(line)
    if any(line["file_note"] for line in described):
        say("to stop a rule, type: paidforby rules suspend RULE --by NAME --because TEXT")
    say()
    say("next: paidforby rules show RULE")


def _tell_standing(described: list[dict[str, Any]]) -> Iterator[str]:
    """What the table cannot show: who suspended a rule and why, and what happened to a file."""
    for rule in described:
        if rule["suspended_at"]:
            since, who = format_time(rule["suspended_at"]), escape_text(rule["suspended_by"])
            why = escape_text(rule["suspended_because"])
            yield f"{rule['id']}: suspended since {since} by {who}, because: {why}"
        if rule["file_note"]:
            yield f"{rule['id']}: {rule['file_note']}"


def _find_rules(
    settings: Settings, here: RulesHere, moment: Moment
) -> tuple[list[KeptRule], dict[str, str]]:
    """The rules of a moment, and sentences on the files and texts of those in use now."""
    if moment.as_of is None:
        told = tell_changed_files(settings, here.rules) | here.unreadable
        return pick_in_force(here.rules, moment), told
    with plain_errors(), read(open_or_exit(settings)) as session:
        return pick_in_force(list_rules_then(session, here.rules, moment), moment), {}


@app.command("show")
def show_rule(rule_id: RuleId, as_json: AsJson = False) -> None:
    """Show one rule: what it says, on what law, and its tests.

    Example: paidforby rules show RULE
    """
    with plain_errors():
        settings = Settings()
        here = find_rules_here(read_rule_book(settings))
        rule = here.find_rule(rule_id)
        told = tell_changed_files(settings, [rule]) | here.unreadable
    described = describe_rule(rule, utc_now().date(), told.get(rule.id, ""))
    if as_json:
        file = rule.file.model_dump(mode="json", by_alias=True)
        emit_json(described | {"file": file, "text": rule.text})
        return
    for line in [*_tell_rule(rule.file), *_tell_standing([described])]:
        say(line)
    say(f"{rule.origin or 'no file'}, SHA-256 {rule.sha256}")


def _tell_rule(file: RuleFile) -> list[str]:
    duty = "requires" if file.requires else "forbids"
    lines = [
        f"{file.id} version {file.version}: {file.title}",
        file.says,
        *(f"{code}: {words.title}. {words.says}" for code, words in file.translations.items()),
        "",
        *(f"law          {c.cite} ({c.evidence.replace('_', ' ')})" for c in file.legal_basis),
        *(f"             read by {c.reader}" for c in file.legal_basis if c.reader),
        f"owner        {file.owner or 'nobody answers for it'}",
        *(f"in law       {_tell_status(each)}" for each in file.validity.statuses),
        f"to be reread {file.review_on or 'by a day that nobody has said'}",
        f"counted      one for each {file.unit_of_violation}",
        f"applies when {file.applies_when.when} ({file.applies_when.cite})",
        f"{duty:<12} {file.duty.when} ({file.duty.cite})",
        *(
            f"unless       {c.when} ({c.id}; {c.cite}; shown by the {c.shown_by})"
            for c in file.unless
        ),
        *(f"asked where  {name_fact(name)} is told, or declared blank" for name in file.asks_where),
        *(f"a person     {each.question} ({', '.join(each.answers)})" for each in file.needs_human),
        *(f"test         {test.name}: {test.expect.replace('_', ' ')}" for test in file.tests),
        "",
    ]
    if file.sum:
        lines.insert(-1, f"sum          {NOT_EVALUATED} ({file.sum.cite})")
    if file.window:
        at = next(i for i, line in enumerate(lines) if line.startswith("applies when"))
        lines.insert(at, f"window       from {file.window.starts} to {file.window.ends}")
    return lines


def _tell_status(each: DatedStatus) -> str:
    starts = f"from {each.starts_on}" if each.starts_on else "no beginning established"
    return f"{each.status.replace('_', ' ')}, {starts}{f' ({each.cite})' if each.cite else ''}"


By = Annotated[str, typer.Option(help="Who decides it.", metavar="NAME")]
Because = Annotated[str, typer.Option(help="Why; it is public.", metavar="TEXT")]


@app.command("adopt")
def adopt(
    rule_id: RuleId,
    by: By,
    because: Because,
    stage: Annotated[Stage, typer.Option(help="shadow or active.")] = Stage.SHADOW,
) -> None:
    """Bring the text of a rule's file into use; what was in use stays on record.

    Example: paidforby rules adopt RULE --stage shadow --by ada --because "read by two lawyers"
    """
    settings = Settings()
    with plain_errors():
        book = read_rule_book(settings)
        with write(open_archive(settings)) as session:
            rule = adopt_rule(session, book, rule_id, stage, (by, because), utc_now())
    say(f"{rule_id} version {rule.file.version} is {stage} from now on")
    say("the next import or worker pass holds all ads against it")


@app.command("suspend")
def suspend(rule_id: RuleId, by: By, because: Because) -> None:
    """Stop a rule at once, everywhere: no flag, no decision, its signals off the desk.

    Example: paidforby rules suspend RULE --by ada --because "the law has changed"
    """
    resting = _take_step(suspend_rule, rule_id, by, because)
    say(f"{rule_id} is suspended from now on; its page says since when, by whom and why")
    if resting:
        say(f"decisions that rest on it stand: {', '.join(resting)}")
    say(f"next: paidforby rules resume {rule_id} --by NAME --because TEXT")


@app.command("resume")
def resume(rule_id: RuleId, by: By, because: Because) -> None:
    """Use a suspended rule again, in the version that is in use.

    Example: paidforby rules resume RULE --by ada --because "the law stands"
    """
    _take_step(resume_rule, rule_id, by, because)
    say(f"{rule_id} is in use again; the next import or worker pass holds all ads against it")


def _take_step(
    step: Callable[[Session, Rule, str, str, datetime], None], rule_id: str, by: str, because: str
) -> list[str]:
    """Take a step with a rule; gives the decisions that rest on it."""
    settings = Settings()
    with plain_errors():
        book = read_rule_book(settings)
        with write(open_archive(settings)) as session:
            step(session, book.find_in_use(session, rule_id), by, because, utc_now())
            return list_resting(session, rule_id)
