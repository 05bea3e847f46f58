"""`paidforby serve`: the site and the API on this machine."""

import gc
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
    settings, served_at = Settings(), f"http://{host}:{port}"
    if "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": served_at})
    with plain_errors():
        app = create_app(settings)
    note(f"site: {served_at}        API: {served_at}/api/v1/openapi.json")
    if settings.public_url.rstrip("/") != served_at:
        note(f"citations and feeds name {settings.public_url} (PAIDFORBY_PUBLIC_URL)")
    # What is here now stays: a collection that looked through all of it took as long as a large answer.
    gc.freeze()
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)
    gc.unfreeze()
