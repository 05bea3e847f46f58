"""A small archive behind the application, and people of every kind to ask it.

`client` asks as nobody; `keys` holds a key for each kind of person; `ask` sends a request as one of
them; `take_in` adds records as a further run; `clock` is what the application takes for now.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import make_url

import api.app
import api.pages
from api.app import create_app
from api.dependencies import Rooms
from archive.curation.people import add_user, disable_user
from archive.ingest.pages import ingest_page
from archive.models.people import Role
from archive.models.runs import Outcome, RunKind
from archive.records import AdRecord, AnyRecord, CommitteeRecord, DisclosureRecord, SourceInfo
from archive.runs.captures import save_capture
from archive.runs.lease import begin_run, end_run
from archive.store.blobs import BlobStore
from archive.store.database import open_engine, write
from archive.store.realm import claim_realm
from config.settings import Realm, Settings
from oversight.rules.rule_book import load_rules
from oversight.rules.schema import Stage
from search.copies.sync import sync_index
from search.engines import open_search
from tests.migrated import init_fresh
from tests.servers import make_database

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

HOSTILE = '=HYPERLINK("https://example.org","click")'

SOURCE = SourceInfo(
    id="example",
    title="Example political ads file",
    publisher="Example (an invented platform)",
    kind="ads",
    homepage="https://example.org/ads",
    documentation="https://example.org/ads/about",
    licence="not stated",
    access="robots: obey",
    partition_unit="a year's file",
    seconds_between_requests=1,
)


@dataclass
class Clock:
    """A clock that tests move."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON + timedelta(hours=1))


def make_ad(ref: str, **values: object) -> AdRecord:
    given = {
        "platform": "examplatform",
        "advertiser_ref": "page-1",
        "advertiser_name": "Harbour Party",
        "payer_name": "Friends of the Harbour",
        "bodies": [f"Vote for the harbour, says {ref}"],
        "countries": ["GR"],
        "currency": "EUR",
        "spend_lower_minor": 100_00,
        "spend_upper_minor": 199_00,
        "started_on": date(2026, 1, 1),
        "ended_on": date(2026, 1, 31),
    }
    return AdRecord(ref=ref, **(given | values))


RECORDS = [
    make_ad("a1"),
    make_ad("a2/with:odd?id", payer_name=None, currency=None),
    make_ad("a3", payer_name=HOSTILE, spend_upper_minor=None),
    CommitteeRecord(ref="C1", name="Friends of the Harbour"),
    DisclosureRecord(
        ref="-1+1",
        committee_ref="C1",
        currency="USD",
        amount_minor=-5_00,
        is_memo=False,
        is_notice=False,
        is_correction=True,
        purpose="@refund",
    ),
]


@dataclass(frozen=True)
class Filled:
    """An archive that tests copy, and the keys of people in it."""

    home: Path
    keys: dict[str, str]
    database: str | None = None
    """On PostgreSQL the name of the template, the address of the copy; else it lies in the home."""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    home = tmp_path_factory.mktemp("filled")
    return Filled(home, fill_archive(Settings(home=home)))


@pytest.fixture(scope="session")
def filled_on_server(
    tmp_path_factory: pytest.TempPathFactory, postgresql_server: str, migrated_database: str
) -> Iterator[Filled]:
    home = tmp_path_factory.mktemp("filled_on_server")
    with make_database(postgresql_server, migrated_database) as url:
        name = make_url(url).database
        yield Filled(home, fill_archive(Settings(home=home, database_url=url)), name)


def fill_archive(settings: Settings) -> dict[str, str]:
    """The records above and people of every kind, indexed; gives their keys."""
    engine = init_fresh(settings, [SOURCE])
    with write(engine) as session:
        claim_realm(session, Realm.FICTIONAL)
        people = {
            "analyst": [Role.ANALYST],
            "reviewer": [Role.REVIEWER],
            "operator": [Role.OPERATOR],
            "disabled": list(Role),
        }
        made = {name: add_user(session, name, roles, NOON)[1] for name, roles in people.items()}
        disable_user(session, "disabled", NOON)
    take_in_run(settings, RECORDS, NOON)
    sync_index(engine, open_search(settings, engine), NOON)
    engine.dispose()
    return made | {"unknown key": "pfb_nobody-has-this-key", "nobody": ""}


def take_in_run(settings: Settings, records: list[AnyRecord], now: datetime) -> None:
    engine = open_engine(settings)
    with write(engine) as session:
        run = begin_run(session, SOURCE.id, "2026", RunKind.CRAWL, now)
        blob = BlobStore(settings.blobs_dir).put_bytes(b"the page of that day")
        url = "https://example.org/ads.csv?token=secret"
        capture = save_capture(session, run, blob, url=url, now=now)
        ingest_page(session, run, records, capture.id, now)
        end_run(session, run, Outcome.DONE, now)
    engine.dispose()


@pytest.fixture
def database() -> str:
    """SQLite; modules whose answers hang on the database take each in turn."""
    return "sqlite"


@pytest.fixture
def archive(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Filled]:
    """The filled archive, a copy of this test's own."""
    home = tmp_path / "home"
    if database == "sqlite":
        template: Filled = request.getfixturevalue("filled")
        yield Filled(shutil.copytree(template.home, home), template.keys)
        return
    template = request.getfixturevalue("filled_on_server")
    shutil.copytree(template.home, home)
    server = request.getfixturevalue("postgresql_server")
    with make_database(server, template.database) as url:
        yield Filled(home, template.keys, url)


@pytest.fixture
def settings(archive: Filled) -> Settings:
    return Settings(home=archive.home, database_url=archive.database)


@pytest.fixture
def keys(archive: Filled) -> dict[str, str]:
    return archive.keys


@pytest.fixture
def take_in(settings: Settings) -> Callable[..., None]:
    def take(records: list[AnyRecord], now: datetime = NOON) -> None:
        take_in_run(settings, records, now)

    return take


@cache
def make_once(make: Callable[[Rooms], FastAPI]) -> Callable[[Rooms], FastAPI]:
    """The API or the site, with other rooms each time: what FastAPI finds out about routes is kept."""
    made: list[FastAPI] = []

    def put(rooms: Rooms) -> FastAPI:
        if not made:
            made.append(make(rooms))
        made[0].state.rooms = rooms
        return made[0]

    return put


@pytest.fixture
def client(settings, keys, clock) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.app, "make_api", make_once(api.app.make_api))
        patch.setattr(api.pages, "make_site", make_once(api.pages.make_site))
        app = create_app(settings, clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def ask(client, keys) -> Callable[..., Response]:
    def send(method: str, path: str, who: str = "nobody", body: object = None) -> Response:
        headers = {"Authorization": f"Bearer {keys[who]}"} if keys[who] else {}
        return client.request(method, f"/api/v1{path}", headers=headers, json=body)

    return send


@pytest.fixture
def rule_id(settings) -> str:
    return next(rule.id for rule in load_rules(settings) if rule.file.stage is Stage.ACTIVE)


@pytest.fixture
def say_flag(ask, rule_id) -> Callable[..., dict[str, object]]:
    """What somebody says who has just looked at the ad and the rule."""

    def say(ad: str = "example:a1", rule: str = rule_id) -> dict[str, object]:
        versions = ask("GET", f"/ads/{ad.replace(':', '/', 1)}/versions").json()["items"]
        sha256 = ask("GET", f"/rules/{rule}").json()["sha256"]
        seen = {"ad_version": max(v["seq"] for v in versions), "rule_sha256": sha256}
        return {"ad_id": ad, "rule_id": rule, "note": "Nobody is named."} | seen

    return say


@pytest.fixture
def raise_flag(ask, say_flag) -> Callable[..., Response]:
    def flag(who: str = "analyst", ad: str = "example:a1") -> Response:
        return ask("POST", "/flags", who, say_flag(ad))

    return flag


DECISION = {
    "outcome": "opinion_concern",
    "reasons": "The ad names nobody who paid for it.",
    "legal_basis": "52 U.S.C. 30120(a)",
    "plain_summary": "The ad should say who paid for it, and does not.",
}
