"""Answers of APIs written down in fixtures: which one fits is told by what the request holds.

`app.py` serves every folder that has an `answers.json` through it. The file is a list of objects:
`answer` is sent, with `status` if it is not 200, to the first request that holds all of `when`: keys
of its query, or of its body in JSON or as a form.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FILE = "answers.json"


def list_answer_routes(served: Path) -> Iterator[Route]:
    """A route for each folder of answers, with and without a slash at its end.

    Raises:
        ValueError: if a file of answers is no JSON.
    """
    for path in sorted(served.rglob(FILE)):
        answers = json.loads(path.read_text("utf-8"))
        address = "/" + path.parent.relative_to(served).as_posix()
        for each in (address, f"{address}/"):
            yield Route(each, _make_endpoint(answers), methods=["GET", "POST"])


def _make_endpoint(answers: list[dict[str, Any]]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        asked = await read_request(request)
        for each in answers:
            if holds(asked, each.get("when", {})):
                return JSONResponse(each["answer"], each.get("status", 200))
        return JSONResponse({"error": {"code": "not_in_the_fixture"}}, 404)

    return endpoint


async def read_request(request: Request) -> dict[str, Any]:
    """What a request asks with: its query and its body, one dictionary."""
    asked: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        body: dict[str, Any] = await request.json()
        return asked | body
    async with request.form() as form:
        return asked | dict(form)


def holds(asked: object, wanted: object) -> bool:
    """Whether all that is wanted is there, nested objects key by key."""
    if not isinstance(wanted, dict):
        return asked == wanted
    return isinstance(asked, dict) and all(
        key in asked and holds(asked[key], value) for key, value in wanted.items()
    )
