"""Questions to a Meilisearch server over connections that stay open; a new one costs more than an answer.

`search.meili.server` asks through here what readers wait for; what is written goes through Meilisearch's own
client, which opens a connection a call.
"""

import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from weakref import finalize

from pydantic import SecretStr

FEWEST_REFUSED = 400


class RefusedQuestionError(Exception):
    """The server refuses a question: its code for why, and its words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class KeptConnections:
    """Connections to one server; whoever asks takes one that is free, and threads may share them."""

    def __init__(self, url: str, key: SecretStr | None, seconds: float) -> None:
        self._at = urlsplit(url)
        self._headers = {"Content-Type": "application/json"}
        if key:
            self._headers["Authorization"] = f"Bearer {key.get_secret_value()}"
        self._seconds = seconds
        self._free: deque[HTTPConnection] = deque()
        finalize(self, _close_all, self._free)

    def ask(self, path: str, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a question, as it comes.

        Raises:
            RefusedQuestionError: if the server refuses it.
            OSError, HTTPException: if it does not answer, or with what is no answer.
        """
        body = json.dumps(question, ensure_ascii=False).encode()
        status, data = self._send_kept(path, body) or self._send(self._open(), path, body)
        try:
            said: dict[str, Any] = json.loads(data)
        except ValueError:
            raise HTTPException(f"status {status} and no JSON") from None
        if status >= FEWEST_REFUSED:
            raise RefusedQuestionError(str(said.get("code")), str(said.get("message")))
        return said

    def _send_kept(self, path: str, body: bytes) -> tuple[int, bytes] | None:
        """The answer over a connection that is open; `None`: there is none, or the server has ended it."""
        with suppress(IndexError, ConnectionError, HTTPException):
            return self._send(self._free.pop(), path, body)
        return None

    def _open(self) -> HTTPConnection:
        make = HTTPSConnection if self._at.scheme == "https" else HTTPConnection
        return make(self._at.hostname or "", self._at.port, timeout=self._seconds)

    def _send(self, connection: HTTPConnection, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            connection.request("POST", f"{self._at.path.rstrip('/')}{path}", body, self._headers)
            answer = connection.getresponse()
            data = answer.read()
        except BaseException:
            connection.close()
            raise
        self._free.append(connection)
        return answer.status, data


def _close_all(connections: deque[HTTPConnection]) -> None:
    for connection in connections:
        connection.close()
