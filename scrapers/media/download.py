"""One file of an ad's media from the web to the disk, within limits of place, size and time.

`scrapers/media/collecting.py` calls `download_file`. It trusts nothing the server says but the status:
neither the length, nor the kind, nor where a redirect leads. It goes through no proxy, because a proxy
would choose the network address itself.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from threading import Timer
from urllib.parse import urljoin, urlsplit

from archive.bounds import MEDIA_FILE, REDIRECTS, WAIT
from archive.models.media import MediaState
from config.counts import write_count
from scrapers.fetching.answers import read_wait
from scrapers.fetching.network_addresses import NotFetchedError, Target, find_target

CHUNK_BYTES = 1 << 16
SENT_ON = frozenset({301, 302, 303, 307, 308})

STATES_BY_STATUS = {
    401: (MediaState.REFUSED, "its server asks who we are"),
    403: (MediaState.REFUSED, "its server refuses to give it"),
    404: (MediaState.GONE, "it is not there any more"),
    410: (MediaState.GONE, "its server says that it was taken away"),
    451: (MediaState.REFUSED, "its server withholds it for legal reasons"),
}


@dataclass(frozen=True)
class Limits:
    """How far one download may go."""

    most_bytes: int = MEDIA_FILE.most
    """Largest file; a spot of a minute is about 30 MB."""
    silence_seconds: float = 15.0
    """Longest wait for the next byte."""
    whole_seconds: float = 300.0
    """Longest time for the whole, redirects included."""
    allow_loopback: bool = False
    """For the replica of the sources: this machine, by plain http, and nothing else."""
    require_going_on: Callable[[], None] = lambda: None
    """Asked again and again while the file comes; what it raises ends the download."""


def place_address(url: str, base_url: str) -> str:
    """Where a replica serves an address: under the name of its host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{base_url.rstrip('/')}/{parts.netloc}{parts.path}{query}"


def download_file(url: str, path: Path, user_agent: str, limits: Limits) -> None:
    """Write what an address gives into a file.

    Raises:
        NotFetchedError: saying why it was not fetched; the file is then worth nothing.
    """
    ends_at = time.monotonic() + limits.whole_seconds
    for _ in range(REDIRECTS.most + 1):
        target = find_target(url, allow_loopback=limits.allow_loopback)
        onward = _ask_once(target, path, user_agent, limits, ends_at)
        if onward is None:
            return
        try:
            url = urljoin(url, onward)
        except ValueError:
            raise NotFetchedError(
                MediaState.UNSAFE, "its server sends on to what is not one of the web"
            ) from None
    raise NotFetchedError(
        MediaState.REFUSED, f"its server sends on more than {write_count(REDIRECTS.most, 'time')}"
    )


def _ask_once(
    target: Target, path: Path, user_agent: str, limits: Limits, ends_at: float
) -> str | None:
    """One request: where it sends us on to, or `None` once the file is written."""
    headers = {
        "Host": target.authority,
        "User-Agent": user_agent,
        "Accept": "image/*, video/*, text/html;q=0.5, */*;q=0.1",
        # What comes packed could unpack to any size.
        "Accept-Encoding": "identity",
    }
    try:
        with open_connection(target, limits.silence_seconds, ends_at) as connection:
            connection.request("GET", target.path, headers=headers)
            answer = connection.getresponse()
            if answer.status in SENT_ON and (onward := answer.getheader("Location")):
                return onward
            check_answer(answer, limits.most_bytes)
            _write_body(answer, path, limits)
            if time.monotonic() >= ends_at:
                raise NotFetchedError(MediaState.UNREACHABLE, "it took too long to arrive")
    except (OSError, HTTPException, ValueError) as error:
        # What the server says in an error may be anything; its name says enough.
        raise NotFetchedError(
            MediaState.UNREACHABLE, f"it could not be fetched ({type(error).__name__})"
        ) from None
    return None


@contextmanager
def open_connection(
    target: Target, silence_seconds: float, ends_at: float
) -> Iterator[HTTPConnection]:
    """A connection to the checked network address, under the host's name; cut off when time is up."""
    address = (target.network_address, target.port)
    plain = socket.create_connection(address, timeout=silence_seconds)
    line = plain
    if target.scheme == "https":
        line = ssl.create_default_context().wrap_socket(
            plain, server_hostname=target.host, do_handshake_on_connect=False
        )
    # A server that sends a byte now and then is never silent, and would hold us for ever.
    timer = Timer(max(ends_at - time.monotonic(), 0.0), cut_line, (line,))
    timer.daemon = True
    timer.start()
    connection = HTTPConnection(target.host, target.port)
    connection.sock = line
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        yield connection
    finally:
        timer.cancel()
        connection.close()


def cut_line(line: socket.socket) -> None:
    """End a connection from outside, whatever it is doing."""
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself


def check_answer(answer: HTTPResponse, most_bytes: int) -> None:
    """Go on only with an answer that holds the file, unpacked, of a length we take.

    Raises:
        NotFetchedError: for every other answer.
    """
    if answer.status != 200:
        raise classify_status(answer)
    if answer.getheader("Content-Encoding", "identity").lower() != "identity":
        raise NotFetchedError(MediaState.REFUSED, "its server sends it packed, unasked")
    if answer.length is not None and answer.length > most_bytes:
        raise refuse_size(most_bytes)


def classify_status(answer: HTTPResponse) -> NotFetchedError:
    """What a status other than 200 means for the file."""
    if answer.status in STATES_BY_STATUS:
        return NotFetchedError(*STATES_BY_STATUS[answer.status])
    is_busy = answer.status in {429, 503}
    if is_busy or answer.status >= 500:
        wait_seconds = read_wait(answer.getheader("Retry-After", ""), datetime.now(UTC))
        # One host of many that asks for ages must not keep us from the others.
        is_busy = is_busy and wait_seconds != WAIT.most
        reason = f"its server cannot give it now (status {answer.status})"
        return NotFetchedError(MediaState.UNREACHABLE, reason, wait_seconds, is_busy=is_busy)
    return NotFetchedError(MediaState.REFUSED, f"its server answers with status {answer.status}")


def _write_body(answer: HTTPResponse, path: Path, limits: Limits) -> None:
    """Write the body, as far as it may go.

    Raises:
        NotFetchedError: if it is longer than that, empty, or breaks off.
    """
    declared, written = answer.length, 0
    with path.open("wb") as file:
        while chunk := answer.read1(CHUNK_BYTES):
            written += len(chunk)
            if written > limits.most_bytes:
                raise refuse_size(limits.most_bytes)
            limits.require_going_on()
            file.write(chunk)
    if not written:
        raise NotFetchedError(MediaState.UNREACHABLE, "its server gives an empty file")
    if declared is not None and written < declared:
        raise NotFetchedError(MediaState.UNREACHABLE, "it broke off before its end")


def refuse_size(most_bytes: int) -> NotFetchedError:
    """The answer to a file that is too long."""
    return NotFetchedError(MediaState.TOO_LARGE, f"it is larger than {most_bytes >> 20} MB")
