"""Errors as pages: what is wrong, where, and what to do next. Programs get a problem document instead.

Statuses come from the one table in `api.errors`.
"""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from api.accepted import read_accepted
from api.dependencies import get_rooms
from api.errors import (
    API_PATH,
    HEADERS_OF,
    NOT_TOLD,
    STATUS_OF,
    find_status,
    make_problem,
    tell_error,
    tell_invalid,
)
from api.pages.site import TEMPLATES, PageHead, render_page
from api.root import lead_links
from archive.errors import cut_echo
from archive.store.database import read

NOT_FOUND_STEPS = (
    "Check the address. An ad's is /ads/, the source, /, and the source's own id of the ad.",
    "It may be in no source that this archive collects: see “What is not here” below.",
)
WRONG_STEPS = ("Go back, change what you asked for, and try again.",)
FAILED_STEPS = (
    "Try again in a minute.",
    "If it happens again, tell whoever runs this archive at what time it happened.",
)


def answer_errors(pages: FastAPI) -> None:
    """Give every error of the pages its page."""
    pages.add_exception_handler(HTTPException, _answer_http)
    pages.add_exception_handler(RequestValidationError, _answer_wrong)
    for kind in STATUS_OF:
        pages.add_exception_handler(kind, _answer_known)


def answer_error(request: Request, status: int, what: str) -> Response:
    """One error, as a page or, for programs, as a problem document (RFC 9457)."""
    if _wants_json(request):
        return make_problem(request.url.path, status, what)
    if status == 503:
        return answer_unavailable(request, what)
    rooms = get_rooms(request)
    title, steps = _name_error(status)
    page = PageHead(title=title, path=request.url.path)
    shown = {"code": status, "what": what, "steps": steps}
    try:
        with read(rooms.engine) as session:
            return render_page(rooms, session, page, "error.html", status, **shown)
    except SQLAlchemyError as error:
        return answer_unavailable(request, tell_error(error))


def answer_unavailable(request: Request, what: str, status: int = 503) -> Response:
    """What cannot be answered, by default just now, without asking the archive anything."""
    if _wants_json(request):
        return make_problem(request.url.path, status, what)
    title, steps = _name_error(status)
    page = TEMPLATES.get_template("unavailable.html")
    body = page.render(code=status, title=title, what=what, steps=steps)
    return HTMLResponse(lead_links(body), status, HEADERS_OF.get(status))


def _name_error(status: int) -> tuple[str, tuple[str, ...]]:
    if status == 404:
        return "This is not here", NOT_FOUND_STEPS
    if status >= 500:
        return "This could not be done just now", FAILED_STEPS
    return "This cannot be done", WRONG_STEPS


def _wants_json(request: Request) -> bool:
    if request.url.path.startswith(f"{API_PATH}/"):
        return True
    accepted = read_accepted(request.headers.get("accept", ""))
    wanted = max(
        (weight for name, weight in accepted.items() if name.endswith("json")), default=0.0
    )
    return wanted > accepted.get("text/html", 0.0)


async def _answer_known(request: Request, error: Exception) -> Response:
    status = find_status(type(error))
    what = "Something failed here. It is not your doing, and nothing was changed."
    return answer_error(request, status, what if status in NOT_TOLD else tell_error(error))


async def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return await _answer_known(request, error)
    what = (
        f"There is nothing at {cut_echo(request.url.path)}."
        if error.status_code == 404
        else error.detail
    )
    return answer_error(request, error.status_code, what)


async def _answer_wrong(request: Request, error: Exception) -> Response:
    what = str(error)
    if isinstance(error, RequestValidationError):
        what = "; ".join(f"{item['loc'][-1]}: {tell_invalid(item)}" for item in error.errors())
    return answer_error(request, 400, what)
