"""How many requests are at work at a time: the others wait their turn, and too many are refused at once.

Pure ASGI, behind the limits of each client. What is at work holds a thread and one connection to the
database, so there are never more of it than of either. Whatever is dear waits apart, so that it holds up
nothing else; so does the health of this process, which a full house must not hide.
"""

from dataclasses import dataclass, field

from anyio import Semaphore, move_on_after
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import API_PATH
from api.limits import FINDING, LONG_QUESTIONS
from api.pages.errors import answer_unavailable

SECONDS_TO_WAIT = 10

PASS = ("/static/", "/.well-known/", f"{API_PATH}/health/live", f"{API_PATH}/downloads/")
"""What reads no database, and downloads, which have places of their own (`api.sending`)."""

HEALTH = (f"{API_PATH}/health", "/metrics")

DEAR = ("/spend", f"{API_PATH}/spend", "/coverage", f"{API_PATH}/coverage")
DEAR_QUERIES = (b"as_of=", b"valid_at=", b"total=")
"""The past is put together from every version, and to count is to read it all; else a page is read."""


@dataclass
class Turns:
    """Places at work and places to wait in, of one kind of request in one process."""

    at_work: int
    waiting: int
    _free: Semaphore = field(init=False)
    _here: int = 0

    def __post_init__(self) -> None:
        self._free = Semaphore(self.at_work)

    async def take(self) -> bool:
        """Wait for a place at work; `False`: there is no room to wait in, or it took too long."""
        if self._here >= self.at_work + self.waiting:
            return False
        self._here += 1
        is_in = False
        try:
            with move_on_after(SECONDS_TO_WAIT):
                await self._free.acquire()
                is_in = True
        finally:
            self._here -= not is_in
        return is_in

    def give_back(self) -> None:
        """Leave the place to whoever waits longest."""
        self._here -= 1
        self._free.release()


QUICK_AT_WORK, DEAR_AT_WORK, HEALTH_AT_WORK = 5, 2, 2
"""With the downloads of `api.sending` as many as an engine has connections: 15."""


class AdmitRequests:
    """Lets so many requests of each kind through, and refuses with 503 what would wait too long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.quick = Turns(QUICK_AT_WORK, waiting=64)
        self.dear = Turns(DEAR_AT_WORK, waiting=32)
        self.health = Turns(HEALTH_AT_WORK, waiting=16)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in its turn, or say when to come again."""
        turns = self._choose_turns(scope)
        if turns is None:
            await self.app(scope, receive, send)
            return
        if not await turns.take():
            refusal = answer_unavailable(Request(scope), "Too many ask at once just now.")
            await refusal(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            turns.give_back()

    def _choose_turns(self, scope: Scope) -> Turns | None:
        if scope["type"] != "http" or scope["path"].startswith(PASS):
            return None
        if scope["path"].startswith(HEALTH):
            return self.health
        is_dear = scope["path"].startswith(DEAR) or scope["path"] == "/"
        is_long = scope["method"] == "POST" and scope["path"] in (LONG_QUESTIONS, *FINDING)
        is_past = any(name in scope["query_string"] for name in DEAR_QUERIES)
        return self.dear if is_dear or is_past or is_long else self.quick
