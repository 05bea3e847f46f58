"""So many requests are at work, the next ones wait, the rest are refused at once; health waits for nobody."""

import anyio
import pytest

from api import admission
from api.admission import DEAR_AT_WORK, QUICK_AT_WORK, AdmitRequests
from api.sending import MOST_AT_ONCE
from archive.store.database import create_archive_engine


class House:
    """An application whose requests stay at work until they are let go."""

    def __init__(self):
        self.at_work: list[str] = []
        self.statuses: dict[str, list[int]] = {}
        self.let_go = anyio.Event()
        self.doors = AdmitRequests(self)

    async def __call__(self, scope, _receive, send):
        self.at_work.append(scope["path"])
        if not scope["path"].startswith("/static"):
            await self.let_go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(self, path, query=b""):
        async def send(message):
            if message["type"] == "http.response.start":
                self.statuses.setdefault(path, []).append(message["status"])
                self.headers = dict(message["headers"])

        scope = {"type": "http", "method": "GET", "path": path, "query_string": query}
        await self.doors(scope | {"headers": [(b"accept", b"application/json")]}, None, send)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
async def test_as_many_as_there_are_places_are_at_work_and_the_others_wait():
    house = House()
    async with anyio.create_task_group() as askers:
        for _ in range(QUICK_AT_WORK + 3):
            askers.start_soon(house.ask, "/search")
        await anyio.wait_all_tasks_blocked()
        assert house.at_work == ["/search"] * QUICK_AT_WORK
        house.let_go.set()
    assert house.statuses["/search"] == [200] * (QUICK_AT_WORK + 3)


@pytest.mark.anyio
async def test_whoever_finds_no_room_to_wait_in_is_refused_at_once_and_told_when_to_come_again():
    house = House()
    house.doors.quick.waiting = 2
    async with anyio.create_task_group() as askers:
        for _ in range(QUICK_AT_WORK + 3):
            askers.start_soon(house.ask, "/search")
        await anyio.wait_all_tasks_blocked()
        assert house.statuses == {"/search": [503]}
        assert house.headers[b"retry-after"] == b"5"
        house.let_go.set()
    assert sorted(house.statuses["/search"]) == [200] * (QUICK_AT_WORK + 2) + [503]


@pytest.mark.anyio
async def test_who_has_waited_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(admission, "SECONDS_TO_WAIT", 0.05)
    house = House()
    with anyio.fail_after(30):
        async with anyio.create_task_group() as askers:
            for _ in range(QUICK_AT_WORK):
                askers.start_soon(house.ask, "/search")
            await anyio.wait_all_tasks_blocked()
            await house.ask("/search")
            assert house.statuses == {"/search": [503]}
            house.let_go.set()


@pytest.mark.anyio
async def test_a_full_house_holds_up_neither_health_nor_the_stylesheet_nor_downloads():
    house = House()
    async with anyio.create_task_group() as askers:
        for _ in range(QUICK_AT_WORK + 10):
            askers.start_soon(house.ask, "/search")
        for path in ("/api/v1/health", "/static/site.css", "/api/v1/downloads/ads.csv"):
            askers.start_soon(house.ask, path)
        await anyio.wait_all_tasks_blocked()
        assert {*house.at_work} >= {"/api/v1/health", "/api/v1/downloads/ads.csv"}
        assert house.statuses == {"/static/site.css": [200]}
        house.let_go.set()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "query"),
    [("/spend", b""), ("/api/v1/coverage", b""), ("/api/v1/search", b"q=a&as_of=2026")],
)
async def test_what_is_dear_waits_apart_and_leaves_the_rest_their_places(path, query):
    house = House()
    async with anyio.create_task_group() as askers:
        for _ in range(DEAR_AT_WORK + 5):
            askers.start_soon(house.ask, path, query)
        askers.start_soon(house.ask, "/ads/snap/1")
        await anyio.wait_all_tasks_blocked()
        assert house.at_work.count(path) == DEAR_AT_WORK
        assert "/ads/snap/1" in house.at_work
        house.let_go.set()


def test_an_engine_has_a_connection_for_everything_that_can_be_at_work(postgresql_url):
    engine = create_archive_engine(postgresql_url)
    at_work = QUICK_AT_WORK + DEAR_AT_WORK + admission.HEALTH_AT_WORK + MOST_AT_ONCE
    held = [engine.connect() for _ in range(at_work)]
    assert len(held) == at_work
    for connection in held:
        connection.close()
    engine.dispose()
