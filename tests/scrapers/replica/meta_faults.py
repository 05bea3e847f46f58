"""Faults of Meta's Ad Library API as collectors have met them, for the list a test hands the replica.

Only tests call these. What each looks like on the wire comes from collectors' source texts and issues.
"""

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from scrapers.replica.faults import Act, AskReplica
from scrapers.replica.meta_ad_library import DEFAULT_LIMIT
from scrapers.replica.meta_errors import ERRORS, TOO_MUCH_DATA
from tests.scrapers.replica.http_faults import replace_body, reply_with


def refuse_call(code: int) -> Act:
    """One of the API's errors, by its code."""
    return reply_with(ERRORS[code].to_response)


def refuse_big_pages(limit_above: int) -> Act:
    """Ask to reduce the amount of data whenever more than this many ads are wanted at once."""

    async def act(request: Request, ask: AskReplica) -> Response:
        wanted = int(request.query_params.get("limit", DEFAULT_LIMIT))
        return TOO_MUCH_DATA.to_response() if wanted > limit_above else await ask()

    return act


def repeat_cursor() -> Act:
    """A full page whose `next` leads to itself: the endless loop of very large queries."""

    def point_to_itself(page: dict[str, Any], request: Request) -> None:
        after = request.query_params.get("after")
        if after is not None:
            page["paging"] = {"cursors": {"after": after}, "next": str(request.url)}

    return rewrite_page(point_to_itself)


def drop_paging() -> Act:
    """A page without `paging` in the middle of a walk, as if it were the end."""

    def forget_paging(page: dict[str, Any], _: Request) -> None:
        page.pop("paging", None)

    return rewrite_page(forget_paging)


def remove_ad(ref: str) -> Act:
    """An ad that is not there for as long as the fault lasts; a cursor that rests on it is dead."""

    async def act(request: Request, ask: AskReplica) -> Response:
        request.state.removed_ad = ref
        return await ask()

    return act


def rewrite_page(change: Callable[[dict[str, Any], Request], None]) -> Act:
    """The honest page of ads, changed."""

    async def act(request: Request, ask: AskReplica) -> Response:
        answer = await ask()
        page = json.loads(bytes(answer.body))
        change(page, request)
        return replace_body(answer, json.dumps(page).encode())

    return act
