"""The replica as an ASGI application: fixtures served as they lie, Meta's API, and faults on demand.

`serve.py` runs it on a loopback port. A source that only publishes files needs nothing but its
fixture folder; only Meta's API has code of its own.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from scrapers.replica.faults import Fault, FaultMiddleware, ReceivedRequest
from scrapers.replica.fixtures import FIXTURES, publish_day
from scrapers.replica.meta_ad_library import API_PATH, AdsArchive
from scrapers.replica.meta_ads import read_ads
from scrapers.replica.meta_budget import CallBudget


def create_replica(
    fixtures: Path = FIXTURES,
    day: int = 1,
    faults: Sequence[Fault] = (),
    received: list[ReceivedRequest] | None = None,
    budget: CallBudget | None = None,
) -> Starlette:
    """The sources as they were on a day.

    Fixtures are laid out when the application starts, so it must be run with its lifespan. Every
    request is appended to `received`; `budget` is Meta's hourly limit.
    """

    @asynccontextmanager
    async def publish(app: Starlette) -> AsyncIterator[None]:
        with TemporaryDirectory(prefix="replica-") as folder:
            served = Path(folder)
            publish_day(fixtures, day, served)
            ads = AdsArchive(read_ads(served / API_PATH.lstrip("/")), budget or CallBudget())
            app.router.routes.extend(
                [Route(API_PATH, ads.answer_request), Mount("/", StaticFiles(directory=served))]
            )
            yield

    return Starlette(
        routes=[Route("/robots.txt", show_robots)],
        middleware=[Middleware(FaultMiddleware, faults=faults, received=received)],
        lifespan=publish,
    )


def show_robots(_: Request) -> PlainTextResponse:
    """Robots may read everything: there is nothing real here, and the answer says so."""
    return PlainTextResponse("User-agent: *\nAllow: /\n", headers={"X-Realm": "fictional"})
