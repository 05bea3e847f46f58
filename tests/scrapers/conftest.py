"""`home`: an empty SQLite archive in a folder of its own, ready for crawls of the replica."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from scrapers.spiders import find_spiders
from scrapers.spiders.meta.settings import MetaSettings
from tests.migrated import init_fresh
from tests.scrapers.crawls import TOKEN, Home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    settings = Settings(
        home=tmp_path / "home",
        of_sources=(MetaSettings(access_token=TOKEN, countries=["US"]),),
        meilisearch_url=None,
    )
    engine = init_fresh(settings, [spider.info for spider in find_spiders().values()])
    yield Home(settings, engine)
    engine.dispose()
