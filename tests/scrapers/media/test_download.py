"""One file over loopback: what the server may and may not do to whoever fetches it."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from archive.models.media import MediaState
from scrapers.fetching.network_addresses import NotFetchedError, Target
from scrapers.media import download as media_download
from scrapers.media.download import Limits, download_file, open_connection
from scrapers.replica.serve import serve_app

LIMITS = Limits(most_bytes=1 << 20, silence_seconds=2.0, whole_seconds=5.0, allow_loopback=True)
BODY = b"the file" * 1000

SEEN: list[dict[str, str]] = []


def send_file(request: Request) -> Response:
    SEEN.append(dict(request.headers))
    return Response(BODY)


def send_on(request: Request) -> Response:
    return RedirectResponse(request.query_params["to"])


def send_status(request: Request) -> Response:
    headers = {"retry-after": "90"} if "wait" in request.query_params else {}
    return Response("no", int(request.path_params["status"]), headers)


def send_packed(_: Request) -> Response:
    return Response(BODY, headers={"content-encoding": "gzip"})


def send_long(_: Request) -> Response:
    return Response(bytes(LIMITS.most_bytes + 1))


async def drip(pieces: int, piece: bytes, seconds: float) -> AsyncIterator[bytes]:
    for _ in range(pieces):
        yield piece
        await asyncio.sleep(seconds)


def send_endless(_: Request) -> Response:
    return StreamingResponse(drip(10_000, bytes(1 << 16), 0))


def send_slowly(_: Request) -> Response:
    return StreamingResponse(drip(600, b"x", 0.1))


def send_nothing(_: Request) -> Response:
    return Response(b"")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    routes = [
        Route("/file", send_file),
        Route("/on", send_on),
        Route("/status/{status}", send_status),
        Route("/packed", send_packed),
        Route("/long", send_long),
        Route("/endless", send_endless),
        Route("/slow", send_slowly),
        Route("/empty", send_nothing),
    ]
    with serve_app(Starlette(routes=routes)) as address:
        yield address


@pytest.fixture
def fetch(server, tmp_path):
    def fetch_path(path: str, limits: Limits = LIMITS) -> bytes:
        download_file(f"{server}{path}", tmp_path / "file", "paidforby (test)", limits)
        return (tmp_path / "file").read_bytes()

    return fetch_path


def test_a_file_arrives_whole_and_we_say_who_asks(fetch):
    SEEN.clear()

    assert fetch("/file") == BODY
    assert SEEN[0]["user-agent"] == "paidforby (test)"
    assert SEEN[0]["accept-encoding"] == "identity"
    assert "cookie" not in SEEN[0]


def test_a_redirect_is_followed_where_it_may_lead(fetch):
    assert fetch("/on?to=/file") == BODY


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "https://127.0.0.1/file",
        "file:///etc/passwd",
        "ftp://127.0.0.1/file",
    ],
)
def test_a_redirect_is_checked_like_the_first_address(fetch, to):
    with pytest.raises(NotFetchedError) as refused:
        fetch(f"/on?to={to}")

    assert refused.value.state == MediaState.UNSAFE


def test_without_the_replica_this_machine_is_refused(fetch):
    with pytest.raises(NotFetchedError) as refused:
        fetch("/file", Limits())

    assert refused.value.state == MediaState.UNSAFE


@pytest.mark.parametrize("host", ["localhost", "169.254.169.254", "[::1]"])
def test_a_public_server_cannot_send_us_to_a_machine_of_ours(monkeypatch, tmp_path, host):
    """The first address is believed to be public here; the redirect is judged by the real rules."""
    real = media_download.find_target
    answer = f"HTTP/1.1 302 Found\r\nLocation: https://{host}/\r\n\r\n"

    with answering(answer.encode()) as port:

        def find(url: str, *, allow_loopback: bool) -> Target:
            if url == "https://cdn.example/a.png":
                return Target("http", "cdn.example", port, "/a.png", "127.0.0.1")
            return real(url, allow_loopback=allow_loopback)

        monkeypatch.setattr(media_download, "find_target", find)
        with pytest.raises(NotFetchedError) as refused:
            download_file("https://cdn.example/a.png", tmp_path / "f", "test", Limits())

    assert refused.value.state == MediaState.UNSAFE


@pytest.mark.parametrize(("times", "arrives"), [(5, True), (6, False)])
def test_redirects_end_somewhere(fetch, times, arrives):
    path = nest_redirects(times)

    if arrives:
        assert fetch(path) == BODY
        return
    with pytest.raises(NotFetchedError, match="sends on more than 5 times") as refused:
        fetch(path)
    assert refused.value.state == MediaState.REFUSED


def nest_redirects(times: int) -> str:
    """A path that sends on so many times before the file comes."""
    path = "/file"
    for _ in range(times):
        path = f"/on?to={quote(path, safe='')}"
    return path


@pytest.mark.parametrize(
    ("path", "state", "why"),
    [
        ("/status/404", MediaState.GONE, "not there any more"),
        ("/status/410", MediaState.GONE, "taken away"),
        ("/status/401", MediaState.REFUSED, "who we are"),
        ("/status/403", MediaState.REFUSED, "refuses"),
        ("/status/451", MediaState.REFUSED, "legal"),
        ("/status/206", MediaState.REFUSED, "status 206"),
        ("/status/500", MediaState.UNREACHABLE, "status 500"),
        ("/packed", MediaState.REFUSED, "packed"),
        ("/long", MediaState.TOO_LARGE, "larger than 1 MB"),
        ("/endless", MediaState.TOO_LARGE, "larger than 1 MB"),
        ("/empty", MediaState.UNREACHABLE, "empty"),
    ],
)
def test_every_other_answer_says_why_there_is_no_file(fetch, path, state, why):
    with pytest.raises(NotFetchedError, match=why) as refused:
        fetch(path)

    assert refused.value.state == state


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_asked_too_often_says_how_long_to_stay_away(fetch, status):
    with pytest.raises(NotFetchedError) as refused:
        fetch(f"/status/{status}?wait")

    assert refused.value.is_busy
    assert refused.value.wait_seconds == 90.0


def test_a_server_that_drips_is_cut_off_when_the_time_is_up(fetch):
    began = time.monotonic()

    with pytest.raises(NotFetchedError) as refused:
        fetch("/slow", Limits(whole_seconds=0.6, silence_seconds=5.0, allow_loopback=True))

    assert refused.value.state == MediaState.UNREACHABLE
    assert time.monotonic() - began < 5


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A port where whoever connects first is given these bytes, and then nothing more."""

    def serve(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with line:
            line.recv(65536)
            line.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join(5)


def test_a_body_that_breaks_off_is_no_file(tmp_path):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this"
    with (
        answering(answer) as port,
        pytest.raises(NotFetchedError) as refused,
    ):
        download_file(f"http://127.0.0.1:{port}/", tmp_path / "file", "test", LIMITS)

    assert refused.value.state == MediaState.UNREACHABLE


@pytest.mark.parametrize("answer", [b"", b"\0\1\2\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200"])
def test_what_is_no_http_is_no_file(tmp_path, answer):
    with (
        answering(answer) as port,
        pytest.raises(NotFetchedError) as refused,
    ):
        download_file(f"http://127.0.0.1:{port}/", tmp_path / "file", "test", LIMITS)

    assert refused.value.state == MediaState.UNREACHABLE


def test_a_server_must_prove_the_name_it_was_asked_by(tmp_path):
    """Its certificate names it rightly, but nobody we trust has signed it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sign_oneself("cdn.example", tmp_path / "cdn.pem"))

    def serve(listener: socket.socket) -> None:
        line, _ = listener.accept()
        with line, suppress(OSError):
            context.wrap_socket(line, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        target = Target("https", "cdn.example", listener.getsockname()[1], "/", "127.0.0.1")
        with (
            pytest.raises(ssl.SSLCertVerificationError),
            open_connection(target, 5.0, time.monotonic() + 10),
        ):
            pass
        thread.join(5)


def sign_oneself(name: str, path: Path) -> Path:
    """A file with a key and a certificate of that name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, form, nothing) + signed.public_bytes(pem))
    return path
