"""A server that sends whatever bytes it is told to, HTTP or not: a source's answers at their worst."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

OPEN_ROBOTS = (
    b"HTTP/1.1 200 OK\r\nX-Realm: fictional\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
LONGEST_REQUEST = 1 << 16


def spell_answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """An answer whose length is told; a header given here stands before ours."""
    given = "".join(f"{header}\r\n" for header in headers).encode("latin-1")
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    return f"HTTP/1.1 {status}\r\n".encode() + given + length + body


@contextmanager
def sending(answers: Mapping[str, bytes]) -> Iterator[str]:
    """The address of a server with an answer for each beginning of a path, the longest that fits.

    `robots.txt` lets everybody in, unless it is one of them.
    """
    told = {"/robots.txt": OPEN_ROBOTS} | dict(answers)

    class Talk(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked = self.request.recv(LONGEST_REQUEST).split(b" ")
            path = asked[1].decode("latin-1") if len(asked) > 1 else ""
            fitting = [beginning for beginning in told if path.startswith(beginning)]
            with suppress(OSError):
                if fitting:
                    self.request.sendall(told[max(fitting, key=len)])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
