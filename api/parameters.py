"""Parameters of an address that it does not have: refused by name with those there are, never left out.

Whoever misspells a filter would otherwise take everything for what was asked for.
"""

import re
from collections.abc import Collection, Iterable

from fastapi import FastAPI, Request

from archive.errors import QuestionError, cut_echo

TRACKING = re.compile(r"utm_\w+|\w*clid|mc_[ce]id")
"""What other sites and mailing lists add to a link that is followed from there; no part of a question."""

Known = dict[tuple[str, str], list[str]]
"""By path and method, the names of the parameters that a route describes."""


def refuse_unknown(request: Request) -> None:
    """A dependency of every route of the API.

    Raises:
        QuestionError: naming the parameter that the route does not have, and those it has.
    """
    api: FastAPI = request.app
    if not hasattr(api.state, "parameters"):
        api.state.parameters = _list_known(api)
    known: Known = api.state.parameters
    route = request.scope["route"].path_format
    check_names(request.query_params, known[route, request.method.lower()])


def check_names(asked: Iterable[str], known: Collection[str]) -> None:
    """See to it that all names asked for are known.

    Raises:
        QuestionError: naming the first that is not.
    """
    for name in asked:
        if name not in known:
            there = f"there are: {', '.join(sorted(known))}" if known else "there are none"
            raise QuestionError(
                cut_echo(name), f"there is no parameter {cut_echo(name)!r} here; {there}"
            )


def leave_tracking(names: Iterable[str]) -> list[str]:
    """The names without those that are no part of a question."""
    return [name for name in names if not TRACKING.fullmatch(name)]


def _list_known(api: FastAPI) -> Known:
    return {
        (path, method): [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        for path, methods in api.openapi()["paths"].items()
        for method, operation in methods.items()
    }
