"""Whether an answer is still the one that somebody has (RFC 9110, section 13): then 304 and nothing else.

What rests on public data alone has a tag of the archive's state and of the question, so that an answer which
is still good is not made again. Of anything else the tag is a hash of the answer.
"""

import hashlib

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Rooms
from api.errors import API_PATH
from api.request_names import RECEIPTS
from archive.reading.freshness import read_whole_state
from archive.store.database import read
from search.port import SearchUnavailableError

OF_PUBLIC_DATA = (
    "/search/feed.",
    *(
        f"{API_PATH}/{name}"
        for name in (
            "ads",
            "advertisers",
            "names",
            "disclosures",
            "corrections",
            "downloads",
            "evidence",
            "texts",
            "search",
        )
    ),
)
"""What changes with the change sequence, a run, a redaction, a copy that follows or the day, and not else."""

SEARCH = f"{API_PATH}/search"
MEDIA = "/media"
"""Of an ad: what was fetched of it in vain is no change."""

ONLY_OF_A_BODY = (b"content-length", b"content-type", b"content-disposition")


class AnswerUnchanged:
    """Tags answers of GET, and answers with 304 whoever has them already; keys and receipts have no tag."""

    def __init__(self, app: ASGIApp, rooms: Rooms) -> None:
        self.app = app
        self.rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say that nothing has changed."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "authorization" in headers or scope["path"].startswith(RECEIPTS):
            await self.app(scope, receive, send)
            return
        tag = ""
        if scope["path"].startswith(OF_PUBLIC_DATA) and not scope["path"].endswith(MEDIA):
            tag = await run_in_threadpool(tag_question, self.rooms, scope)
        sender = TaggedSender(send, headers.get("if-none-match", ""), tag)
        if tag and sender.has(tag):
            await sender.send_unchanged([])
            return
        await self.app(scope, receive, sender.send)


class TaggedSender:
    """Sends one answer with its tag; one that is whole in its first part is known before it leaves."""

    def __init__(self, send: Send, held: str, tag: str) -> None:
        self._send = send
        self._held = {one.strip().removeprefix("W/") for one in held.split(",")}
        self._tag = tag
        self._start: Message | None = None
        self._is_done = False

    def has(self, tag: str) -> bool:
        """Whether the reader holds the answer of this tag."""
        return bool({"*", tag.removeprefix("W/")} & self._held)

    async def send_unchanged(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Say that the answer is the one the reader has."""
        kept = [pair for pair in headers if pair[0] not in ONLY_OF_A_BODY]
        message: Message = {"type": "http.response.start", "status": 304, "headers": kept}
        if self._tag:
            _set_tag(message, self._tag)
        await self._send(message)
        await self._send({"type": "http.response.body", "body": b""})
        self._is_done = True

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if self._is_done:
            return
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
            return
        if self._start is not None:
            start, self._start = self._start, None
            if await self._begin(start, message):
                return
        await self._send(message)

    async def _begin(self, start: Message, first: Message) -> bool:
        """Send the beginning of an answer; whether that was all, because the reader has it."""
        headers = Headers(raw=start["headers"])
        own = headers.get("etag", "")
        if not own and headers.get("cache-control") != "no-store":
            is_whole = first["type"] == "http.response.body" and not first.get("more_body")
            own = self._tag or (_hash(first.get("body", b"")) if is_whole else "")
            if own:
                _set_tag(start, own)
        if own and self.has(own):
            await self.send_unchanged(start["headers"])
            return True
        await self._send(start)
        return False


def tag_question(rooms: Rooms, scope: Scope) -> str:
    """The tag of a question about public data, as things stand; empty: it cannot be told beforehand."""
    asked = scope["path"], scope["query_string"], rooms.now().date()
    try:
        faults = rooms.list_copy_faults() if scope["path"].startswith(SEARCH) else []
        with read(rooms.engine) as session:
            return _hash(repr((asked, faults, read_whole_state(session))).encode())
    except (SearchUnavailableError, SQLAlchemyError):
        return ""


def _hash(text: bytes) -> str:
    return f'W/"{hashlib.blake2b(text, digest_size=16).hexdigest()}"'


def _set_tag(start: Message, tag: str) -> None:
    """Weak, since a proxy may compress the answer; to be asked about each time it is used again."""
    headers = MutableHeaders(scope=start)
    headers["etag"] = tag
    headers.setdefault("cache-control", "no-cache")
