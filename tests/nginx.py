"""Debian's nginx, started from the very file that operators copy; only ports and paths are the test's own."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import MissingServerError, find_free_port

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "docs/run/nginx.conf"
NAME = "archive.example"
SECONDS_TO_START = 20
FROM = "X-Test-From"
BY_HEADER = f"set_real_ip_from 127.0.0.1; real_ip_header {FROM};"
"""A test names the address that it asks from."""


@dataclass(frozen=True)
class Front:
    """A running nginx: where it listens with TLS and without, and its process."""

    secure_port: int
    plain_port: int
    process: subprocess.Popen[bytes]


def find_program(name: str, package: str) -> str:
    """Where a program is.

    Raises:
        MissingServerError: if it is not on this machine.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise MissingServerError(f"no {name} (on Debian: apt-get install {package})")
    return path


@contextmanager
def run_nginx(folder: Path, site_port: int) -> Iterator[Front]:
    """nginx before a site on this machine.

    Raises:
        MissingServerError: if nginx or openssl is not there, or nginx does not come up.
    """
    nginx = find_program("nginx", "nginx-light")
    make_certificate(folder)
    secure, plain = find_free_port(), find_free_port()
    file = folder / "nginx.conf"
    file.write_text(place(SHIPPED.read_text(), folder, site_port, secure, plain))
    log = folder / "error.log"
    process = subprocess.Popen(
        [nginx, "-c", file, "-e", log, "-g", "daemon off;"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(process, plain, log)
        yield Front(secure, plain, process)
    finally:
        process.terminate()
        process.wait()


def place(text: str, folder: Path, site_port: int, secure: int, plain: int) -> str:
    """The shipped file with the test's ports and paths, on loopback."""
    user = "root" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    exchanges = (
        (r"user www-data;", f"user {user};" if user else ""),
        (r"/run/nginx.pid", f"{folder}/nginx.pid"),
        (r"/var/log/nginx/error.log", f"{folder}/error.log"),
        (r"http \{", f"http {{ {temporary} {BY_HEADER}"),
        (r"listen \[::\].*", ""),
        (r"listen 80\b", f"listen 127.0.0.1:{plain}"),
        (r"listen 443\b", f"listen 127.0.0.1:{secure}"),
        (r"server 127.0.0.1:8000;", f"server 127.0.0.1:{site_port};"),
        (r"/etc/ssl/certs/archive.example.pem", f"{folder}/certificate.pem"),
        (r"/etc/ssl/private/archive.example.key", f"{folder}/key.pem"),
    )
    for old, new in exchanges:
        text, count = re.subn(old, new, text)
        assert count, f"{SHIPPED} has no {old} any more"
    return text


def make_certificate(folder: Path) -> None:
    """A certificate of the test's own for the example's name."""
    openssl = find_program("openssl", "openssl")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-x509"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    name = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-days", "1"]
    subprocess.run([openssl, "req", *kind, *files, *name], check=True, capture_output=True)


def wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Returns once somebody listens.

    Raises:
        MissingServerError: if it ends or stays silent; with its log.
    """
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise MissingServerError(f"nginx did not come up: {log.read_text()[-500:]}")


def connect(front: Front, folder: Path) -> ssl.SSLSocket:
    """A connection with TLS to the site's name."""
    context = ssl.create_default_context(cafile=folder / "certificate.pem")
    plain = socket.create_connection(("127.0.0.1", front.secure_port), timeout=30)
    return context.wrap_socket(plain, server_hostname=NAME)
