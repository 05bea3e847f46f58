"""The application: JSON under /api/v1, pages under everything else, limits and headers before both.

`api.cli` serves it, tests call it. Everything it answers comes from archive, search and oversight.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI
from sqlalchemy import Engine

from api.dependencies import Rooms
from api.errors import Problem, answer_problems
from api.headers import AddSecurityHeaders
from api.limits import LimitRequests
from api.pages import mount_pages
from api.routes import ROUTERS, metrics
from archive.store.database import open_archive
from archive.terminal import utc_now
from config.settings import Settings
from oversight.rules.rule_book import read_rule_book
from search.engines import open_search

API_PATH = "/api/v1"

DESCRIPTION = (
    "Online political ads, what was paid for them and what was decided about them. Reading is open to "
    "all. Amounts are integer minor units; ranges have both ends included, an empty upper end is open; "
    "times are UTC; what is missing has its reason in `missing`."
)


def create_app(settings: Settings, now: Callable[[], datetime] = utc_now) -> FastAPI:
    """The whole application over an archive that has its tables.

    Raises:
        NotInitialisedError: if there is no archive yet.
        YamlFileError: if a rule does not load.
    """
    engine = open_archive(settings)
    rooms = Rooms(
        settings=settings,
        engine=engine,
        search=open_search(settings, engine),
        book=read_rule_book(settings),
        now=now,
    )
    app = FastAPI(openapi_url=None, lifespan=lambda _app: close_at_end(engine))
    app.state.rooms = rooms
    app.include_router(metrics.router)
    app.mount(API_PATH, make_api(rooms))
    mount_pages(app, rooms)
    app.add_middleware(LimitRequests, now=now)
    app.add_middleware(AddSecurityHeaders)
    return app


@asynccontextmanager
async def close_at_end(engine: Engine) -> AsyncIterator[None]:
    """Close the database's connections when the server stops."""
    yield
    engine.dispose()


def make_api(rooms: Rooms) -> FastAPI:
    """The JSON API as an application of its own, so that all its errors are problem documents."""
    problem = {"model": Problem, "description": "What went wrong (RFC 9457)."}
    api = FastAPI(
        title="Paid For By",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses={"default": problem},
    )
    api.state.rooms = rooms
    for router in ROUTERS:
        api.include_router(router)
    answer_problems(api)
    return api
