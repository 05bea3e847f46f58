"""`paidforby rules questions`: what rules cannot tell, about single ads and about sources."""

from typing import Annotated

import typer

from archive.reading.rules import list_questions
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
from oversight.evaluation.kept_counts import count_kept
from oversight.rules.facts import name_fact
from oversight.rules.rule_book import find_rule, read_rule_book


def show_questions(
    rule_ids: Annotated[
        list[str] | None,
        typer.Option("--rule-id", help="Only this rule; give it again for others."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What the rules in use cannot tell: ads to look at one by one, and what sources never give.

    Example: paidforby rules questions
    """
    settings = Settings()
    with plain_errors(), read(open_or_exit(settings)) as session:
        book = read_rule_book(settings)
        rules = book.list_in_use(session)
        chosen = [find_rule(rules, one) for one in dict.fromkeys(rule_ids)] if rule_ids else rules
        asked = [each for each in chosen if each.is_evaluated]
        hashes = [each.sha256 for each in asked]
        found = list_questions(session, hashes)
        counts = count_kept(session, hashes, rules, book.elections, utc_now())
    by_rule = [(each, found[each.sha256]) for each in asked]
    rows = [[each.id, each.stage, q.ads, len(q.sources)] for each, q in by_rule]
    names = ("rule", "stage", "ads", "sources")
    if as_json:
        totals = {
            "ads": sum(q.ads for _, q in by_rule),
            "sources": sum(len(q.sources) for _, q in by_rule),
        }
        lines = [
            dict(zip(names, row, strict=True)) | {"counts": counts[sha256].model_dump()}
            for sha256, row in zip(hashes, rows, strict=True)
        ]
        emit_json(totals | {"by_rule": lines})
        return
    for line in format_table(names, rows):
        say(line)
    for each, questions in by_rule:
        for q in questions.sources:
            lacks = "; ".join(name_fact(name) for name in q.facts)
            say(f"{each.id}: {q.source} does not give, for {write_count(q.ads, 'ad')}: {lacks}")
    say()
    say("next: paidforby rules show RULE")
