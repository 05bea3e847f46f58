"""The web site: server-rendered pages over the archive's read functions, no script, no cookie.

`api.app` mounts it once, after its own routes. What a page shows comes from `archive`, `search` and
`oversight`; nothing here writes but the form that reports an ad.
"""

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api.pages import about, ad, home
from api.pages.errors import answer_errors
from api.pages.site import STATIC_DIR, Site
from archive.database import open_archive
from archive.terminal import utc_now
from config.settings import Settings

ROUTERS = (home.router, ad.router, about.router)


def mount_pages(app: FastAPI, settings: Settings) -> None:
    """Serve the pages and their stylesheet under every path that has no other route.

    Raises:
        NotInitialisedError: if there is no archive yet.
    """
    site = Site(settings=settings, engine=open_archive(settings), now=utc_now)
    app.mount("/", make_site(site))


def make_site(site: Site) -> FastAPI:
    """The pages as an application of their own, so that their errors are pages too."""
    pages = FastAPI(openapi_url=None)
    pages.state.site = site
    pages.mount("/static", StaticFiles(directory=STATIC_DIR))
    for router in ROUTERS:
        pages.include_router(router)
    answer_errors(pages)
    return pages
