"""The application: JSON under /api/v1, pages under everything else, limits and headers before both.

`api.cli` serves it, tests call it. Everything it answers comes from archive, search and oversight.
"""

import gc
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import Depends, FastAPI
from sqlalchemy import Engine
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.routing import Mount, Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api.admission import AdmitRequests
from api.dependencies import Rooms
from api.description import (
    DESCRIPTION,
    DescribedApi,
    find_contact,
    list_tags,
    name_operation,
)
from api.errors import API_PATH, Problem, answer_problems
from api.headers import AddSecurityHeaders
from api.heads import AnswerHeads
from api.hosts import CheckHost, list_hosts
from api.limits import LimitRequests
from api.measuring import MeasureRequests
from api.pages import mount_pages
from api.pages.errors import answer_errors
from api.parameters import refuse_unknown
from api.request_log import LogRequests
from api.root import ServeBelowRoot
from api.routes import ROUTERS, metrics
from api.sending import PARQUET
from api.sharing import ShareAnswers
from api.unchanged import AnswerUnchanged
from archive.store.database import open_archive
from archive.store.time_limits import limit_statements
from archive.terminal import utc_now
from config.settings import Settings
from config.site_root import read_root
from oversight.rules.rule_book import read_rule_book
from search.engines import open_search

SECONDS_A_STATEMENT = 20.0
"""Then the database is told to stop and the reader gets 503: nobody waits longer, a proxy least of all."""

GZIP_LEVEL = 5
"""Higher ones take twice the time for a few hundredths less."""

SECONDS_A_TURN = 0.0005
"""Of each thread at work: a tenth of Python's own, by which health answers in two thirds of the time beside
64 readers, and as many answers are given (`tests.benchmarks.load`)."""


def create_app(settings: Settings, now: Callable[[], datetime] = utc_now) -> FastAPI:
    """The whole application over an archive that has its tables.

    Raises:
        NotInitialisedError: if there is no archive yet.
    """
    engine = open_archive(settings)
    limit_statements(engine, SECONDS_A_STATEMENT)
    rooms = Rooms(
        settings=settings,
        engine=engine,
        search=open_search(with_search_key(settings), engine, SECONDS_A_STATEMENT),
        book=read_rule_book(settings),
        now=now,
    )
    app = FastAPI(openapi_url=None, lifespan=lambda _app: close_at_end(engine))
    app.state.rooms = rooms
    app.include_router(metrics.router)
    app.mount(API_PATH, make_api(rooms))
    mount_pages(app, rooms)
    # Of a path that no mount takes, such as one with a line end.
    answer_errors(app)
    match_whole_paths(app)
    app.add_middleware(AnswerUnchanged, rooms=rooms)
    app.add_middleware(AnswerHeads)
    app.add_middleware(AdmitRequests)
    app.add_middleware(LimitRequests, now=now)
    app.add_middleware(CheckHost, allowed=list_hosts(settings))
    app.add_middleware(ShareAnswers)
    app.add_middleware(AddSecurityHeaders, public_url=settings.public_url)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    app.add_middleware(MeasureRequests, counts=rooms.counts)
    app.add_middleware(LogRequests, trusted=settings.trusted_proxies)
    app.add_middleware(ServeBelowRoot, root=read_root(settings.public_url))
    app.add_middleware(
        GZipMiddleware,
        compresslevel=GZIP_LEVEL,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, PARQUET),
    )
    return app


def with_search_key(settings: Settings) -> Settings:
    """The same, with the key of the search engine that may do what readers need and no more."""
    if settings.meilisearch_search_key is None:
        return settings
    return settings.model_copy(update={"meilisearch_key": settings.meilisearch_search_key})


def match_whole_paths(app: FastAPI) -> None:
    """Let routes match whole paths: Starlette's patterns end in `$`, which a line end may follow."""
    for route in app.routes:
        if isinstance(route, Route | Mount):
            route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            match_whole_paths(route.app)


@asynccontextmanager
async def close_at_end(engine: Engine) -> AsyncIterator[None]:
    """Close the database's connections when the server stops.

    Meanwhile what is loaded stays: a collection that looked through all of it took as long as a large answer.
    Threads take turns more often: each of the short statements of a quick answer waits for its turn anew.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SECONDS_A_TURN)
    gc.freeze()
    yield
    gc.unfreeze()
    sys.setswitchinterval(usual)
    engine.dispose()


def make_api(rooms: Rooms) -> FastAPI:
    """The JSON API as an application of its own, so that all its errors are problem documents."""
    problem = {"model": Problem, "description": "What went wrong (RFC 9457)."}
    api = DescribedApi(
        title="Paid For By",
        version="1",
        description=DESCRIPTION,
        contact=find_contact(rooms.settings),
        openapi_tags=list_tags(),
        generate_unique_id_function=name_operation,
        docs_url=None,
        redoc_url=None,
        responses={"default": problem},
        servers=[{"url": f"{read_root(rooms.settings.public_url)}{API_PATH}"}],
        root_path_in_servers=False,
        dependencies=[Depends(refuse_unknown)],
    )
    api.state.rooms = rooms
    for router in ROUTERS:
        api.include_router(router)
    answer_problems(api)
    return api
