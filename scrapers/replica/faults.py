"""Faults that a test puts between a spider and the replica, each on the n-th request it matches.

`app.py` installs the middleware. A fault is a function from a request and its honest answer to another
answer, so that no source's code knows of faults. Those of Meta's API are in `meta_faults.py`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

AskReplica = Callable[[], Awaitable[Response]]
"""Gets the honest answer, its body complete."""

Act = Callable[[Request, AskReplica], Awaitable[Response]]

SLOW_PIECES = 5
SECONDS_TO_READ = 0.1


@dataclass(frozen=True)
class Fault:
    """What goes wrong, on which requests: from the `first` that matches on, `times` times.

    `path` is a shell pattern over the whole path, such as `/snap/*`. Each fault counts for itself;
    of several due on one request the first in the list acts.
    """

    path: str
    act: Act
    first: int = 1
    times: int = 1

    def is_due(self, count: int) -> bool:
        """Whether the `count`-th matching request is one of its own."""
        return self.first <= count < self.first + self.times


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it came in; `seconds` is monotonic time, for measuring pauses."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    seconds: float


class FaultMiddleware:
    """Notes every request and lets the fault that is due act on it."""

    def __init__(
        self, app: ASGIApp, faults: Sequence[Fault], received: list[ReceivedRequest] | None
    ) -> None:
        self._app = app
        self._faults = faults
        self._counts = [0] * len(faults)
        self._received = received

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything else is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        self._note_request(request)
        act = self._count_request(request.url.path)
        if act is None:
            await self._app(scope, receive, send)
            return
        answer = await act(request, lambda: collect_answer(self._app, scope, receive))
        await answer(scope, receive, send)

    def _note_request(self, request: Request) -> None:
        if self._received is not None:
            query, headers = dict(request.query_params), dict(request.headers)
            path, seconds = request.url.path, time.monotonic()
            self._received.append(ReceivedRequest(request.method, path, query, headers, seconds))

    def _count_request(self, path: str) -> Act | None:
        due: Act | None = None
        for index, fault in enumerate(self._faults):
            if fnmatchcase(path, fault.path):
                self._counts[index] += 1
                if due is None and fault.is_due(self._counts[index]):
                    due = fault.act
        return due


async def collect_answer(app: ASGIApp, scope: Scope, receive: Receive) -> Response:
    """The whole answer of an application, to be changed before it is sent."""
    answer = Response()
    body = bytearray()

    async def keep_message(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status_code = message["status"]
            answer.raw_headers = list(message["headers"])
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep_message)
    answer.body = bytes(body)
    return answer


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
