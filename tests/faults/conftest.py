"""Pages of a few rows, so that small deliveries have a midst."""

from collections.abc import Iterator

import pytest

import scrapers.spider
from tests.faults.dying import ROWS_TO_A_PAGE


@pytest.fixture(scope="module", autouse=True)
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrapers.spider, "PAGE_SIZE", ROWS_TO_A_PAGE)
        yield
