"""Headers that every answer carries, so that a browser runs, frames and leaks nothing."""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.limits import READING
from api.request_names import RECEIPTS
from config.site_root import lead_below

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'none'",
        "object-src 'none'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


STAY_WITH_TLS = (b"strict-transport-security", b"max-age=31536000")
"""Where readers come by TLS, their browsers take no other way for a year (RFC 6797)."""

NO_STORE = (b"cache-control", b"no-store")


class AddSecurityHeaders:
    """Adds the headers to every answer, errors included; what is for one person is kept by no cache."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self.app = app
        self.headers: tuple[tuple[bytes, bytes], ...] = SECURITY_HEADERS
        if public_url.startswith("https://"):
            self.headers += (STAY_WITH_TLS,)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to what comes back."""
        is_personal = scope["type"] == "http" and _is_personal(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [_lead_by_path(pair) for pair in message.get("headers", [])]
                if is_personal:
                    headers = [*(pair for pair in headers if pair[0] != NO_STORE[0]), NO_STORE]
                message["headers"] = [*headers, *self.headers]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _is_personal(scope: Scope) -> bool:
    """Whether somebody showed a key or a receipt, or wrote something."""
    has_key = any(name == b"authorization" for name, _ in scope["headers"])
    return has_key or scope["method"] not in READING or scope["path"].startswith(RECEIPTS)


def _lead_by_path(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A header; a redirect leads on by its path, whatever name and scheme a proxy was asked under."""
    if pair[0] != b"location":
        return pair
    parts = urlsplit(pair[1].decode("latin-1"))
    path = parts._replace(scheme="", netloc="", path=lead_below(f"/{parts.path.lstrip('/')}"))
    return pair[0], path.geturl().encode("latin-1")
