"""`load`: the rule that a text makes, read from a file of the operator's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from oversight.rules.loading import Rule
from oversight.rules.rule_book import load_rules

Write = Callable[[str, str], Path]


@pytest.fixture
def load(home_settings: Settings, write_config: Write) -> Callable[[str], Rule]:
    def load_text(text: str) -> Rule:
        write_config("rules/xx/xx-named.yaml", text)
        return next(rule for rule in load_rules(home_settings) if rule.id == "xx-named")

    return load_text
