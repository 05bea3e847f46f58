"""How much anyone may ask: size of a body, parameters, requests a minute. Pure ASGI, before all routes.

Counts live in this process only; several processes behind a proxy want the proxy's own limits too.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import make_problem

MOST_BYTES = 1_000_000
MOST_PARAMETERS = 200
READS_A_MINUTE = 600
WRITES_A_MINUTE = 30
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class LimitRequests:
    """Refuses bodies above 1 MB, endless addresses and clients that ask too often (RFC 6585 section 4)."""

    def __init__(self, app: ASGIApp, now: Callable[[], datetime]) -> None:
        self.app = app
        self.now = now
        self.minute = ""
        self.asked: Counter[tuple[str, bool]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with a problem document."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        headers = self._count(request)
        if headers["RateLimit-Remaining"] == "-1":
            headers |= {"RateLimit-Remaining": "0", "Retry-After": headers["RateLimit-Reset"]}
            detail = f"too many requests from one address; wait {headers['Retry-After']} seconds"
            refusal = make_problem(request.url.path, 429, detail, headers=headers)
            await refusal(scope, receive, send)
            return
        if scope["query_string"].count(b"&") >= MOST_PARAMETERS:
            detail = (
                f"an address may have at most {MOST_PARAMETERS} parameters; ask for less at once"
            )
            refusal = make_problem(request.url.path, 400, detail, headers=headers)
            await refusal(scope, receive, send)
            return
        body = await _read_body(request)
        if body is None:
            detail = f"a request may have at most {MOST_BYTES:,} bytes"
            refusal = make_problem(request.url.path, 413, detail, headers=headers)
            await refusal(scope, receive, send)
            return
        await self.app(scope, _replay(body, receive), _add_headers(send, headers))

    def _count(self, request: Request) -> dict[str, str]:
        """Count a request; the headers say how many more there may be in this minute."""
        now = self.now()
        minute = f"{now:%Y-%m-%dT%H:%M}"
        if minute != self.minute:
            self.minute = minute
            self.asked.clear()
        is_read = request.method in READING
        most = READS_A_MINUTE if is_read else WRITES_A_MINUTE
        client = (request.client.host if request.client else "", is_read)
        self.asked[client] += 1
        return {
            "RateLimit-Limit": str(most),
            "RateLimit-Remaining": str(max(-1, most - self.asked[client])),
            "RateLimit-Reset": str(60 - now.second),
        }


async def _read_body(request: Request) -> bytes | None:
    """The whole body, or `None` as soon as it is too large."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more for the route, then whatever comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


def _add_headers(send: Send, headers: dict[str, str]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            message["headers"] = [*message.get("headers", []), *added]
        await send(message)

    return send_with_headers
