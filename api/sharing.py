"""What pages of other sites may read (CORS): answers of the API, feeds and files that anybody may have.

Never what is asked with a key or a receipt: a stranger's page asks in nobody's name but its own.
"""

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import API_PATH
from api.limits import LONG_QUESTIONS, is_reading
from api.request_names import RECEIPTS

SHARED = (f"{API_PATH}/", "/static/", "/media/")
FEEDS = ("/feed.atom", "/feed.json")

EXPOSED = (
    "Link, ETag, Content-Disposition, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "X-Request-ID"
)
ANYBODY = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED.encode()),
)
PREFLIGHT = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Accept, Content-Type, If-None-Match, Range",
    "access-control-max-age": "86400",
}


class ShareAnswers:
    """Lets pages of other sites read what anybody may have."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or say beforehand what may be asked."""
        if scope["type"] != "http" or not _is_shared(scope):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and _asks_beforehand(scope):
            methods = "GET, HEAD, POST" if scope["path"] == LONG_QUESTIONS else "GET, HEAD"
            headers = PREFLIGHT | {"access-control-allow-methods": methods}
            await Response(status_code=204, headers=headers)(scope, receive, send)
            return

        async def send_shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *ANYBODY]
            await send(message)

        await self.app(scope, receive, send_shared)


def _is_shared(scope: Scope) -> bool:
    path: str = scope["path"]
    if "authorization" in Headers(scope=scope) or path.startswith(RECEIPTS):
        return False
    return is_reading(scope) and (path.startswith(SHARED) or path.endswith(FEEDS))


def _asks_beforehand(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "origin" in headers and "access-control-request-method" in headers
