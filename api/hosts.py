"""Under which names the site answers: a request under any other is refused, so that none is repeated.

What a request calls us would else stand in links and redirects, and a name of a stranger's that leads
here (DNS rebinding) would make a browser ask in the stranger's name.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import make_problem
from config.settings import Settings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
REFUSED = (
    "this site does not answer under that name; whoever runs it sets PAIDFORBY_PUBLIC_URL or "
    "PAIDFORBY_ALLOWED_HOSTS"
)


def list_hosts(settings: Settings) -> frozenset[str]:
    """Host names of the public address, of this machine, and those that the operator allows."""
    public = urlsplit(settings.public_url).hostname or ""
    return LOOPBACK | {public, *(name.lower() for name in settings.allowed_hosts)} - {""}


class CheckHost:
    """Answers requests under the site's own names only, whatever the port."""

    def __init__(self, app: ASGIApp, allowed: frozenset[str]) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it with a problem document."""
        if scope["type"] != "http" or _read_host(Request(scope)) in self.allowed:
            await self.app(scope, receive, send)
            return
        refusal = make_problem(Request(scope).url.path, 400, REFUSED)
        await refusal(scope, receive, send)


def _read_host(request: Request) -> str:
    """The host's name without its port; empty where it makes no sense."""
    try:
        parts = urlsplit(f"//{request.headers.get('host', '')}")
        return (
            "" if parts.path or parts.username is not None else (parts.hostname or "").rstrip(".")
        )
    except ValueError:
        return ""
