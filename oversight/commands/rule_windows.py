"""`paidforby rules windows`: when a rule's window opens and is over at an election."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from archive.errors import ArchiveError, NotFoundError
from archive.terminal import AsJson, emit_json, format_table, plain_errors, say
from config.settings import Settings
from oversight.reference.elections import Election
from oversight.reference.windows import Span, compute_window
from oversight.rules.loading import Rule
from oversight.rules.rule_book import RuleBook, find_rules_here, read_rule_book


def show_windows(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="Id of the rule.")],
    election: Annotated[str, typer.Option(help="Id of the election.")],
    as_json: AsJson = False,
) -> None:
    """Print every instant of a rule's window at an election, in local time and in UTC.

    Example: paidforby rules windows RULE --election fr-2027
    """
    with plain_errors():
        book = read_rule_book(Settings())
        rule, vote = find_rules_here(book).find_rule(rule_id), _find_election(book, election)
        instants = _list_instants(rule, vote)
    if as_json:
        emit_json({"rule": rule.id, "election": vote.id, "instants": instants})
        return
    say(f"{rule.id} at the {vote.title}")
    heads = {"zone": "zone", "part": "part", "edge": "edge", "moment": "moment"}
    heads |= {"local": "local time", "utc": "UTC"}
    if not any(instant["part"] for instant in instants):
        del heads["part"]
    for line in format_table([*heads.values()], [[i[name] for name in heads] for i in instants]):
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
    if not spec.concerns(election):
        asked = " of ".join(", ".join(each) for each in (spec.kinds, spec.countries) if each)
        raise ArchiveError(f"{rule.id} is not asked at {election.id}: its window is for {asked}")
    try:
        window = compute_window(spec, election)
    except ValueError as error:
        raise ArchiveError(str(error)) from None
    if not window.spans:
        raise ArchiveError(
            f"a day that the window is counted from is not established at {election.id}"
        )
    moments = {"opens": spec.starts, "is over": spec.ends}
    return [
        {
            "zone": span.zone,
            "part": span.part,
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
