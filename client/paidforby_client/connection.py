"""One archive over HTTP: addresses, waiting when asked to, and errors as exceptions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from time import sleep
from typing import Any
from urllib.parse import urljoin

import requests

from paidforby_client.errors import ArchiveError, IncompleteError, read_problem

Row = dict[str, Any]
"""Names and values as the archive's own description gives them (`/api/v1/openapi.json`)."""

Value = str | int | date | Sequence[str] | None
"""Of a parameter; several widen, `None` asks nothing. Datetimes are dates too and need a zone."""

BUSY = (429, 503)
USUAL_WAIT = 5
"""Seconds, where an answer names none."""
MOST_TO_WAIT = 180
"""Seconds in all for one answer; a minute's limit is over within one."""
PART_BYTES = 1 << 16


class Connection:
    """Asks below the address of an archive."""

    def __init__(self, address: str, timeout: float) -> None:
        if not address.startswith(("https://", "http://")):
            raise ValueError(f"the address of an archive begins with https://, not {address!r}")
        self._root = f"{address.rstrip('/')}/api/v1/"
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"paidforby-client/{version('paidforby-client')}"

    def open(self, path: str, asked: Mapping[str, Value] | None = None) -> requests.Response:
        """An answer whose body is yet to be read; `path`: below the API, or a link that it gave.

        Raises:
            ArchiveError: if the archive refuses, is busy for too long or cannot be reached.
        """
        waited = 0
        while (response := self._send(path, asked)).status_code in BUSY:
            wait = read_wait(response)
            if waited + wait > MOST_TO_WAIT:
                break
            response.close()
            sleep(wait)
            waited += wait
        if not response.ok:
            with response:
                raise read_problem(response)
        return response

    def read(self, path: str, asked: Mapping[str, Value] | None = None) -> Row:
        """A whole answer."""
        with self.open(path, asked) as response:
            body = b"".join(read_parts(response))
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            told = f"{response.url} gave no JSON object; is this the address of an archive?"
            raise ArchiveError(response.status_code, "Not an archive", told)
        return answer

    def _send(self, path: str, asked: Mapping[str, Value] | None) -> requests.Response:
        address, params = urljoin(self._root, path), write_parameters(asked or {})
        try:
            return self._session.get(address, params=params, timeout=self._timeout, stream=True)
        except requests.RequestException as error:
            # Four libraries tell the same below; its own words suffice.
            raise ArchiveError(None, "No answer", str(error)) from None


def read_parts(response: requests.Response) -> Iterator[bytes]:
    """The body of an answer, part by part.

    Raises:
        IncompleteError: if it breaks off.
    """
    try:
        yield from response.iter_content(PART_BYTES)
    except requests.RequestException as error:
        raise IncompleteError(f"{response.url} broke off: {error}") from error


def read_wait(response: requests.Response) -> int:
    """How many seconds an answer asks to wait."""
    said = response.headers.get("Retry-After", "")
    return max(1, int(said)) if said.isdecimal() else USUAL_WAIT


def write_parameters(asked: Mapping[str, Value]) -> list[tuple[str, str]]:
    """Parameters as an address takes them; `from_` stands for `from`, which is a word of Python's."""
    return [
        (name.removesuffix("_"), write_value(value))
        for name, given in asked.items()
        for value in ([given] if isinstance(given, str | int | date) else given or [])
    ]


def write_value(value: str | int | date) -> str:
    """One value as an address takes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
