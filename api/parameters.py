"""Parameters of an address that it does not have: refused by name with those there are, never left out.

Whoever misspells a filter would otherwise take everything for what was asked for.
"""

import re
from collections.abc import Collection, Iterable

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path
from fastapi.routing import APIRoute

from archive.errors import QuestionError, cut_echo

FORMER = {"filter": "write each filter as a parameter of its own, such as country=FR"}
"""Parameters there were, and what stands in their place."""

TRACKING = re.compile(r"utm_\w+|\w*clid|mc_[ce]id")
"""What other sites and mailing lists add to a link that is followed from there; no part of a question."""


async def refuse_unknown(request: Request) -> None:
    """A dependency of every route of the API.

    Raises:
        QuestionError: naming the parameter that the route does not have, and those it has.
    """
    check_names(request.query_params, list_parameters(request.scope["route"]))


def list_parameters(route: APIRoute) -> list[str]:
    """The names of the parameters in its query that a route takes."""
    taken = get_flat_params(route.dependant)
    return [one.alias for one in taken if not isinstance(one.field_info, Path | Header | Cookie)]


def check_names(asked: Iterable[str], known: Collection[str]) -> None:
    """See to it that all names asked for are known.

    Raises:
        QuestionError: naming the first that is not.
    """
    for name in asked:
        if name not in known:
            if name in FORMER:
                raise QuestionError(
                    name, f"there is no parameter {name!r} any more: {FORMER[name]}"
                )
            there = f"there are: {', '.join(sorted(known))}" if known else "there are none"
            raise QuestionError(
                cut_echo(name), f"there is no parameter {cut_echo(name)!r} here; {there}"
            )


def leave_tracking(names: Iterable[str]) -> list[str]:
    """The names without those that are no part of a question."""
    return [name for name in names if not TRACKING.fullmatch(name)]
