"""The replica's two days, each served once for all tests that only read."""

from collections.abc import Iterator

import pytest

from scrapers.replica.serve import running_replica


@pytest.fixture(scope="package")
def day_1() -> Iterator[str]:
    with running_replica() as address:
        yield address


@pytest.fixture(scope="package")
def day_2() -> Iterator[str]:
    with running_replica(day=2) as address:
        yield address
