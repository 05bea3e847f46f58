"""`paidforby rules facts`: what rules read, what each source gives of it, and for how many ads it does."""

from typing import Annotated, Any

import typer

from archive.store.database import read
from archive.terminal import (
    AsJson,
    emit_json,
    format_table,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings
from oversight.evaluation.decidable import Decidable, find_decidable
from oversight.rules.facts import name_fact
from oversight.rules.loading import Rule
from oversight.rules.rule_book import read_rule_book
from oversight.rules.sentences import tell_clauses


def show_facts(
    rule_id: Annotated[
        str | None, typer.Argument(metavar="RULE", help="Id of a rule; none: all rules.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """For how many archived ads rules can be decided, and what is missing most; of one rule, by source.

    Example: paidforby rules facts RULE
    """
    settings = Settings()
    with plain_errors(), read(open_or_exit(settings)) as session:
        book = read_rule_book(settings)
        rules = [book.find_in_use(session, rule_id)] if rule_id else book.list_in_use(session)
        now = utc_now()
        found = [(rule, find_decidable(session, rule, book.elections, now)) for rule in rules]
    if as_json:
        emit_json([_describe(rule, each) for rule, each in found])
    elif rule_id:
        _tell_rule(*found[0])
    else:
        _tell_rules(found)


def _describe(rule: Rule, found: Decidable) -> dict[str, Any]:
    missing = [{"fact": fact, "alone": alone, "ads": ads} for fact, alone, ads in found.lacking]
    sources = [
        {
            "source": each.source,
            "ads": each.ads,
            "decided": each.decided,
            "facts": {name: each.tell(name) for name in found.facts},
            "open": [
                {"answer": answer, "missing": names, "ads": ads}
                for (answer, names), ads in each.reasons.most_common()
            ],
        }
        for each in found.sources
    ]
    totals = {"rule": rule.id, "ads": found.ads, "decided": found.decided}
    return totals | {"missing": missing, "sources": sources}


def _tell_rules(found: list[tuple[Rule, Decidable]]) -> None:
    rows = []
    for rule, each in found:
        most = _tell_lacking(*each.lacking[0]) if each.lacking else ""
        rows.append([rule.id, rule.stage, f"{each.ads:,}", f"{each.decided:,}", most])
    for line in format_table(("rule", "stage", "ads", "decided", "is missing most"), rows):
        say(line)
    say()
    say("next: paidforby rules facts RULE")


def _tell_rule(rule: Rule, found: Decidable) -> None:
    say(f"{rule.id}: {rule.file.title}")
    for name, sentence in tell_clauses(rule).items():
        say(f"{name.replace('_', ' ')}: {sentence}")
    say()
    say(f"decided for {found.decided:,} of {write_count(found.ads, 'ad')}")
    sources = [each.source for each in found.sources]
    rows = [[name, *(each.tell(name) for each in found.sources)] for name in found.facts]
    for line in format_table(("fact", *sources), rows):
        say(line)
    if found.lacking:
        say()
    for name, alone, ads in found.lacking:
        say(f"missing: {_tell_lacking(name, alone, ads)}")
    for each in found.sources:
        for (answer, names), ads in each.reasons.most_common():
            lacks = "; ".join(name_fact(name) for name in names)
            told = f"{answer.replace('_', ' ')} for {write_count(ads, 'ad')}"
            say(f"{each.source}: {told}, for want of: {lacks}")


def _tell_lacking(name: str, alone: int, ads: int) -> str:
    return (
        f"{name_fact(name)}: alone for {write_count(alone, 'ad')}, with others for {ads - alone:,}"
    )
