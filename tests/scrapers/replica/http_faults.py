"""What may go wrong with an answer of any source: refused, slow, cut, or another page in its place."""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from scrapers.replica.faults import Act, AskReplica

SLOW_PIECES = 5
SECONDS_TO_READ = 0.1


def reply_with(make_answer: Callable[[], Response]) -> Act:
    """Answer with this instead of asking the replica."""

    async def act(_request: Request, _ask: AskReplica) -> Response:
        return make_answer()

    return act


def refuse_too_many(retry_after: str | None = None) -> Act:
    """429, with a `Retry-After` of seconds or an HTTP date where one is given."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return reply_with(lambda: Response("Too many requests", 429, headers))


def fail_server() -> Act:
    """500 without reporting."""
    return reply_with(lambda: Response(status_code=500))


def show_html_page(status: int = 400) -> Act:
    """A page made for people where data was due; Meta sends such a one with status 400."""
    page = "<!DOCTYPE html><html><body><h1>Sorry, this did not work.</h1></body></html>"
    return reply_with(lambda: HTMLResponse(page, status))


def redirect_to(address: str) -> Act:
    """302 to an address, perhaps on another host."""
    return reply_with(lambda: RedirectResponse(address, 302))


def send_slowly(seconds: float) -> Act:
    """The honest answer, its body dripping out over so many seconds."""

    async def act(_request: Request, ask: AskReplica) -> Response:
        answer = await ask()
        body = bytes(answer.body)
        size = max(1, -(-len(body) // SLOW_PIECES))

        async def drip_body() -> AsyncIterator[bytes]:
            for start in range(0, len(body), size):
                await asyncio.sleep(seconds / SLOW_PIECES)
                yield body[start : start + size]

        return StreamingResponse(drip_body(), answer.status_code, dict(answer.headers))

    return act


def cut_body(share: float) -> Act:
    """The connection breaks off after this share of the length that was declared."""

    async def act(_request: Request, ask: AskReplica) -> Response:
        answer = await ask()
        body = bytes(answer.body)

        async def send_beginning() -> AsyncIterator[bytes]:
            yield body[: int(len(body) * share)]
            # What a client has not yet read when it hears of the break, aiohttp does not give it any more.
            await asyncio.sleep(SECONDS_TO_READ)

        return StreamingResponse(send_beginning(), answer.status_code, dict(answer.headers))

    return act


def truncate_body(share: float) -> Act:
    """A file that was already cut short where it lies: the declared length is that of what is sent."""

    async def act(_request: Request, ask: AskReplica) -> Response:
        answer = await ask()
        return replace_body(answer, bytes(answer.body)[: int(len(answer.body) * share)])

    return act


def replace_body(answer: Response, body: bytes) -> Response:
    """The same answer with another body and its length."""
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return Response(body, answer.status_code, headers)
