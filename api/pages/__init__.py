"""The web site: server-rendered pages over the archive's read functions, no script, no cookie.

`api.app` mounts it once, after its own routes. What a page shows comes from `archive`, `search` and
`oversight`; nothing here writes but the form that reports an ad.
"""

from fastapi import Depends, FastAPI

from api.dependencies import Rooms
from api.pages import (
    about,
    ad,
    advertiser,
    corrections,
    coverage,
    decisions,
    find,
    home,
    media,
    names,
    quarantined,
    report,
    result_feeds,
    results,
    rules,
    sources,
    spend,
    static,
    watch_lists,
)
from api.pages.errors import answer_errors
from api.parameters import refuse_former

ROUTERS = (
    home.router,
    results.router,
    result_feeds.router,
    find.router,
    ad.router,
    media.router,
    advertiser.router,
    names.router,
    spend.router,
    rules.router,
    decisions.router,
    corrections.router,
    report.router,
    sources.router,
    quarantined.router,
    watch_lists.router,
    coverage.router,
    about.router,
    static.router,
)


def mount_pages(app: FastAPI, rooms: Rooms) -> None:
    """Serve the pages and their stylesheet under every path that has no other route."""
    app.mount("/", make_site(rooms))


def make_site(rooms: Rooms) -> FastAPI:
    """The pages as an application of their own, so that their errors are pages too."""
    site = FastAPI(openapi_url=None)
    site.state.rooms = rooms
    for router in ROUTERS:
        # A feed of results tells itself what is wrong with its question.
        checks = [] if router is result_feeds.router else [Depends(refuse_former)]
        site.include_router(router, dependencies=checks)
    answer_errors(site)
    return site
