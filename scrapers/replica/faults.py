"""Faults that a test puts between a spider and the replica, each on the n-th request it matches.

`app.py` installs the middleware. A fault is a function from a request and its honest answer to another
answer, so that no source's code knows of faults. The tests have a stock of them.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

AskReplica = Callable[[], Awaitable[Response]]
"""Gets the honest answer, its body complete."""

Act = Callable[[Request, AskReplica], Awaitable[Response]]


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
