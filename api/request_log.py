"""Every request has an id, in its answer and in the log; what is refused stands in the security log too.

A line tells method, path, status and time, and nothing of who asked or for which words: readers are not
recorded (docs/privacy.md). Whose request was refused is told by address, so that others can be kept out.
"""

import logging
import re
import secrets
import time
from asyncio import CancelledError
from collections.abc import Sequence
from contextvars import ContextVar
from ipaddress import ip_address, ip_network

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.limits import name_address
from api.request_names import name_request, security
from archive.curation.people import KEY_START, PREFIX_LENGTH
from config.counts import write_count
from config.logs import under_way

logger = logging.getLogger(__name__)

HEADER = "x-request-id"
HARMLESS = re.compile(r"[A-Za-z0-9._-]{8,64}")

TOO_MANY, OVERFULL = 429, 503
REFUSED = frozenset({401, 403, TOO_MANY})

FULL = (
    "too many connections are open for this process to take another: put nginx before the site "
    "(docs/run/nginx.conf), or let it open more files"
)

IS_CUT: ContextVar[bool] = ContextVar("is_cut", default=False)
"""Whether the answer of this request was cut because the site stops."""


class LogRequests:
    """Names each request, and logs how it was answered; an error with its traceback, once."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self.app = app
        self.trusted = [ip_network(network) for network in trusted]
        logging.getLogger("uvicorn.error").addFilter(tell_stop)
        logging.getLogger("asyncio").addFilter(tell_full)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, began = self._choose_id(scope), time.monotonic()
        status, is_complete = 0, False

        async def send_named(message: Message) -> None:
            nonlocal status, is_complete
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            is_complete = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        with under_way(request_id=request_id):
            try:
                await self.app(scope, receive, send_named)
            except CancelledError:
                # Nobody waits for its end: the site stops, and whoever reads sees that it was cut.
                IS_CUT.set(True)
            except Exception:
                logger.exception("%s failed", name_request(scope))
                if not is_complete:
                    raise
            finally:
                _log_answer(scope, status, round((time.monotonic() - began) * 1000))

    def _choose_id(self, scope: Scope) -> str:
        """One of ours, unless a trusted server in front has given it one."""
        given = Headers(scope=scope).get(HEADER, "")
        is_trusted = bool(self.trusted) and self._trusts(scope)
        return given if is_trusted and HARMLESS.fullmatch(given) else secrets.token_hex(8)

    def _trusts(self, scope: Scope) -> bool:
        try:
            address = ip_address((scope.get("client") or ("",))[0])
        except ValueError:
            return False
        return any(address in network for network in self.trusted)


def tell_stop(record: logging.LogRecord) -> bool:
    """Let the server say in one plain line that it stops while somebody still reads; no error is one."""
    if record.msg.startswith("Cancel %s running task(s)") and isinstance(record.args, tuple):
        cut = write_count(int(str(record.args[0])), "answer that was", "answers that were")
        record.msg, record.args = f"the site stops: it cuts {cut} not taken in time", ()
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return not (IS_CUT.get() and record.msg.startswith("ASGI callable returned without completing"))


def tell_full(record: logging.LogRecord) -> bool:
    """Let the loop say in one plain line that nobody more can be let in; it is counted while it lasts."""
    message = record.getMessage()
    if message.startswith("socket.accept() out of system resource"):
        record.msg, record.args, record.exc_info = FULL, (), None
    # A full loop tries again a second later, also on a port that was closed meanwhile
    # (asyncio.selector_events, `_accept_connection`).
    return not message.startswith("Exception in callback BaseSelectorEventLoop._start_serving(")


def _log_answer(scope: Scope, status: int, milliseconds: int) -> None:
    figures = {"status": status, "ms": milliseconds}
    logger.info("%s", name_request(scope), extra=figures | ({"cut": True} if IS_CUT.get() else {}))
    if status in REFUSED:
        address = name_address(Request(scope))
        key = Headers(scope=scope).get("authorization", "").removeprefix("Bearer ")
        about = {"address": address, "request": name_request(scope)}
        about |= {"key": key[:PREFIX_LENGTH]} if key.startswith(KEY_START) else {}
        # Who asks too often is told once a minute, with a count; of anything else, each different one.
        told = address if status == TOO_MANY else " ".join(about.values())
        security.warning("refused with %s: %s", status, told, extra=about | {"status": status})
    elif status == OVERFULL:
        security.warning("refused with %s: too many at once, or something is away", status)
