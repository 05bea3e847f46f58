"""`paidforby serve`: the site and the API on this machine."""

import os
import resource
import signal
from ipaddress import ip_network
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from sqlalchemy import make_url
from uvicorn.supervisors import Multiprocess

from api.app import create_app
from api.hosts import LOOPBACK
from api.measuring import share_counts
from archive.listening import listen
from archive.terminal import WRONG_USAGE, note, note_error, plain_errors
from config.logs import start_log
from config.settings import Settings

SECONDS_TO_STOP = 4
"""What is under way by then is cut, so that a restart takes no longer than ten."""

SECONDS_TO_ANSWER = 120
"""A process that tells the others nothing for so long is replaced; on a busy machine one starts slowly."""

MOST_CONNECTIONS = 1_000
"""Of one process, kept alive ones too; whoever comes beyond that gets 503. A server in front has its own."""

MOST_FILES = 4 * MOST_CONNECTIONS
"""Of one process: connections that are not finished asking count too, and so do the archive's own files."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
    workers: Annotated[
        int, typer.Option(help="Processes; more than one on PostgreSQL.", min=1)
    ] = 1,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="Network of a server in front whose X-Forwarded-For counts; may be repeated."
        ),
    ] = None,
) -> None:
    """Serve the web site and the API; on this machine only unless --host says otherwise.

    Example: paidforby serve --host 0.0.0.0 --trusted-proxy 10.0.0.0/8
    """
    settings, served_at = Settings(), f"http://{host}:{port}"
    if "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": served_at})
    if workers > 1 and make_url(settings.resolved_database_url).get_backend_name() == "sqlite":
        note_error(
            "--workers: an archive on SQLite is served by one process; PostgreSQL takes more"
        )
        raise typer.Exit(WRONG_USAGE)
    proxies = check_networks(trusted_proxy or settings.trusted_proxies)
    settings = settings.model_copy(update={"trusted_proxies": proxies})
    with plain_errors():
        app = create_app(settings)
    listening = listen(host, port)
    raise_file_limit()
    _tell_place(settings, host, served_at)
    config = uvicorn.Config(
        make_app if workers > 1 else app,
        factory=workers > 1,
        workers=workers,
        # `api.request_log` logs what is answered, and `config.logs` writes it.
        log_config=None,
        access_log=False,
        log_level="warning",
        server_header=False,
        # `api.app` reads them.
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=SECONDS_TO_STOP,
        timeout_worker_healthcheck=SECONDS_TO_ANSWER,
    )
    if workers > 1:
        os.environ["PAIDFORBY_PUBLIC_URL"] = settings.public_url
        os.environ["PAIDFORBY_TRUSTED_PROXIES"] = ",".join(proxies)
        with share_counts():
            Multiprocess(config, [listening]).run()
    else:
        server = uvicorn.Server(config)
        # Uvicorn sends itself once more the signal that ended it; the log has its last lines to write.
        signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
        server.run([listening])


def _tell_place(settings: Settings, host: str, served_at: str) -> None:
    note(f"site: {served_at}        API: {served_at}/api/v1/openapi.json")
    if host not in LOOPBACK:
        note("others can reach this address: put nginx before it (docs/run/nginx.conf)")
    if settings.public_url.rstrip("/") != served_at:
        note(f"citations and feeds name {settings.public_url} (PAIDFORBY_PUBLIC_URL)")


def raise_file_limit() -> None:
    """Let this process open as many files as it may: each connection is one, and many systems begin low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def make_app() -> FastAPI:
    """The application of one of several processes, which have their settings from the environment."""
    settings = Settings()
    start_log(settings.log, "serve")
    return create_app(settings)


def check_networks(networks: list[str]) -> list[str]:
    """The networks as they were typed, each a network.

    Raises:
        typer.Exit: if one is none.
    """
    for network in networks:
        try:
            ip_network(network)
        except ValueError as error:
            note_error(
                f"--trusted-proxy: {error}; write an address or a network, such as 10.0.0.0/8"
            )
            raise typer.Exit(WRONG_USAGE) from None
    return networks
