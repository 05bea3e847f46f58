"""The replica as an ASGI application: fixtures served as they lie, Meta's API, and faults on demand.

`serve.py` runs it on a loopback port. A source that only publishes files needs nothing but its
fixture folder, and one that answers questions a file of answers in it; only Meta's API has code, and
the pictures that ads name, which are drawn. Seeded days hand in code for others.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from scrapers.replica.answers import list_answer_routes
from scrapers.replica.faults import Fault, FaultMiddleware, ReceivedRequest
from scrapers.replica.meta_ad_library import API_PATH, AdsArchive
from scrapers.replica.meta_ads import ArchivedAd
from scrapers.replica.meta_budget import CallBudget
from scrapers.replica.pictures import MEDIA_PATH, answer_media


def create_replica(
    served: Path,
    ads: Sequence[ArchivedAd],
    faults: Sequence[Fault] = (),
    received: list[ReceivedRequest] | None = None,
    budget: CallBudget | None = None,
    further: Iterable[Route] = (),
) -> Starlette:
    """The sources as they are laid out in `served`, and Meta's API over its `ads`, newest first.

    Every request is appended to `received`; `budget` is Meta's hourly limit; `further` routes are those
    of other sources that answer by code.
    """
    archive = AdsArchive(ads, budget or CallBudget())
    return Starlette(
        routes=[
            Route("/robots.txt", show_robots),
            Route(API_PATH, archive.answer_request),
            Route(MEDIA_PATH, answer_media),
            *further,
            *list_answer_routes(served),
            Mount("/", StaticFiles(directory=served)),
        ],
        middleware=[Middleware(FaultMiddleware, faults=faults, received=received)],
    )


def show_robots(_: Request) -> PlainTextResponse:
    """Robots may read everything: there is nothing real here, and the answer says so."""
    return PlainTextResponse("User-agent: *\nAllow: /\n", headers={"X-Realm": "fictional"})
