"""`paidforby serve`: the site and the API on this machine."""

from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from archive.terminal import note, plain_errors
from config.settings import Settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Serve the web site and the API; on this machine only unless --host says otherwise."""
    with plain_errors():
        app = create_app(Settings())
    note(f"site: http://{host}:{port}        API: http://{host}:{port}/api/v1/openapi.json")
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)
