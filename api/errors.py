"""What went wrong, as a problem document (RFC 9457); the one table from exceptions to HTTP.

Exceptions know nothing of HTTP. What is not in the table is our fault: 500, without details.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.exceptions import HTTPException

from api.auth import NotAllowedError, NotSignedInError
from archive.errors import (
    ArchiveError,
    EvidenceError,
    NotFoundError,
    NotInitialisedError,
    OtherTablesError,
    QuestionError,
    cut_echo,
)
from archive.media.cleaning import NotCleanedError
from archive.media.pictures import PictureTooLargeError, UnreadablePictureError
from archive.reading import CursorError
from archive.store.clock import ClockError
from archive.store.outages import is_away
from config.site_root import lead_below
from config.yaml_files import YamlFileError
from oversight.cases.errors import (
    CaseError,
    CaseStepError,
    NotEntitledError,
    OutdatedError,
    SeenVersions,
)
from search.port import NEVER_FILLED, NeverFilledError, SearchUnavailableError

API_PATH = "/api/v1"
PROBLEM = "application/problem+json"

STATUS_OF: dict[type[Exception], int] = {
    NotSignedInError: 401,
    NotAllowedError: 403,
    NotFoundError: 404,
    NotCleanedError: 404,
    CursorError: 400,
    QuestionError: 400,
    PictureTooLargeError: 400,
    UnreadablePictureError: 400,
    CaseError: 422,
    CaseStepError: 409,
    NotEntitledError: 403,
    ArchiveError: 409,
    YamlFileError: 409,
    SearchUnavailableError: 503,
    NotInitialisedError: 503,
    OtherTablesError: 503,
    ClockError: 503,
    OperationalError: 503,
    NoConnectionError: 503,
    DataError: 400,
    UnicodeEncodeError: 400,
    Exception: 500,
}
"""The status of each exception class; the nearest class counts."""

HEADERS_OF = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "5"}}
"""What goes with a status, unless an answer says otherwise."""

NOT_TOLD = frozenset({500, 503})
"""Statuses whose cause may name things that are nobody's business."""


_TYPED = re.compile(r"'([^']*)'")
"""The values that pydantic lists, whatever stands about them."""

FAILED_HERE = "this failed here; try again later"
DATABASE_AWAY = "the database does not answer just now; try again later"
SEARCH_AWAY = "search does not answer just now; try again later"


class FieldProblem(BaseModel):
    """What is wrong with one part of a request."""

    field: str = Field(description="Where: path, query or body, and the name.")
    detail: str = Field(description="What is wrong.")


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(description="Name of the kind of problem, a URI.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What went wrong here, and what to do.")
    instance: str = Field(description="Path that was asked for.")
    errors: list[FieldProblem] = Field(description="The parts of the request that are wrong.")
    seen: SeenVersions | None = Field(
        default=None, description="Only where versions have changed: those that were looked at."
    )
    current: SeenVersions | None = Field(
        default=None, description="Only where versions have changed: those there are now."
    )


def answer_problems(app: FastAPI) -> None:
    """Let every error of an application leave as a problem document."""
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    for kind in STATUS_OF:
        app.add_exception_handler(kind, _answer_known)


def make_problem(
    path: str,
    status: int,
    detail: str,
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
    *,
    seen: SeenVersions | None = None,
    current: SeenVersions | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    title = HTTPStatus(status).phrase
    problem = Problem(
        type=f"urn:paidforby:problem:{title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        instance=cut_echo(lead_below(path)),
        errors=errors or [],
        seen=seen,
        current=current,
    )
    headers = HEADERS_OF.get(status, {}) | (headers or {})
    return JSONResponse(problem.model_dump(exclude_none=True), status, headers, media_type=PROBLEM)


def find_status(kind: type[Exception]) -> int:
    """The status of an exception class: its own or that of its nearest ancestor."""
    return next(STATUS_OF[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS_OF)


async def _answer_known(request: Request, error: Exception) -> JSONResponse:
    status = find_status(type(error))
    detail = tell_error(error)
    field = getattr(error, "field", None)
    where = "query"
    if request.method == "POST" and isinstance(error, QuestionError):
        where, status = "body", 422
    errors = [FieldProblem(field=f"{where}.{field}", detail=detail)] if field else None
    versions = {
        name: getattr(error, name)
        for name in ("seen", "current")
        if isinstance(error, OutdatedError)
    }
    return make_problem(request.url.path, status, detail, errors, **versions)


def tell_error(error: Exception) -> str:
    """What went wrong, for anybody: no address, path or statement of ours, no word of a server's."""
    if isinstance(error, DataError | UnicodeEncodeError):
        # PostgreSQL takes no NUL character in a text, SQLite does; neither takes half a character.
        return "a value holds a character that can be in no name or id here"
    if isinstance(error, OtherTablesError):
        return str(error)
    if isinstance(error, EvidenceError):
        return "this is not in the evidence store any more"
    if isinstance(error, SearchUnavailableError):
        return NEVER_FILLED if isinstance(error, NeverFilledError) else SEARCH_AWAY
    if isinstance(error, NoConnectionError) or is_away(error):
        return DATABASE_AWAY
    return FAILED_HERE if find_status(type(error)) in NOT_TOLD else str(error)


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return await _answer_known(request, error)
    detail = (
        f"there is nothing at {cut_echo(request.url.path)}"
        if error.status_code == 404
        else error.detail
    )
    headers = dict(error.headers) if error.headers else None
    return make_problem(request.url.path, error.status_code, detail, headers=headers)


def tell_invalid(fault: Mapping[str, Any]) -> str:
    """What is wrong with a value, by pydantic; the values of a closed list as one types them."""
    if fault["type"] in {"enum", "literal_error"}:
        return f"write one of: {', '.join(_TYPED.findall(fault['ctx']['expected']))}"
    return str(fault["msg"]).removeprefix("Value error, ")


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    found: list[Any] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    errors = [
        FieldProblem(field=".".join(str(part) for part in e["loc"]), detail=tell_invalid(e))
        for e in found
    ]
    detail = "; ".join(f"{e.field}: {e.detail}" for e in errors)
    status = 422 if any(e["loc"][0] == "body" for e in found) else 400
    return make_problem(request.url.path, status, detail, errors)
