"""Errors as pages: what is wrong, where, and what to do next. Programs get a problem document instead."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from api.pages.site import AsOfError, PageHead, get_site, render_page
from archive.database import read
from archive.errors import ArchiveError, NotFoundError
from archive.reading import CursorError

NOT_FOUND_STEPS = (
    "Check the address: an ad's looks like /ads/<source>/<the source's id>.",
    "If a link led here, the ad may be in another archive, or not archived. "
    "What is not here, and why, is listed under “What is not here”.",
)
WRONG_STEPS = ("Go back, change what you asked for, and try again.",)
FAILED_STEPS = (
    "Try again in a minute.",
    "If it happens again, tell whoever runs this archive at what time it happened.",
)


def answer_errors(pages: FastAPI) -> None:
    """Give every error of the pages its page."""
    pages.add_exception_handler(HTTPException, _answer_http)
    pages.add_exception_handler(NotFoundError, _answer_not_found)
    for kind in (ArchiveError, AsOfError, CursorError, RequestValidationError):
        pages.add_exception_handler(kind, _answer_wrong)
    pages.add_exception_handler(Exception, _answer_failed)


def answer_error(
    request: Request, status: int, title: str, what: str, steps: tuple[str, ...]
) -> Response:
    """One error, as a page or, for programs, as a problem document (RFC 9457)."""
    if _wants_json(request):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": what}
        return JSONResponse(problem, status, media_type="application/problem+json")
    site = get_site(request)
    page = PageHead(title=title, path=request.url.path)
    with read(site.engine) as session:
        return render_page(
            site,
            session,
            page,
            "error.html",
            status,
            code=status,
            what=what,
            steps=steps,
        )


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or (
        "json" in accepted and "text/html" not in accepted
    )


async def _answer_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return answer_error(
            request,
            404,
            "This page is not here",
            f"There is nothing at {request.url.path}.",
            NOT_FOUND_STEPS,
        )
    what = str(error.detail) if isinstance(error, HTTPException) else str(error)
    return answer_error(request, status, "This cannot be done", what, WRONG_STEPS)


async def _answer_not_found(request: Request, error: Exception) -> Response:
    title = f"This {error.kind} is not here" if isinstance(error, NotFoundError) else "Not here"
    return answer_error(request, 404, title, f"{error}.", NOT_FOUND_STEPS)


async def _answer_wrong(request: Request, error: Exception) -> Response:
    what = str(error)
    if isinstance(error, RequestValidationError):
        what = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())
    return answer_error(request, 400, "This cannot be shown", what, WRONG_STEPS)


async def _answer_failed(request: Request, _error: Exception) -> Response:
    what = "Something failed here. It is not your doing, and nothing was changed."
    return answer_error(request, 500, "This page could not be made", what, FAILED_STEPS)
