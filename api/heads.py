"""HEAD wherever GET is (RFC 9110, section 9.3.2): the same headers, and nothing made beyond them."""

from anyio import CancelScope
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AnswerHeads:
    """Asks for a HEAD as for a GET, and stops once its headers are there."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                whole.cancel()

        with CancelScope() as whole:
            await self.app({**scope, "method": "GET"}, receive, send_headers)
