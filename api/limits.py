"""How much anyone may ask: size of a body, parameters, requests a minute. Pure ASGI, before all routes.

Who has a key is counted by it, everybody else by address; keys that nobody has count for the address that
tried them. Counts live in this process only: several processes want the limits of a server in front too.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import API_PATH, make_problem
from api.pages.errors import answer_unavailable
from config.counts import write_count

MOST_BYTES = 1_000_000
MOST_BYTES_TO_FIND = 10_000_000
"""Of a question that comes with a picture."""
MOST_HELD = 12
"""Of these are let in at a time, since each is held in memory while it is sent and waits."""
# So no part of one is ever laid down in a file.
MultiPartParser.spool_max_size = MOST_BYTES_TO_FIND
MOST_PARAMETERS = 200
READS_A_MINUTE = 600
WRITES_A_MINUTE = 30
NO_SUCH_KEY = 401
LONG_QUESTIONS = f"{API_PATH}/search"
FINDING = ("/find", f"{API_PATH}/find")
"""Counted as writing: there is more work in it than in a question, and nobody holds so many ads."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class LimitRequests:
    """Refuses too large bodies, endless addresses and clients that ask too often (RFC 6585 section 4)."""

    def __init__(self, app: ASGIApp, now: Callable[[], datetime]) -> None:
        self.app = app
        self.now = now
        self.minute = ""
        self.asked: Counter[tuple[str, bool]] = Counter()
        self.failed: Counter[str] = Counter()
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with a problem document."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        address, key = name_address(request), name_key(request)
        headers = self._count(key or address, is_read=is_reading(scope))
        if key and self.failed[address] >= WRITES_A_MINUTE:
            headers["RateLimit-Remaining"] = "-1"
        if headers["RateLimit-Remaining"] == "-1":
            headers |= {"RateLimit-Remaining": "0", "Retry-After": headers["RateLimit-Reset"]}
            wait = write_count(int(headers["Retry-After"]), "second")
            detail = f"too many requests from one address; wait {wait}"
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
        is_finding = scope["method"] == "POST" and scope["path"] in FINDING
        if is_finding and self.held >= MOST_HELD:
            await answer_unavailable(request, "Too many ask at once just now.")(
                scope, receive, send
            )
            return
        self.held += is_finding
        try:
            await self._pass_body(request, headers, send)
        finally:
            self.held -= is_finding

    async def _pass_body(self, request: Request, headers: dict[str, str], send: Send) -> None:
        """Read the body and pass it on, or refuse it."""
        scope, receive = request.scope, request.receive
        most = MOST_BYTES_TO_FIND if scope["path"] in FINDING else MOST_BYTES
        body = await _read_body(request, most)
        if body is None:
            detail = f"a request may have at most {most:,} bytes"
            refusal = answer_unavailable(request, detail, 413)
            refusal.headers.update(headers)
            await refusal(scope, receive, send)
            return
        told = [name_address(request)] if name_key(request) else []
        tell_failed = partial(self.failed.update, told)
        await self.app(scope, _replay(body, receive), _add_headers(send, headers, tell_failed))

    def _count(self, client: str, *, is_read: bool) -> dict[str, str]:
        """Count a request; the headers say how many more there may be in this minute."""
        now = self.now()
        minute = f"{now:%Y-%m-%dT%H:%M}"
        if minute != self.minute:
            self.minute = minute
            self.asked.clear()
            self.failed.clear()
        most = READS_A_MINUTE if is_read else WRITES_A_MINUTE
        self.asked[client, is_read] += 1
        return {
            "RateLimit-Limit": str(most),
            "RateLimit-Remaining": str(max(-1, most - self.asked[client, is_read])),
            "RateLimit-Reset": str(60 - now.second),
        }


def is_reading(scope: Scope) -> bool:
    """Whether somebody only asks: a question too long for an address comes as a body."""
    return scope["method"] in READING or scope["path"] == LONG_QUESTIONS


def name_address(request: Request) -> str:
    """Whose address it is: of IPv6 the /64, of which one subscriber has every address (RFC 6177)."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return host


def name_key(request: Request) -> str:
    """A name for the key that came along, which tells nobody the key; empty: none came."""
    key = request.headers.get("authorization", "")
    return sha256(key.encode()).hexdigest() if key else ""


async def _read_body(request: Request, most: int) -> bytes | None:
    """The whole body, or `None` as soon as it is too large."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > most:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more for the route, then whatever comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


def _add_headers(send: Send, headers: dict[str, str], tell_failed: Callable[[], None]) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            if message["status"] == NO_SUCH_KEY:
                tell_failed()
            added = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            message["headers"] = [*message.get("headers", []), *added]
        await send(message)

    return send_with_headers
