"""What a rule's conditions say in words, for people who read no code."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from oversight.rules.rule_book import find_rule, load_rules
from oversight.rules.sentences import tell_clauses
from tests.config.bad_files import RULE

CEILING = """
id: fee
title: A ceiling
type: money
values: [{from: 2020-01-01, value: 50000 JPY, source: {cite: none, evidence: memory}}]
"""
RICH = "ad.currency: JPY, ad.spend_lower_minor: 60000, "
DEAR = (
    RULE.replace("id: good", "id: xx-named")
    .replace("params: [good]", "params: [fee]")
    .replace("'\"XX\" in ad.countries'", "ad.spend.over(p.fee)")
    .replace("facts: {ad.countries: [XX], ad.payer", f"facts: {{{RICH}ad.payer")
)


@pytest.mark.parametrize(
    ("rule_id", "clause", "sentence"),
    [
        (
            "us-30120-payer-named",
            "applies_when",
            "It is declared political and “US” is among the countries it was shown in.",
        ),
        ("us-30120-payer-named", "requires", "The payer is given."),
        (
            "ca-350-third-party-cap",
            "forbids",
            "Its spend is over “Most a third party may spend in a Canadian general election”.",
        ),
        (
            "ca-323-polling-day",
            "unless up-before-and-unchanged",
            "It started outside the window and the number of its versions is 1.",
        ),
        (
            "ca-353-registration",
            "requires",
            "The register ca_third_parties lists the payer.",
        ),
        (
            "eu-ttpa-11-1-b-sponsor",
            "applies_when",
            (
                "It is declared political and one of the countries it was shown in is among “Member states "
                "of the European Union”."
            ),
        ),
        (
            "started-on-the-eve",
            "unless may-be-official",
            "Its text contains “polling place” or its text contains “where to vote”.",
        ),
    ],
)
def test_a_clause_reads_as_a_sentence(rule_id: str, clause: str, sentence: str) -> None:
    assert tell_clauses(find_rule(load_rules(Settings()), rule_id))[clause] == sentence


def test_a_ceiling_that_is_money_is_told_by_its_title(
    home_settings: Settings, write_config: Callable[[str, str], Path]
) -> None:
    write_config("params/fee.yaml", CEILING)
    write_config("rules/xx/xx-named.yaml", DEAR)
    rule = find_rule(load_rules(home_settings), "xx-named")
    assert tell_clauses(rule)["applies_when"] == "Its spend is over “A ceiling”."


def test_every_shipped_clause_is_told_without_operators() -> None:
    told = [text for rule in load_rules(Settings()) for text in tell_clauses(rule).values()]
    assert [text for text in told if any(sign in text for sign in ("&&", "||", "==", "ad."))] == []
