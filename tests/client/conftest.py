"""A small archive served on loopback, and the client that asks it.

`archive` asks it; `take_in` adds an ad as a further run, searchable at once; `clock` is what the server
takes for now; `slept` has the seconds that the client waited, while the server's clock moved on; `spoil`
has rows of searches leave otherwise than they are.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from paidforby_client import Archive

import api.app
import api.pages
import api.routes.search
from api.app import create_app
from archive.exports.downloads import Form, RowStream
from archive.names.following import bring_names_on
from archive.records import AdRecord
from archive.store.database import open_engine
from config.settings import Settings
from scrapers.replica.serve import serve_app
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, Clock, fill_archive, make_ad, make_once, take_in_run

Change = Callable[[bytes], Iterator[bytes]]


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("asked")
    fill_archive(Settings(home=home))
    take_in_searchable(Settings(home=home), [make_ad("a4;=1"), make_ad("a5\t+2")], NOON)
    return home


@pytest.fixture
def settings(filled_home: Path, tmp_path: Path) -> Settings:
    return Settings(home=shutil.copytree(filled_home, tmp_path / "home"))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON + timedelta(hours=1))


@pytest.fixture
def take_in(settings: Settings, clock: Clock) -> Callable[[AdRecord], None]:
    def take(ad: AdRecord) -> None:
        take_in_searchable(settings, [ad], clock.at)

    return take


def take_in_searchable(settings: Settings, ads: list[AdRecord], now: datetime) -> None:
    take_in_run(settings, [*ads], now)
    engine = open_engine(settings)
    sync_index(engine, open_search(settings, engine), now)
    bring_names_on(engine, now)
    engine.dispose()


@contextmanager
def serving(settings: Settings, clock: Clock) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.app, "make_api", make_once(api.app.make_api))
        patch.setattr(api.pages, "make_site", make_once(api.pages.make_site))
        app = create_app(settings, clock)
    with serve_app(app) as address:
        yield address
    app.state.rooms.engine.dispose()


@pytest.fixture
def address(settings: Settings, clock: Clock) -> Iterator[str]:
    with serving(settings, clock) as address:
        yield address


@pytest.fixture
def archive(address: str) -> Archive:
    return Archive(address)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> list[int]:
    waited: list[int] = []

    def sleep(seconds: int) -> None:
        waited.append(seconds)
        clock.at += timedelta(seconds=seconds)

    monkeypatch.setattr("paidforby_client.connection.sleep", sleep)
    return waited


@pytest.fixture
def spoil(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Let the rows of a search leave otherwise than they are; what is said of them stays right."""
    write_rows = api.routes.search.write_rows

    def replace(change: Change) -> None:
        def write_spoiled(stream: RowStream, form: Form, **how: bool) -> Iterator[bytes]:
            parts = write_rows(stream, form, **how)
            yield from parts if form is Form.SIDECAR else change(b"".join(parts))

        monkeypatch.setattr(api.routes.search, "write_rows", write_spoiled)

    return replace


def break_off(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise RuntimeError("the server dies")


def list_ids(rows: Iterable[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]
