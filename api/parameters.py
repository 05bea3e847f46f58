"""Parameters of an address: what it does not have, or has twice, is refused by name, never left out.

Whoever misspells a filter would otherwise take everything for what was asked for. What each parameter may
hold is said by its type here, for every route alike.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, get_origin

from fastapi import Depends, Query, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path
from fastapi.routing import APIRoute
from pydantic import AfterValidator

from api.dependencies import Reading
from archive.errors import QuestionError, cut_echo
from archive.reading.sources.known_sources import read_source
from archive.records.codes import read_country, read_currency
from search.question.filters import FORMER as FORMER_FILTERS

FORMER: Mapping[str, str] = {
    **FORMER_FILTERS,
    "payer_name": "payer",
    "payee_name": "payee",
    "payee_spelling": "payee_exact",
    "ad": "ad_id",
    "rule": "rule_id",
}
"""What parameters were called, and what they are called now."""

MOMENT = ("as_of", "valid_at")

TRACKING = re.compile(r"utm_\w+|\w*clid|mc_[ce]id")
"""What other sites and mailing lists add to a link that is followed from there; no part of a question."""

Country = Annotated[str, AfterValidator(read_country)]
Currency = Annotated[str, AfterValidator(read_currency)]


def _find_source(
    session: Reading,
    source: Annotated[
        str | None, Query(description="Only of this source, by its id.", examples=["snap"])
    ] = None,
) -> str | None:
    return None if source is None else read_source(session, source)


SourceOf = Annotated[str | None, Depends(_find_source)]


async def refuse_unknown(request: Request) -> None:
    """A dependency of every route of the API.

    Raises:
        QuestionError: naming the parameter that the route does not have, and those it has; or that is given
            twice.
    """
    taken = list_parameters(request.scope["route"])
    given = request.query_params
    check_names(given, taken)
    for name in given:
        if not taken[name] and len(given.getlist(name)) > 1:
            raise QuestionError(name, f"the parameter {name!r} takes one value")


def refuse_former(request: Request) -> None:
    """A dependency of every page: it leaves out what it does not know, but for what it once knew.

    Raises:
        QuestionError: naming what has another name now, or the moment that the page cannot show.
    """
    taken = list_parameters(request.scope["route"])
    _refuse_former([name for name in request.query_params if name not in taken], ())


def list_parameters(route: APIRoute) -> dict[str, bool]:
    """The names of the parameters in its query that a route takes; whether each may have several values."""
    taken = get_flat_params(route.dependant)
    return {
        one.alias: get_origin(one.field_info.annotation) is list
        for one in taken
        if not isinstance(one.field_info, Path | Header | Cookie)
    }


def check_names(asked: Collection[str], known: Collection[str]) -> None:
    """See to it that all names asked for are known.

    Raises:
        QuestionError: naming the first that is not.
    """
    _refuse_former(asked, known)
    for name in asked:
        if name not in known:
            there = f"there are: {', '.join(sorted(known))}" if known else "there are none"
            raise QuestionError(
                cut_echo(name), f"there is no parameter {cut_echo(name)!r} here; {there}"
            )


def leave_tracking(names: Iterable[str]) -> list[str]:
    """The names without those that are no part of a question."""
    return [name for name in names if not TRACKING.fullmatch(name)]


def _refuse_former(asked: Iterable[str], known: Collection[str]) -> None:
    """Say what is asked for in the words of before, and that a list without a moment has none."""
    for name in asked:
        if name in known:
            continue
        if name in MOMENT:
            raise QuestionError(name, f"this list knows only now; leave {name} out")
        if name == "filter":
            told = "write each filter as a parameter of its own, such as country=FR"
            raise QuestionError(name, f"there is no parameter 'filter' any more: {told}")
        if name in FORMER:
            raise QuestionError(name, f"the parameter {name!r} is called {FORMER[name]!r} now")
