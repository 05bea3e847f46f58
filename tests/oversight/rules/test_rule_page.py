"""The page for people who write rules: its example is a rule that loads."""

import re
from collections.abc import Callable
from pathlib import Path

from archive.curation.label_tables import read_label_shapes
from archive.curation.registers import read_register_shapes
from config.settings import Settings
from oversight.reference.labels import LABEL_FACTS
from oversight.rules.facts import AD_FACTS, HOST_FACTS
from oversight.rules.rule_book import find_rule, load_rules, read_rule_book
from oversight.rules.sums import SUM_FACTS

PAGE = Path(__file__).parents[3] / "docs" / "write-a-rule.md"


def test_the_examples_load_with_parameter_election_register_and_label_list(
    home_settings: Settings, write_config: Callable[[str, str], Path]
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    rule, parameter, election, register, labels = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    write_config("rules/xx/xx-payer-named.yaml", rule)
    write_config("params/xx_small_ad_minor.yaml", parameter)
    write_config("elections/xx/xx-2026-11-08-council.yaml", election)
    write_config("registers/xx_third_parties.yaml", register)
    write_config("labels/xx_panel.yaml", labels)
    assert read_label_shapes(home_settings).values["xx_panel"].covers_days == 30
    assert "xx_third_parties" in read_register_shapes(home_settings).values
    loaded = find_rule(load_rules(home_settings), "xx-payer-named")
    assert loaded.file.window
    (council,) = [each for each in read_rule_book(home_settings).elections if each.country == "XX"]
    assert f"--election {council.id}" in text
    assert loaded.parameters.keys() == {"xx_small_ad_minor"}


def test_the_page_names_every_fact() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = (*AD_FACTS, *HOST_FACTS, *SUM_FACTS, *LABEL_FACTS)
    assert [n for n in names if f"`{n.removeprefix('label.')}`" not in text] == []
