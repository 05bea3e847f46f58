"""Settings of an archive whose operator may add rules, parameters and elections of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from oversight.rules.rule_book import RuleBook, read_rule_book
from tests.migrated import lay_tables


@pytest.fixture
def home_settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home", database_url=None, meilisearch_url=None)
    lay_tables(settings)
    return settings


@pytest.fixture
def write_config(home_settings: Settings) -> Callable[[str, str], Path]:
    def write(relative: str, text: str) -> Path:
        path = home_settings.home / "config" / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def book(home_settings: Settings) -> RuleBook:
    return read_rule_book(home_settings)
