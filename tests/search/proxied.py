"""What stands before a Meilisearch server: it passes everything on, or refuses what a test says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

Choose = Callable[[str, str, int], int]
"""Method, path and bytes of a body -> the status it is refused with; 0: it is passed on."""


@dataclass
class Proxy:
    """Where it listens, and what it refuses from now on."""

    url: str
    refuse: Choose


@contextmanager
def run_proxy(target: str) -> Iterator[Proxy]:
    """A proxy in this process, on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if status := proxy.refuse(self.command, self.path, len(body)):
                # As nginx answers: a page, and no JSON.
                self.answer(status, b"<h1>refused</h1>", "text/html")
                return
            passed = HTTPConnection(urlsplit(target).netloc)
            headers = dict(self.headers) | {"Accept-Encoding": "identity"}
            passed.request(self.command, self.path, body, headers)
            answer = passed.getresponse()
            self.answer(answer.status, answer.read(), "application/json")
            passed.close()

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        proxy = Proxy(f"http://127.0.0.1:{server.server_port}", lambda *_: 0)
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield proxy
        server.shutdown()
        serving.join()
